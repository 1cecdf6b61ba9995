/** Plans of published shapes with random weights, for measurements of speed: no checkpoint is needed, nothing is downloaded. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type ExpectedTensor, expectedTensors } from '../../engine/architectures/expected-tensors.js';
import type { RawConfig } from '../../engine/architectures/family.js';
import { archSpecOf } from '../../engine/architectures/registry.js';
import { syntheticShape } from '../../engine/benchmark/shapes.js';
import type { DType } from '../../engine/engine.js';
import { type PlanFile, type PlanTensor, planText } from './plan-text.js';

type StoredDType = 'bf16' | 'fp8';

/** DeepSeek's FP8 scales: one for each square block of this side. */
const BLOCK = 128;
/** Room behind the largest tensor, in which the others begin at different places. */
const SLACK_BYTES = 64 << 20;
const STEP_BYTES = 256;
/** Keeps the norm of a row through a product of the usual widths, so that routing spreads and nothing overflows. */
const DEVIATION = 0.02;

const V2_LITE: RawConfig = syntheticShape('v2-lite', 27).config;

/** Of DeepSeek-V3's 61 layers as many as one GPU holds in FP8; the reader takes fewer where it holds fewer. */
const V3: RawConfig = {
  ...syntheticShape('v3-layer', 10).config,
  vocab_size: 129_280,
  n_routed_experts: 256,
};

export interface ShapePlan {
  readonly name: string;
  readonly config: RawConfig;
  readonly stored: StoredDType;
  /** What it is computed in; by default what it is stored in. */
  readonly dtype?: DType;
  /** See SLACK_BYTES; less for tests. */
  readonly slackBytes?: number;
}

export const SHAPE_PLANS: readonly ShapePlan[] = [
  { name: 'v2-lite-bf16', config: V2_LITE, stored: 'bf16' },
  { name: 'v2-lite-fp8', config: V2_LITE, stored: 'fp8' },
  { name: 'v2-lite-fp8-bf16', config: V2_LITE, stored: 'fp8', dtype: 'fp8-bf16' },
  { name: 'v3-layers-fp8', config: V3, stored: 'fp8' },
  { name: 'v3-layers-fp8-bf16', config: V3, stored: 'fp8', dtype: 'fp8-bf16' },
  { name: 'llama-1b-bf16', config: syntheticShape('llama-1b').config, stored: 'bf16' },
];

/** Writes `<out>/<name>.plan`. */
export function writeShapePlan(
  { name, config, stored, dtype = stored, slackBytes = SLACK_BYTES }: ShapePlan,
  out: string,
): void {
  const arch = archSpecOf(config);
  const expected = expectedTensors(arch);
  const isCode = (tensor: ExpectedTensor) => stored === 'fp8' && tensor.quantizable && !tensor.bf16InFp8Mode;
  const sizeOf = (some: readonly ExpectedTensor[], bytes: (tensor: ExpectedTensor) => number) =>
    roundUp(Math.max(...some.map(bytes)) + slackBytes);
  const isVector = ({ shape }: ExpectedTensor) => shape.length === 1;
  const codes = expected.filter(isCode);
  const files: PlanFile[] = [
    {
      size: sizeOf(
        expected.filter((t) => !isCode(t) && !isVector(t)),
        (t) => 2 * elements(t),
      ),
      dtype: 'BF16',
      mean: 0,
      deviation: DEVIATION,
    },
    // Norms' weights; a bias on the router's scores would send all tokens to the same experts, but these are nearly equal.
    { size: sizeOf(expected.filter(isVector), (t) => 2 * elements(t)), dtype: 'BF16', mean: 1, deviation: 0.01 },
  ];
  if (codes.length > 0) {
    files.push({ size: sizeOf(codes, elements), dtype: 'F8_E4M3', mean: 0, deviation: 100 });
    files.push({
      size: sizeOf(codes, (t) => 4 * blocks(t)),
      dtype: 'F32',
      mean: DEVIATION / 100,
      deviation: DEVIATION / 1000,
    });
  }
  const place = placer(files);
  const tensors = expected.map((tensor): PlanTensor => {
    const { name: tensorName, shape } = tensor;
    if (isCode(tensor)) {
      const scale = { dtype: 'F32', ...place(3, 4 * blocks(tensor)) };
      return { name: tensorName, shape, dtype: 'F8_E4M3', ...place(2, elements(tensor)), scale };
    }
    return { name: tensorName, shape, dtype: 'BF16', ...place(isVector(tensor) ? 1 : 0, 2 * elements(tensor)) };
  });
  writeFileSync(path.join(out, `${name}.plan`), planText({ name, arch, dtypes: [dtype], files, tensors, prompts: [] }));
}

/** Tensors begin at different places of the same numbers: no two are equal, and a page of the file is read many times. */
function placer(files: readonly PlanFile[]): (file: number, bytes: number) => { file: number; offset: number } {
  let turn = 0;
  return (file, bytes) => {
    const room = Math.floor(((files[file] as PlanFile).size - bytes) / STEP_BYTES) + 1;
    turn += 1;
    return { file, offset: ((turn * 104_729) % room) * STEP_BYTES };
  };
}

function elements({ shape }: ExpectedTensor): number {
  return shape.reduce((product, length) => product * length, 1);
}

function blocks({ shape }: ExpectedTensor): number {
  return shape.reduce((product, length) => product * Math.ceil(length / BLOCK), 1);
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / STEP_BYTES) * STEP_BYTES;
}
