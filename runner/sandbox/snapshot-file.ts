/** A started interpreter's memory as a file without a name, written once and then read by every process that starts from it. */
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export class SnapshotFile {
  /** For the process that makes it. */
  readonly writable: number;
  /** For those that start from it; they read at positions, because all of them share it. */
  readonly readable: number;

  constructor() {
    const folder = mkdtempSync(path.join(os.tmpdir(), `evalrun-snapshot-${process.pid}-`));
    try {
      const file = path.join(folder, 'snapshot');
      this.writable = openSync(file, 'wx', 0o600);
      this.readable = openSync(file, 'r');
    } finally {
      // The open file lives on: nothing is left behind, however this process ends.
      rmSync(folder, { recursive: true });
    }
  }

  /** After it was written: from now on nobody can change it. */
  seal(): void {
    closeSync(this.writable);
  }

  /** For one that was sealed. */
  close(): void {
    closeSync(this.readable);
  }
}
