/** The scripts of a page as one text: compiled modules of browser/ joined in the order in which they need each other. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EvalrunError } from '../errors.js';

const folder = fileURLToPath(new URL('./browser/', import.meta.url));
const importLine = /^import\s(?:[\w\s{},]*?\sfrom\s)?'\.\/([\w-]+\.js)';\n?/gm;

/**
 * Joins the modules that `entries` name (`page.js`) and those they import, each once. They share one scope, so that their
 * top-level names must differ; they import each other by name, without renaming. Throws `internal/script` otherwise.
 */
export function joinModules(
  entries: readonly string[],
  read = (file: string) => readFileSync(path.join(folder, file), 'utf8'),
): string {
  const parts: string[] = [];
  const seen = new Set<string>();
  const names = new Map<string, string>();
  const add = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    const source = read(file);
    for (const [, needed = ''] of source.matchAll(importLine)) add(needed);
    const code = source
      .replace(importLine, '')
      .replace(/^export \{\};\n?/gm, '')
      .replace(/^export (?=(?:const|let|function|async function|class)\b)/gm, '');
    if (/^(?:import|export)\b/m.test(code)) throw unjoinable(`${file} has an import or export that cannot be joined`);
    for (const [, name = ''] of code.matchAll(/^(?:const|let|function|async function|class)\s+(\w+)/gm)) {
      const other = names.get(name);
      if (other !== undefined) throw unjoinable(`${other} and ${file} both define ${name}`);
      names.set(name, file);
    }
    parts.push(code.trim());
  };
  for (const entry of entries) add(entry);
  return `(() => {\n'use strict';\n${parts.join('\n')}\n})();`;
}

/** Chart.js as a script that defines `Chart`. */
export function chartLibrary(): string {
  const main = createRequire(import.meta.url).resolve('chart.js');
  const source = readFileSync(path.join(path.dirname(main), 'chart.umd.min.js'), 'utf8');
  return source.replace(/^\/\/# sourceMappingURL=.*$/m, '').trim();
}

function unjoinable(what: string): EvalrunError {
  return new EvalrunError('internal/script', { what });
}
