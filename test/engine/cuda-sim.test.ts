// `--device cuda` through the TypeScript engine, with the addon whose GPU is simulated: what it computes beside the CPU.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { packageRoot } from '../../package-root.js';
import { requireSimAddon, runInSimulation } from '../native/sim-addon.js';
import type { SimAnswer, SimRequest } from './cuda-sim-process.js';
import { readGolden } from './golden.js';
import { TINY_DEEPSEEK, writeTinyCheckpoint } from './tiny-checkpoint.js';

/** As native/check/README.md has them: of logits against the reference's, and of log-probabilities. */
const LOGITS = 5e-4;
const LOG_PROBS = 1e-3;

const fixtures = path.join(packageRoot, 'test', 'fixtures', 'oracle');
const folder = mkdtempSync(path.join(os.tmpdir(), 'evalrun-cuda-sim-'));
beforeAll(requireSimAddon);
afterAll(() => rmSync(folder, { recursive: true }));

/** Prompts that share a beginning and prompts that do not; answers greedy and drawn. */
function requestsOf(context: readonly number[]): Pick<SimRequest, 'scores' | 'answers' | 'sequence'> {
  return {
    scores: [
      { id: 'letters', context, continuations: [[3], [4], [5]] },
      { id: 'longer', context: [...context, 7, 8], continuations: [[3, 9], [4]] },
      { id: 'another', context: [11, 12], continuations: [[13, 14, 15]] },
    ],
    answers: [
      { id: 'greedy', context, maxTokens: 4, stopIds: [] },
      {
        id: 'drawn',
        context: [...context, 7],
        maxTokens: 4,
        stopIds: [],
        sampling: { temperature: 1, topP: 0.9, seed: 3 },
      },
    ],
    sequence: context,
  };
}

function compute(request: SimRequest, environment: Readonly<Record<string, string>> = {}): SimAnswer[] {
  const script = 'test/engine/cuda-sim-process.js';
  const { status, stdout, stderr } = runInSimulation(script, [JSON.stringify(request)], environment);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as SimAnswer[];
}

function largestDifference(ours: readonly number[], theirs: ArrayLike<number>): number {
  expect(ours).toHaveLength(theirs.length);
  // NaN has no order: it must not count as no difference.
  return ours.reduce((worst, value, i) => {
    const difference = Math.abs(value - (theirs[i] as number));
    return difference <= worst ? worst : difference;
  }, 0);
}

function expectSameScores(ours: SimAnswer['scores']['alone'], theirs: SimAnswer['scores']['alone']): void {
  expect(Object.keys(ours).sort()).toEqual(['another', 'letters', 'longer']);
  for (const [id, scores] of Object.entries(ours)) {
    expect({ id, far: largestDifference(scores, theirs[id] ?? []) > LOG_PROBS }).toEqual({ id, far: false });
  }
}

describe('llama in f32 on a simulated GPU of compute capability 8.0', () => {
  const model = path.join(fixtures, 'llama');
  const golden = readGolden(path.join(model, 'golden.safetensors'));
  const context = [...golden.ints('tokens.1')];
  let gpu: SimAnswer;
  let cpu: SimAnswer;
  beforeAll(() => {
    const engine = { model, dtype: 'f32', batchTokens: 16 } as const;
    [gpu, cpu] = compute(
      {
        engines: [
          { ...engine, device: 'cuda' },
          { ...engine, device: 'cpu' },
        ],
        ...requestsOf(context),
        mtp: false,
      },
      { EVALRUN_SIM_COMPUTE: '80' },
    ) as [SimAnswer, SimAnswer];
  });

  test('logits are those of the reference', () => {
    expect(largestDifference(gpu.logits, golden.floats('logits.1') as Float32Array)).toBeLessThanOrEqual(LOGITS);
  });

  test('scores are the CPU engine’s', () => expectSameScores(gpu.scores.batched, cpu.scores.batched));

  test('greedy answers are the reference’s, drawn ones the CPU engine’s', () => {
    expect(gpu.answers.batched.greedy).toEqual([...golden.ints('greedy.1')].slice(0, 4));
    expect(gpu.answers.batched).toEqual(cpu.answers.batched);
  });

  test('alone and batched are the same to the bit', () => {
    expect(gpu.scores.alone).toEqual(gpu.scores.batched);
    expect(gpu.answers.alone).toEqual(gpu.answers.batched);
  });

  test('what is known of the engine names the GPU and a kernel for every op', () => {
    expect(gpu.info).toMatchObject({ device: 'cuda:0 simulated GPU', deviceReason: 'it was asked for' });
    expect(gpu.info.numerics).toMatchObject({ isa: 'sm_80' });
    expect(Object.keys(gpu.info.kernels)).toEqual(expect.arrayContaining(Object.keys(cpu.info.kernels)));
    expect(gpu.info.kernels).toMatchObject({ attention: 'simt', linear: 'f32-skinny', log_probs: 'simt' });
    expect(gpu.info.weightFingerprint).toBe(cpu.info.weightFingerprint);
  });

  test('device and memory plan are told before loading', () => {
    expect(gpu.notices[0]).toBe('device: cuda:0 simulated GPU, because it was asked for');
    expect(gpu.notices.at(-1)).toMatch(
      /^memory: on cuda:0 simulated GPU: weights 0\.4 MiB \(.+\), KV cache 0\.2 MiB \(512 tokens\), a step of 16 tokens .+ of 512\.0 MiB free$/,
    );
  });

  test('weights, cache and workspace are counted, and are what was planned', () => {
    expect(gpu.memory.kvBytes).toBe(cpu.memory.kvBytes);
    const planned = /weights ([\d.]+) MiB/.exec(gpu.notices.at(-1) ?? '')?.[1];
    expect((gpu.memory.weightBytes / 2 ** 20).toFixed(1)).toBe(planned);
  });

  test('memory is taken while loading, and no question asks for more', () => {
    expect(gpu.loadedMemory.workspaceBytes).toBeGreaterThan(0);
    expect(gpu.memory.workspaceBytes).toBe(gpu.loadedMemory.workspaceBytes);
    expect(gpu.memory.weightBytes).toBe(gpu.loadedMemory.weightBytes);
  });
});

describe('latent attention, experts and drafts in bf16 on a simulated GPU of compute capability 9.0', () => {
  let gpu: SimAnswer;
  let cpu: SimAnswer;
  let exact: SimAnswer;
  beforeAll(() => {
    const model = writeTinyCheckpoint(path.join(folder, 'deepseek'), TINY_DEEPSEEK);
    const engine = { model, batchTokens: 16 } as const;
    [gpu, cpu, exact] = compute({
      engines: [
        { ...engine, dtype: 'bf16', device: 'cuda' },
        { ...engine, dtype: 'bf16', device: 'cpu', referenceKernels: true },
        { ...engine, dtype: 'f32', device: 'cpu' },
      ],
      ...requestsOf([20, 21, 22, 23, 24]),
      mtp: true,
    }) as [SimAnswer, SimAnswer, SimAnswer];
  });

  const rms = (ours: readonly number[], theirs: readonly number[]) =>
    Math.sqrt(ours.reduce((sum, value, i) => sum + (value - (theirs[i] as number)) ** 2, 0) / ours.length);

  test('logits are no further from the scalar reference than rounding is', () => {
    const rounding = rms(cpu.logits, exact.logits);
    expect(rounding).toBeGreaterThan(0);
    expect(rms(gpu.logits, cpu.logits)).toBeLessThanOrEqual(rounding);
    expect(rms(gpu.logits, exact.logits)).toBeLessThanOrEqual(1.1 * rounding);
  });

  test('alone and batched are the same to the bit, and drafts change no answer', () => {
    expect(gpu.scores.alone).toEqual(gpu.scores.batched);
    expect(gpu.answers.alone).toEqual(gpu.answers.batched);
    expect(gpu.answers.drafted).toEqual(gpu.answers.batched);
    expect(gpu.answers.batched.greedy).toHaveLength(4);
  });

  test('products run on the matrix units', () => {
    expect(gpu.info.kernels).toMatchObject({
      linear: 'wgmma',
      grouped_gated_linear: 'wgmma',
      log_probs: 'wgmma',
    });
    expect(gpu.info.numerics).toMatchObject({
      isa: 'sm_90',
      latentForm: 'expanded for prompts, absorbed for decoding',
    });
  });
});

test.each([
  ['bf16', { EVALRUN_CUDA_WGMMA: '1' }, 'wgmma'],
  ['bf16', { EVALRUN_CUDA_WGMMA: '0' }, 'mma'],
  ['fp8', {}, 'mma'],
  ['fp8-bf16', {}, 'wgmma'],
] as const)('in %s with %j products are by %s, the same to the bit alone and batched', (dtype, environment, kernel) => {
  const model = writeTinyCheckpoint(path.join(folder, `${dtype}-${kernel}`), TINY_DEEPSEEK);
  const engines = [{ model, dtype, device: 'cuda', batchTokens: 16 }] as const;
  const [gpu] = compute({ engines, ...requestsOf([20, 21, 22]), mtp: false }, environment) as [SimAnswer];
  expect(gpu.info.kernels).toMatchObject({ linear: kernel, gated_linear: kernel, grouped_gated_linear: kernel });
  expect(gpu.scores.alone).toEqual(gpu.scores.batched);
  expect(gpu.answers.alone).toEqual(gpu.answers.batched);
  expect(gpu.logits.every(Number.isFinite)).toBe(true);
  expect(gpu.notices.filter((line) => line.startsWith('precision:'))).toHaveLength(dtype === 'fp8' ? 1 : 0);
  // Ops of few rows share launches, but for bf16's by wgmma; each in launches of its own answers the same.
  if (dtype === 'bf16' && kernel === 'wgmma') return;
  const [apart] = compute(
    { engines, ...requestsOf([20, 21, 22]), mtp: false },
    { ...environment, EVALRUN_CUDA_JOIN: '0' },
  ) as [SimAnswer];
  for (const part of ['logits', 'scores', 'answers'] as const) expect(apart[part]).toEqual(gpu[part]);
});

describe('ranges for a profiler', () => {
  test('name steps, layers, their halves and ops, and end where they began', () => {
    const file = path.join(folder, 'ranges');
    const model = path.join(fixtures, 'llama');
    const sequence = [5, 6, 7];
    const answers = [{ id: 'greedy', context: sequence, maxTokens: 2, stopIds: [] }];
    const engines = [{ model, dtype: 'f32', device: 'cuda', batchTokens: 4 }] as const;
    compute({ engines, sequence, answers, scores: [], mtp: false }, { EVALRUN_NVTX: '1', EVALRUN_SIM_RANGES: file });
    const open: string[] = [];
    const paths = new Set<string>();
    for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
      if (line === '-') {
        if (open.pop() === undefined) throw new Error('a range ends that never began');
      } else {
        open.push(line.slice(2));
        paths.add(open.join(' > '));
      }
    }
    expect(open).toEqual([]);
    for (const [step, layer] of [
      ['step', 0],
      ['decoding step', 2],
    ] as const) {
      expect(paths).toContain(`${step} > model.layers.${layer}. > attention > attention`);
      expect(paths).toContain(`${step} > model.layers.${layer}. > feed-forward > linear`);
      expect(paths).toContain(`${step} > evaluation > log_probs`);
      expect(paths).toContain(`${step} > wait for the GPU`);
    }
  });

  test('are not there unless asked for', () => {
    const file = path.join(folder, 'no-ranges');
    const engines = [{ model: path.join(fixtures, 'llama'), dtype: 'f32', device: 'cuda', batchTokens: 4 }] as const;
    compute({ engines, sequence: [5], answers: [], scores: [], mtp: false }, { EVALRUN_SIM_RANGES: file });
    expect(existsSync(file)).toBe(false);
  });
});
