/** Frames on the channel of a process in the sandbox: length (u32, big endian), kind (one byte), payload. */

export interface Frame {
  readonly kind: string;
  readonly payload: Buffer;
}

export function encodeFrame(kind: string, payload: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length + 1);
  head.write(kind, 4);
  return Buffer.concat([head, payload]);
}

/** Collects bytes as they come and gives whole frames; holds at most one frame of `maxBytes`. */
export class FrameReader {
  private parts: Buffer[] = [];
  private held = 0;

  constructor(private readonly maxBytes: number) {}

  /** Whole frames so far; `tooLarge` when one is announced that is larger than allowed, or empty. */
  push(bytes: Buffer): { readonly frames: readonly Frame[]; readonly tooLarge: boolean } {
    this.parts.push(bytes);
    this.held += bytes.length;
    const frames: Frame[] = [];
    for (;;) {
      const size = this.announced();
      if (size === undefined) return { frames, tooLarge: false };
      if (size === 0 || size > this.maxBytes + 1) return { frames, tooLarge: true };
      if (this.held < 4 + size) return { frames, tooLarge: false };
      const all = this.join();
      frames.push({ kind: all.toString('latin1', 4, 5), payload: all.subarray(5, 4 + size) });
      this.parts = all.length > 4 + size ? [all.subarray(4 + size)] : [];
      this.held -= 4 + size;
    }
  }

  private announced(): number | undefined {
    if (this.held < 4) return undefined;
    const first = this.parts[0];
    return (first !== undefined && first.length >= 4 ? first : this.join()).readUInt32BE(0);
  }

  private join(): Buffer {
    const all = this.parts.length === 1 && this.parts[0] !== undefined ? this.parts[0] : Buffer.concat(this.parts);
    this.parts = [all];
    return all;
  }
}
