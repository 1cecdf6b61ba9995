/** Writes tensors as safetensors files, in one piece or sharded with an index. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

export interface StoredTensor {
  readonly dtype: 'BF16' | 'F16' | 'F32' | 'F8_E4M3';
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Writes model.safetensors, or with `shards` above 1 model-0000I-of-0000N.safetensors and their index. */
export function writeSafetensors(folder: string, tensors: ReadonlyMap<string, StoredTensor>, shards: number): void {
  const entries = [...tensors];
  if (shards === 1) {
    writeFileSync(path.join(folder, 'model.safetensors'), fileBytes(entries));
    return;
  }
  const each = Math.ceil(entries.length / shards);
  const weightMap: Record<string, string> = {};
  for (let i = 0; i < shards; ++i) {
    const number = (n: number) => String(n).padStart(5, '0');
    const file = `model-${number(i + 1)}-of-${number(shards)}.safetensors`;
    const part = entries.slice(i * each, (i + 1) * each);
    writeFileSync(path.join(folder, file), fileBytes(part));
    for (const [name] of part) weightMap[name] = file;
  }
  const total = entries.reduce((sum, [, { bytes }]) => sum + bytes.length, 0);
  const index = { metadata: { total_size: total }, weight_map: weightMap };
  writeFileSync(path.join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
}

/** Wide types first, as the format's own library writes them, so that everything is aligned. */
function fileBytes(entries: readonly (readonly [string, StoredTensor])[]): Uint8Array {
  const rank = { F32: 0, F16: 1, BF16: 1, F8_E4M3: 2 };
  const sorted = [...entries].sort(([, a], [, b]) => rank[a.dtype] - rank[b.dtype]);
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let offset = 0;
  for (const [name, { dtype, shape, bytes }] of sorted) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
  }
  let text = JSON.stringify(header);
  text += ' '.repeat((8 - (text.length % 8)) % 8);
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(text.length), true);
  return Buffer.concat([new Uint8Array(length.buffer), Buffer.from(text), ...sorted.map(([, { bytes }]) => bytes)]);
}
