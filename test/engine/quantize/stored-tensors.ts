/** The tensors of a checkpoint folder as they are stored, for comparisons byte for byte. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readWeightFiles } from '../../../engine/checkpoint/weight-files.js';

export interface StoredBytes {
  /** Name of the file. */
  readonly file: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Buffer;
}

export function storedTensors(folder: string): Map<string, StoredBytes> {
  const { headers, tensors } = readWeightFiles(folder);
  const files = headers.map(({ path: file }) => readFileSync(file));
  return new Map(
    [...tensors].map(([name, { dtype, shape, file, offset, bytes }]) => [
      name,
      {
        file: path.basename(headers[file]?.path as string),
        dtype,
        shape,
        bytes: (files[file] as Buffer).subarray(offset, offset + bytes),
      },
    ]),
  );
}

/** A copy, since a file's bytes lie at any place. */
export function floatsOf({ bytes }: StoredBytes): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
