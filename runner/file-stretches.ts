/** Copies parts of a file in another order, in memory for one portion. */
import { type FileHandle, open } from 'node:fs/promises';

/** Bytes of a file. */
export interface Stretch {
  readonly start: number;
  /** Behind the last one. */
  readonly end: number;
}

/** Read and written at once, where one stretch is not longer. */
const portionBytes = 2 ** 18;

/**
 * The bytes of the stretches one after the other; neighbours in the file that are neighbours here are read together. A part is over
 * when the next one is asked for.
 */
export async function* copyStretches(file: string, stretches: Iterable<Stretch>): AsyncGenerator<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    let portion = Buffer.allocUnsafeSlow(portionBytes);
    let used = 0;
    for (const { start, end } of joined(stretches)) {
      const length = end - start;
      if (used + length > portion.length) {
        yield portion.subarray(0, used);
        used = 0;
        if (length > portion.length) portion = Buffer.allocUnsafeSlow(length);
      }
      await readInto(portion.subarray(used, used + length), { handle, start, file });
      used += length;
    }
    yield portion.subarray(0, used);
  } finally {
    await handle.close();
  }
}

async function readInto(
  part: Buffer,
  { handle, start, file }: { readonly handle: FileHandle; readonly start: number; readonly file: string },
): Promise<void> {
  for (let read = 0; read < part.length; ) {
    const { bytesRead } = await handle.read(part, read, part.length - read, start + read);
    if (bytesRead === 0) throw new Error(`${file} became shorter while it was read`);
    read += bytesRead;
  }
}

function* joined(stretches: Iterable<Stretch>): Generator<Stretch> {
  let open: Stretch | undefined;
  for (const { start, end } of stretches) {
    if (open !== undefined && start === open.end && end - open.start <= portionBytes) open = { start: open.start, end };
    else {
      if (open !== undefined) yield open;
      open = { start, end };
    }
  }
  if (open !== undefined) yield open;
}
