/** Writes a safetensors file whose tensors arrive one chunk of rows at a time. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { EvalrunError } from '../errors.js';
import { DTYPE_BYTES, type StoredDType } from './checkpoint/safetensors-header.js';

export interface TensorPlan {
  readonly name: string;
  /** Default F32. */
  readonly dtype?: StoredDType;
  readonly shape: readonly number[];
}

export class SafetensorsWriter {
  private readonly file: string;
  private readonly descriptor: number;
  /** Tensor -> byte position of its next row, and where it ends. */
  private readonly cursors = new Map<string, { position: number; readonly end: number }>();

  /** Creates the file and writes its header. @throws EvalrunError run/unwritable */
  constructor(
    file: string,
    tensors: readonly TensorPlan[],
    metadata: Readonly<Record<string, string>> = { format: 'pt' },
  ) {
    // Without a prototype, so that any name is a key.
    const header = Object.create(null) as Record<string, object>;
    if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
    let offset = 0;
    for (const { name, shape, dtype = 'F32' } of tensors) {
      const bytes = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
      header[name] = { dtype, shape, data_offsets: [offset, offset + bytes] };
      this.cursors.set(name, { position: offset, end: offset + bytes });
      offset += bytes;
    }
    const json = JSON.stringify(header);
    const padded = Buffer.alloc(Math.ceil(Buffer.byteLength(json) / 8) * 8, ' ');
    padded.write(json);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(padded.length));
    for (const cursor of this.cursors.values()) {
      cursor.position += 8 + padded.length;
      (cursor as { end: number }).end += 8 + padded.length;
    }
    this.file = file;
    try {
      this.descriptor = openSync(file, 'w');
    } catch (cause) {
      throw unwritable(file, cause);
    }
    this.writeAt(Buffer.concat([length, padded]), 0);
  }

  /** Appends rows to a tensor, in its own dtype. */
  append(name: string, values: Float32Array | Uint16Array | Uint8Array): void {
    const cursor = this.cursors.get(name);
    if (cursor === undefined || cursor.position + values.byteLength > cursor.end) {
      throw new EvalrunError('internal/safetensors-writer', { what: `More rows than planned for tensor ${name}` });
    }
    this.writeAt(Buffer.from(values.buffer, values.byteOffset, values.byteLength), cursor.position);
    cursor.position += values.byteLength;
  }

  /** Closes a file that will not be finished. */
  abandon(): void {
    closeSync(this.descriptor);
  }

  close(): void {
    closeSync(this.descriptor);
    for (const [name, { position, end }] of this.cursors) {
      if (position !== end)
        throw new EvalrunError('internal/safetensors-writer', { what: `Tensor ${name} is incomplete` });
    }
  }

  private writeAt(bytes: Buffer, position: number): void {
    let written = 0;
    try {
      while (written < bytes.length)
        written += writeSync(this.descriptor, bytes, written, bytes.length - written, position + written);
    } catch (cause) {
      throw unwritable(this.file, cause);
    }
  }
}

function unwritable(file: string, cause: unknown): EvalrunError {
  return new EvalrunError('run/unwritable', {
    what: `${file} cannot be written`,
    found: cause instanceof Error ? cause.message : String(cause),
    todo: 'choose another place, or free space on that disk',
    cause,
  });
}
