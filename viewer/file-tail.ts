/** The lines that a growing file has grown by; begins again when the file is cut or replaced. */
import type { FileHandle } from 'node:fs/promises';
import { openForeign } from '../runner/foreign-file.js';

export interface TailReader {
  /** A whole line, without its line break. */
  onLine(line: string): void;
  /** What was read before is no longer what the file holds; its lines follow again. */
  onRestart(): void;
}

const chunkBytes = 1 << 20;
const seenBytes = 64;
/** A line that is longer is passed over: no answer of a model is. */
const maxLineBytes = 64 * 1024 * 1024;

/** Follows one file. Memory does not grow with it. */
export class FileTail {
  private offset = 0;
  private inode = -1n;
  /** The beginning of a line whose end is not written yet. */
  private rest: Buffer[] = [];
  private restBytes = 0;
  /** The last bytes that were read: a resumed run cuts a torn line off and writes on, which size alone does not tell. */
  private seen = Buffer.alloc(0);

  constructor(private readonly file: string) {}

  /** Reads what is new; false when there is no such regular file. */
  async read(reader: TailReader): Promise<boolean> {
    const handle = await openForeign(this.file);
    if (handle === undefined) return false;
    try {
      const { ino, size } = await handle.stat({ bigint: true });
      if (ino !== this.inode || size < this.offset || !(await this.isUnchanged(handle))) this.restart(ino, reader);
      const chunk = Buffer.allocUnsafe(chunkBytes);
      while (this.offset < size) {
        const { bytesRead } = await handle.read(chunk, 0, chunkBytes, this.offset);
        if (bytesRead === 0) break;
        this.offset += bytesRead;
        this.seen = Buffer.concat(
          [this.seen, chunk.subarray(0, bytesRead)].map((part) => part.subarray(-seenBytes)),
        ).subarray(-seenBytes);
        this.take(chunk.subarray(0, bytesRead), reader);
      }
      return true;
    } finally {
      await handle.close();
    }
  }

  private async isUnchanged(handle: FileHandle): Promise<boolean> {
    const again = Buffer.alloc(this.seen.length);
    await handle.read(again, 0, again.length, this.offset - again.length);
    return again.equals(this.seen);
  }

  private restart(inode: bigint, reader: TailReader): void {
    const isFirst = this.inode === -1n;
    [this.offset, this.inode, this.rest, this.restBytes, this.seen] = [0, inode, [], 0, Buffer.alloc(0)];
    if (!isFirst) reader.onRestart();
  }

  private take(chunk: Buffer, { onLine }: TailReader): void {
    let at = 0;
    for (let end = chunk.indexOf(10, at); end >= 0; end = chunk.indexOf(10, at)) {
      const piece = chunk.subarray(at, end);
      if (this.restBytes + piece.length <= maxLineBytes) onLine(Buffer.concat([...this.rest, piece]).toString('utf8'));
      [this.rest, this.restBytes, at] = [[], 0, end + 1];
    }
    this.restBytes += chunk.length - at;
    // A copy: the chunk is read into again.
    if (this.restBytes <= maxLineBytes) this.rest.push(Buffer.from(chunk.subarray(at)));
    else this.rest = [];
  }
}
