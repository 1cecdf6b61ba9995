import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { packageRoot } from '../package-root.js';

/** Folder -> what it may import besides itself and the files that everybody may: data flows one way. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  datasets: [],
  engine: [],
  suites: ['datasets'],
  // Models are downloaded as datasets are.
  models: ['engine', 'datasets'],
  runner: ['engine', 'suites', 'datasets'],
  // An endpoint over a running engine; it knows no benchmarks.
  serve: ['engine'],
  // Summaries of runs, not runs.
  reports: [
    'runner/run-summary.ts',
    'runner/report-data.ts',
    'runner/compare/comparison.ts',
    'runner/gate/gate-result.ts',
    'runner/history/history-data.ts',
    'engine/benchmark/benchmark-result.ts',
    'engine/benchmark/spread.ts',
  ],
  // A server over run folders: shows what reports render.
  viewer: ['runner', 'reports'],
  cli: ['datasets', 'engine', 'suites', 'models', 'runner', 'reports', 'serve', 'viewer'],
  bench: ['datasets', 'engine', 'suites', 'models', 'runner', 'serve', 'reports'],
  'index.ts': ['datasets', 'engine', 'suites', 'models', 'runner', 'reports', 'serve', 'viewer'],
};

const forEverybody = ['errors.ts', 'package-root.ts', 'process-life.ts', 'sha256.ts'];

interface Import {
  readonly from: string;
  readonly to: string;
  /** Gone after compilation: cannot make a cycle at run time. */
  readonly typeOnly: boolean;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(path.join(packageRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(file);
    return file.endsWith('.ts') ? [file] : [];
  });
}

/** Static, dynamic and re-exporting imports of files of this project, as paths below its root. */
function importsOf(file: string, text: string): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const statement = /(?:^|\s)(?:import|export)\s+(type\s)?(?:[\w*\s{},$]*?\sfrom\s+)?['"](\.[^'"]+)['"]/g;
  const dynamic = /\bimport\(\s*['"](\.[^'"]+)['"]/g;
  const target = (specifier: string) => path.posix.join(path.posix.dirname(file), specifier).replace(/\.js$/, '.ts');
  return [
    ...[...code.matchAll(statement)].map(([, type, to = '']) => ({
      from: file,
      to: target(to),
      typeOnly: type !== undefined,
    })),
    // A dynamic import loads later, when both files are there.
    ...[...code.matchAll(dynamic)].map(([, to = '']) => ({ from: file, to: target(to), typeOnly: true })),
  ];
}

const folderOf = (file: string) => file.split('/')[0] ?? file;

function isAllowed({ from, to }: Import): boolean {
  if (forEverybody.includes(to)) return true;
  if (forEverybody.includes(from)) return false;
  const folder = folderOf(from);
  if (folder === 'test' || folder === folderOf(to)) return true;
  return (mayImport[folder] ?? []).some((allowed) => to === allowed || to.startsWith(`${allowed}/`));
}

/** A chain of files that import each other in a circle, if there is one. */
function findCycle(imports: readonly Import[]): string[] | undefined {
  const targets = new Map<string, string[]>();
  for (const { from, to, typeOnly } of imports) if (!typeOnly) targets.set(from, [...(targets.get(from) ?? []), to]);
  const finished = new Set<string>();
  const visit = (file: string, chain: readonly string[]): string[] | undefined => {
    if (chain.includes(file)) return [...chain.slice(chain.indexOf(file)), file];
    if (finished.has(file)) return undefined;
    for (const to of targets.get(file) ?? []) {
      const cycle = visit(to, [...chain, file]);
      if (cycle !== undefined) return cycle;
    }
    finished.add(file);
    return undefined;
  };
  for (const file of targets.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

const folders = readdirSync(packageRoot, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && (entry.name in mayImport || entry.name === 'test'))
  .map((entry) => entry.name);
/** This file is left out: its examples are imports that nobody makes. */
const files = [...folders.flatMap(sourceFiles), 'index.ts', ...forEverybody].filter(
  (file) => file !== 'test/architecture.test.ts',
);
const imports = files.flatMap((file) => importsOf(file, readFileSync(path.join(packageRoot, file), 'utf8')));

describe('the folders of the project', () => {
  test('import each other in one direction only', () => {
    expect(imports.length).toBeGreaterThan(100);
    expect(imports.filter((found) => !isAllowed(found)).map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  test('have no file that imports itself through others', () => {
    expect(findCycle(imports)).toBeUndefined();
  });

  test('import only files that exist', () => {
    const missing = imports.filter(({ to }) => !files.includes(to) && !to.endsWith('.json'));
    expect(missing.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });
});

describe('the check itself', () => {
  const cases: [name: string, file: string, text: string, allowed: boolean][] = [
    ['the engine imports the runner', 'engine/a.ts', "import { x } from '../runner/run-suite.js';", false],
    ['a type of a suite in the engine', 'engine/a.ts', "import type { S } from '../suites/suite.js';", false],
    ['a nested folder reaches up', 'engine/x/a.ts', "const m = await import('../../cli/main.js');", false],
    ['suites read datasets', 'suites/a.ts', "import {\n  a,\n  b,\n} from '../datasets/b.js';", true],
    ['datasets read suites', 'datasets/a.ts', "export { a } from '../suites/b.js';", false],
    ['reports read summaries', 'reports/a.ts', "import type { R } from '../runner/run-summary.js';", true],
    ['reports read runs', 'reports/a.ts', "import { r } from '../runner/run-suite.js';", false],
    ['errors are for everybody', 'datasets/a.ts', "import { EvalrunError } from '../errors.js';", true],
    ['errors import nobody', 'errors.ts', "import { x } from './engine/x.js';", false],
    ['the command line reads anything', 'cli/a.ts', "export * from '../runner/x.js';", true],
    ['nobody reads the command line', 'runner/a.ts', "import '../cli/main.js';", false],
    ['nobody reads tests', 'runner/a.ts', "import { f } from '../test/runner/fake-engine.js';", false],
  ];
  test.each(cases)('%s', (_, file, text, allowed) => {
    const [found, ...others] = importsOf(file, text);
    expect(others).toEqual([]);
    expect(found && isAllowed(found)).toBe(allowed);
  });

  test('finds a circle', () => {
    const edge = (from: string, to: string) => ({ from, to, typeOnly: false });
    expect(findCycle([edge('a', 'b'), edge('b', 'c'), edge('c', 'b')])).toEqual(['b', 'c', 'b']);
    expect(findCycle([edge('a', 'b'), edge('b', 'c'), edge('a', 'c')])).toBeUndefined();
  });
});
