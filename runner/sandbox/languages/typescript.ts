/** TypeScript: types are erased, not checked, and the result is run as JavaScript. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { findProgram, mountFile, mountFolders, outputOf, uniqueMounts } from './installed-files.js';
import { findNode, nodeCandidate, nodeJudge } from './javascript.js';
import type { Language, Mount } from './language.js';

/** What turns TypeScript into JavaScript: a shell command for the file named `name`.ts, and what it needs. */
interface Eraser {
  readonly version: string;
  readonly mounts: readonly Mount[];
  readonly links?: Readonly<Record<string, string>>;
  readonly command: (name: string) => string;
}

/** CommonJS, as the published tests ask for with `require`; errors of types do not keep a file from being written. */
const options = '--noCheck --noLib --target es2022 --module commonjs';

/**
 * tsc on PATH, else the typescript package beside evalrun, else a node that strips types itself (22.6 or newer). A tsc that
 * says nothing but reports an error of syntax has still written the file, so that node is the one who refuses it.
 */
async function findEraser(node: string): Promise<Eraser | undefined> {
  const onPath = findProgram('tsc');
  const compiler = onPath === undefined ? bundledCompiler() : (nativeCompiler(mountFile(onPath).from) ?? onPath);
  const version = compiler === undefined ? undefined : await outputOf(compiler, ['--version']);
  if (compiler !== undefined && version !== undefined) {
    const real = mountFile(compiler).from;
    const isNative = path.basename(path.dirname(real)) === 'lib';
    // A package of JavaScript needs its folder beside it; the native one needs its own.
    const folder = isNative ? path.dirname(real) : path.dirname(path.dirname(real));
    const run = isNative ? real : `${node} ${real}`;
    return {
      version: `tsc ${version.replace(/^Version /, '').trim()}`,
      mounts: mountFolders([folder]),
      // The native one looks up its own path there, and there is no /proc in the sandbox.
      ...(isNative && { links: { '/proc/self/exe': real } }),
      command: (name) => `{ ${run} ${options} ${name}.ts >/dev/null || test -s ${name}.js; }`,
    };
  }
  const strips = await outputOf(node, ['-p', 'typeof require("node:module").stripTypeScriptTypes']);
  if (strips?.includes('function') !== true) return undefined;
  const script =
    'const fs=require("node:fs");const [,n]=process.argv;' +
    'fs.writeFileSync(n+".js",require("node:module").stripTypeScriptTypes(fs.readFileSync(n+".ts","utf8"),{mode:"transform"}))';
  return {
    version: 'types stripped by node',
    mounts: [],
    command: (name) => `${node} --no-warnings -e '${script}' ${name}`,
  };
}

/** The typescript package that evalrun itself is built with; absent where only evalrun is installed. */
function bundledCompiler(): string | undefined {
  try {
    return nativeCompiler(createRequire(import.meta.url).resolve('typescript/package.json'));
  } catch {
    return undefined;
  }
}

/** What TypeScript 7 starts: its package is a wrapper around a program for this platform. `file` is one of the package's. */
function nativeCompiler(file: string): string | undefined {
  try {
    const platform = `@typescript/typescript-${process.platform}-${process.arch}/package.json`;
    return path.join(path.dirname(createRequire(file).resolve(platform)), 'lib', 'tsc');
  } catch {
    return undefined;
  }
}

export const typescript: Language = {
  name: 'ts',
  title: 'TypeScript',
  install: 'install TypeScript (npm install --global typescript), or Node.js 22.6 or newer',
  find: async () => {
    const found = await findNode();
    if (found === undefined) return 'node is not on PATH';
    const { node, ...rest } = found;
    const eraser = await findEraser(node);
    if (eraser === undefined) return 'tsc is not on PATH, and this node does not strip types';
    return {
      language: 'ts',
      version: `${eraser.version}, ${rest.version}`,
      mounts: uniqueMounts([...rest.mounts, ...eraser.mounts]),
      ...(eraser.links && { links: eraser.links }),
      environment: rest.environment,
      startMs: 20_000,
      limitsAddressSpace: false,
      candidate: ({ program, entryPoint }) => ({
        ...nodeCandidate(node, { 'solution.ts': program }, { file: 'solution.js', entryPoint }),
        compile: eraser.command('solution'),
      }),
      judge: ({ test, entryPoint }, nonce) => ({
        ...nodeJudge(node, { 'test.ts': test }, { file: 'test.js', entryPoint, nonce }),
        compile: eraser.command('test'),
      }),
    };
  },
  proof: {
    prelude: 'function add(x: number, y: number): number {\n',
    program: 'enum Zero { At }\nfunction add(x: number, y: number): number {\n  return x + y + Zero.At;\n}\n',
    test: "declare var require: any;\nconst assert = require('node:assert');\nassert.deepEqual(add(1, 2), 3);\n",
    entryPoint: 'add',
  },
};
