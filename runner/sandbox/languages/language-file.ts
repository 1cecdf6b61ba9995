/** The files in other languages that evalrun ships for its two processes, as text. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../../package-root.js';

const folder = path.join(packageRoot, 'runner', 'sandbox', 'languages');

/** @example languageFile('cpp/channel.hpp') */
export function languageFile(name: string): string {
  return readFileSync(path.join(folder, name), 'utf8');
}
