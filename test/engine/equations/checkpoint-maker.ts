/** Makes seeded random checkpoints in the published layout: the same numbers in memory and in a folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bf16Bits, f16Bits, roundToBf16, roundToF16 } from './number-formats.js';
import type { PublishedConfig } from './published-config.js';
import { quantizeBlocks } from './quantize.js';
import { type NamedRows, randomWeights, type Spread, USUAL_SPREAD } from './random-weights.js';
import { type StoredTensor, writeSafetensors } from './safetensors-file.js';
import { concat, type Row } from './vectors.js';
import type { Checkpoint, Tensor } from './weights.js';

export interface CheckpointSpec {
  readonly name: string;
  readonly seed: number;
  readonly config: PublishedConfig;
  /** Of every tensor that has no format of its own; fp8 stores Linears in 128x128 blocks and the rest in bf16. */
  readonly storage: 'bf16' | 'f16' | 'f32' | 'fp8';
  readonly shards?: number;
  readonly spread?: Partial<Spread>;
  /** Last changes to the weights before they are rounded into their storage. */
  readonly adjust?: (weights: NamedRows) => void;
}

/** Names holding one of these are not quantised in a published FP8 checkpoint. */
const NEVER_FP8 = [
  'embed_tokens',
  'lm_head',
  'norm',
  'mlp.gate.weight',
  'e_score_correction_bias',
  'eh_proj',
  'shared_head',
];

/** Writes the checkpoint into `folder`/name and returns it as the equations take it. */
export function makeCheckpoint(spec: CheckpointSpec, folder: string): Checkpoint & { readonly folder: string } {
  const weights = randomWeights(spec.config, spec.seed, { ...USUAL_SPREAD, ...spec.spread });
  spec.adjust?.(weights);
  const tensors = new Map<string, Tensor>();
  const stored = new Map<string, StoredTensor>();
  for (const [name, { shape, rows }] of weights) {
    if (spec.storage === 'fp8' && shape.length === 2 && !NEVER_FP8.some((part) => name.includes(part))) {
      const { values, codes, scales } = quantizeBlocks(rows.map((row) => row.map(roundToBf16)));
      tensors.set(name, { shape, format: 'e4m3', rows: values });
      stored.set(name, { dtype: 'F8_E4M3', shape, bytes: codes });
      const scaleShape = [scales.length, scales[0]?.length ?? 0];
      stored.set(`${name}_scale_inv`, { dtype: 'F32', shape: scaleShape, bytes: f32Bytes(scales) });
      continue;
    }
    const usual = spec.storage === 'fp8' ? 'bf16' : spec.storage;
    const format = name.endsWith('e_score_correction_bias') ? 'f32' : usual;
    const { round, encode, dtype } = FORMATS[format];
    const rounded = rows.map((row) => row.map(round));
    tensors.set(name, { shape, format, rows: rounded });
    stored.set(name, { dtype, shape, bytes: encode(rounded) });
  }
  const target = path.join(folder, spec.name);
  mkdirSync(target, { recursive: true });
  const fp8 = { quant_method: 'fp8', fmt: 'e4m3', activation_scheme: 'dynamic', weight_block_size: [128, 128] };
  const config = spec.storage === 'fp8' ? { ...spec.config, quantization_config: fp8 } : spec.config;
  writeFileSync(path.join(target, 'config.json'), JSON.stringify(config, null, 2));
  writeSafetensors(target, stored, spec.shards ?? 1);
  return { config: spec.config, tensors, folder: target };
}

interface Format {
  readonly dtype: StoredTensor['dtype'];
  readonly round: (x: number) => number;
  readonly encode: (rows: readonly Row[]) => Uint8Array;
}

const FORMATS: Readonly<Record<'bf16' | 'f16' | 'f32', Format>> = {
  bf16: { dtype: 'BF16', round: roundToBf16, encode: (rows) => halfBytes(rows, bf16Bits) },
  f16: { dtype: 'F16', round: roundToF16, encode: (rows) => halfBytes(rows, f16Bits) },
  f32: { dtype: 'F32', round: Math.fround, encode: f32Bytes },
};

function halfBytes(rows: readonly Row[], bits: (x: number) => number): Uint8Array {
  return new Uint8Array(Uint16Array.from(concat(...rows), bits).buffer);
}

function f32Bytes(rows: readonly Row[]): Uint8Array {
  return new Uint8Array(Float32Array.from(concat(...rows)).buffer);
}
