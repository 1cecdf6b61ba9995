/** The Python files that evalrun ships, as the text that an interpreter gets on its command line. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../package-root.js';

const folder = path.join(packageRoot, 'runner', 'sandbox', 'python');

export function pythonFile(name: string): string {
  return readFileSync(path.join(folder, name), 'utf8');
}

/** One program of several files: they share their names, so that nothing has to be imported inside the sandbox. */
export function pythonProgram(...names: readonly string[]): string {
  return names.map(pythonFile).join('\n\n');
}
