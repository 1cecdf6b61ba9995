/** Reads a small checkpoint folder into the numbers that the equations take. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { E4M3_VALUES } from './number-formats.js';
import type { PublishedConfig } from './published-config.js';
import { BLOCK } from './quantize.js';
import { at, item, type Row } from './vectors.js';
import type { Checkpoint, StorageFormat, Tensor } from './weights.js';

const FORMATS: Readonly<Record<string, StorageFormat>> = { BF16: 'bf16', F32: 'f32', F8_E4M3: 'e4m3' };

export function readCheckpoint(folder: string): Checkpoint {
  const config = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8')) as PublishedConfig;
  const files = readdirSync(folder).filter((name) => /^model.*\.safetensors$/.test(name));
  const stored = new Map(files.flatMap((file) => [...readSafetensors(path.join(folder, file))]));
  const tensors = new Map<string, Tensor>();
  for (const [name, tensor] of stored) {
    if (name.endsWith('_scale_inv')) continue;
    const scales = stored.get(`${name}_scale_inv`)?.rows;
    const rows =
      scales === undefined
        ? tensor.rows
        : tensor.rows.map((row, r) => scaled(row, item(scales, Math.floor(r / BLOCK))));
    tensors.set(name, { ...tensor, rows });
  }
  return { config, tensors };
}

function scaled(row: Row, scales: Row): Row {
  return row.map((value, c) => value * at(scales, Math.floor(c / BLOCK)));
}

function readSafetensors(file: string): Map<string, Tensor> {
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const out = new Map<string, Tensor>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    const format = FORMATS[dtype];
    if (format === undefined) continue;
    const values = decode(bytes.subarray(start + data_offsets[0], start + data_offsets[1]), format);
    const columns = shape.at(-1) as number;
    const rows = Array.from({ length: values.length / columns }, (_, r) =>
      values.subarray(r * columns, (r + 1) * columns),
    );
    out.set(name, { shape, format, rows });
  }
  return out;
}

function decode(bytes: Buffer, format: StorageFormat): Row {
  if (format === 'e4m3') {
    return Float64Array.from(bytes, (code) => (code >= 128 ? -1 : 1) * at(E4M3_VALUES, code & 127));
  }
  if (format === 'f32') return Float64Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
  const wide = Buffer.alloc(4);
  return Float64Array.from({ length: bytes.length / 2 }, (_, i) => {
    wide.writeUInt16LE(bytes.readUInt16LE(2 * i), 2);
    return wide.readFloatLE(0);
  });
}
