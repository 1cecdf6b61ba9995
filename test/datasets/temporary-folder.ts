/** A folder for one test file, removed afterwards. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from '@jest/globals';

/** A function that makes a new empty folder. */
export function temporaryFolders(): () => string {
  const root = mkdtempSync(path.join(os.tmpdir(), 'evalrun-datasets-'));
  let count = 0;
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return () => {
    count += 1;
    const folder = path.join(root, String(count));
    mkdirSync(folder);
    return folder;
  };
}

/** Writes files, given by their paths below `folder`. */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}
