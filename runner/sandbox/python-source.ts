/** The Python files that evalrun ships, as the text that an interpreter gets on its command line. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../package-root.js';
import type { Sandbox } from './sandbox.js';

const folder = path.join(packageRoot, 'runner', 'sandbox', 'python');

const texts = new Map<string, string>();

export function pythonFile(name: string): string {
  const text = texts.get(name) ?? readFileSync(path.join(folder, name), 'utf8');
  texts.set(name, text);
  return text;
}

/** One program of several files: they share their names, so that nothing has to be imported inside the sandbox. */
export function pythonProgram(...names: readonly string[]): string {
  return names.map(pythonFile).join('\n\n');
}

/** The same for a rung: inside Pyodide a program first leaves JavaScript. */
export function programOf(
  { pyodide }: Pick<Sandbox, 'pyodide'>,
  part: 'candidate.py' | 'judge.py' | 'probe.py',
): string {
  const parts = ['codec.py', 'confine.py', part];
  return pyodide === undefined ? pythonProgram(...parts) : pythonProgram('leave-javascript.py', ...parts);
}
