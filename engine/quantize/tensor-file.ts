/** Reads pieces of a weight file by position. */
import { closeSync, openSync, readSync } from 'node:fs';
import { EvalrunError } from '../../errors.js';

export class TensorFile {
  private readonly file: string;
  private readonly descriptor: number;

  /** @throws EvalrunError checkpoint/unreadable */
  constructor(file: string) {
    this.file = file;
    try {
      this.descriptor = openSync(file, 'r');
    } catch (cause) {
      throw unreadable(file, cause);
    }
  }

  /** Fills `buffer` from `position` on. */
  read(position: number, buffer: Uint8Array): void {
    for (let filled = 0; filled < buffer.length; ) {
      let read: number;
      try {
        read = readSync(this.descriptor, buffer, filled, buffer.length - filled, position + filled);
      } catch (cause) {
        throw unreadable(this.file, cause);
      }
      if (read === 0) {
        throw new EvalrunError('checkpoint/truncated', { what: `${this.file} became shorter while it was read` });
      }
      filled += read;
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

function unreadable(file: string, cause: unknown): EvalrunError {
  return new EvalrunError('checkpoint/unreadable', {
    what: `${file} cannot be read`,
    found: cause instanceof Error ? cause.message : String(cause),
    cause,
  });
}
