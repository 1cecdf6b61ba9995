/** The system-call filter as a file without a name, from which each bubblewrap reads it anew. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { seccompFilter } from './seccomp.js';

export class FilterFile {
  private readonly fd: number;

  constructor(options: { readonly processes: boolean }) {
    const folder = mkdtempSync(path.join(os.tmpdir(), `evalrun-filter-${process.pid}-`));
    try {
      const file = path.join(folder, 'filter');
      writeFileSync(file, seccompFilter(options), { mode: 0o600 });
      this.fd = openSync(file, 'r');
    } finally {
      // The open file lives on: nothing is left behind, however this process ends.
      rmSync(folder, { recursive: true });
    }
  }

  /** A descriptor of its own, at the start of the bytes; the caller closes it. */
  open(): number {
    return openSync(`/proc/self/fd/${this.fd}`, 'r');
  }

  close(): void {
    closeSync(this.fd);
  }
}
