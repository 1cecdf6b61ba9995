/** Writes safetensors files and checkpoint folders for tests, sound or broken on purpose. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expectedTensors } from '../../../engine/architectures/expected-tensors.js';
import type { RawConfig } from '../../../engine/architectures/family.js';
import { archSpecOf } from '../../../engine/architectures/registry.js';

export interface TensorToWrite {
  readonly dtype: string;
  readonly shape: readonly number[];
}

const ELEMENT_BYTES: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2, F8_E4M3: 1, I32: 4 };

export function temporaryFolder(): string {
  return mkdtempSync(path.join(tmpdir(), 'evalrun-checkpoint-'));
}

/** A file's bytes: the header's length, the header as given, `dataBytes` zeros. */
export function fileBytes(header: string | Uint8Array, dataBytes: number): Buffer {
  const text = Buffer.from(header as string);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)]);
}

/** A sound file of zeros. */
export function soundFile(tensors: Readonly<Record<string, TensorToWrite>>): Buffer {
  let end = 0;
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  for (const [name, { dtype, shape }] of Object.entries(tensors)) {
    const begin = end;
    end += shape.reduce((product, size) => product * size, ELEMENT_BYTES[dtype] ?? 0);
    header[name] = { dtype, shape, data_offsets: [begin, end] };
  }
  return fileBytes(JSON.stringify(header), end);
}

/** All tensors that `config` asks for, in BF16. */
export function tensorsOf(config: RawConfig): Record<string, TensorToWrite> {
  return Object.fromEntries(
    expectedTensors(archSpecOf(config)).map(({ name, shape }) => [name, { dtype: 'BF16', shape }]),
  );
}

/** A new folder with `files`: text, bytes, or an object written as JSON. */
export function folderOf(files: Readonly<Record<string, string | Uint8Array | object>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    const plain = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(path.join(folder, name), plain ? content : JSON.stringify(content));
  }
  return folder;
}

/** A checkpoint folder with one file. */
export function checkpointOf(
  config: RawConfig,
  tensors: Readonly<Record<string, TensorToWrite>> = tensorsOf(config),
): string {
  return folderOf({ 'config.json': config, 'model.safetensors': soundFile(tensors) });
}
