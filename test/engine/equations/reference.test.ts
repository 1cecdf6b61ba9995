/** The equations themselves: their golden constants, and the outputs that other implementations published. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { packageRoot } from '../../../package-root.js';
import { readGolden } from '../golden.js';
import { V2_MSCALE } from './deepseek-fixtures.js';
import { PUBLISHED } from './details.js';
import { median, rowRms } from './engine-logits.js';
import { fixtures } from './fixtures.js';
import { forward } from './forward.js';
import { route } from './gate.js';
import { E4M3_VALUES, nearestE4m3, roundToBf16, roundToF16 } from './number-formats.js';
import { readCheckpoint } from './published-checkpoint.js';
import type { PublishedConfig } from './published-config.js';
import { quantizeBlocks, quantizeRow } from './quantize.js';
import { ropeOf, softmaxScale } from './rope.js';
import { at, item } from './vectors.js';

const v3: PublishedConfig = {
  ...fixtures.v3.config,
  qk_nope_head_dim: 128,
  qk_rope_head_dim: 64,
  rope_scaling: {
    type: 'yarn',
    factor: 40,
    beta_fast: 32,
    beta_slow: 1,
    mscale: 1,
    mscale_all_dim: 1,
    original_max_position_embeddings: 4096,
  },
};

describe('rope', () => {
  test.each([
    { model: 'DeepSeek-V3', mscale: 1, scale: 0.1352337788608801 },
    { model: 'DeepSeek-V2', mscale: V2_MSCALE, scale: 0.1147213867929261 },
  ])('$model has the softmax scale of its YaRN settings', ({ mscale, scale }) => {
    const rope_scaling = {
      type: 'yarn',
      factor: 40,
      original_max_position_embeddings: 4096,
      mscale,
      mscale_all_dim: mscale,
    } as const;
    expect(softmaxScale({ ...v3, rope_scaling }, PUBLISHED)).toBeCloseTo(scale, 15);
    expect(ropeOf({ ...v3, rope_scaling }, PUBLISHED).factor).toBe(1);
  });

  test('without YaRN the softmax scale is plain', () => {
    expect(softmaxScale({ ...v3, rope_scaling: null }, PUBLISHED)).toBeCloseTo(0.07216878364870322, 16);
  });

  test('DeepSeek-V3 interpolates from pair 10, wholly from pair 23', () => {
    const { frequencies } = ropeOf(v3, PUBLISHED);
    const plain = (i: number) => 10000 ** (-i / 32);
    expect(at(frequencies, 10)).toBeCloseTo(plain(10), 15);
    expect(at(frequencies, 11)).toBeLessThan(plain(11) * 0.95);
    expect(at(frequencies, 22)).toBeGreaterThan((plain(22) / 40) * 1.1);
    expect(at(frequencies, 23)).toBeCloseTo(plain(23) / 40, 15);
  });
});

describe('router', () => {
  const config: PublishedConfig = {
    ...fixtures.v3.config,
    n_group: 2,
    topk_group: 1,
    num_experts_per_tok: 2,
    routed_scaling_factor: 1,
  };
  const logit = (score: number) => Math.log(score / (1 - score));
  const logits = Float64Array.from([0.9, 0.1, 0.6, 0.5], logit);

  test('the group with the larger sum of two wins over the one with the best expert', () => {
    const { experts, weights } = route(config, logits, new Float64Array(4), PUBLISHED);
    expect(experts).toEqual([2, 3]);
    expect(weights).toEqual([expect.closeTo(6 / 11, 12), expect.closeTo(5 / 11, 12)]);
  });

  test('a masked group stays out where all biased scores are negative', () => {
    expect(route(config, logits, new Float64Array(4).fill(-2), PUBLISHED).experts).toEqual([2, 3]);
  });

  test('the bias chooses and does not weigh, and equal scores go to the lower expert', () => {
    const bias = Float64Array.from([0, 0.9, 0, 0]);
    const { experts, weights } = route(
      { ...config, norm_topk_prob: false },
      Float64Array.from([0, logit(0.1), 0, 0]),
      bias,
      PUBLISHED,
    );
    expect(experts).toEqual([1, 0]);
    expect(weights).toEqual([expect.closeTo(0.1, 12), 0.5]);
  });
});

describe('number formats', () => {
  test('e4m3 has its published values', () => {
    expect(E4M3_VALUES[1]).toBe(2 ** -9);
    expect(E4M3_VALUES[8]).toBe(2 ** -6);
    expect(E4M3_VALUES[0x38]).toBe(1);
    expect(E4M3_VALUES[126]).toBe(448);
  });

  test.each([
    { x: 336, to: 320 },
    { x: 368, to: 384 },
    { x: 1000, to: 448 },
    { x: 2 ** -10, to: 0 },
    { x: 3 * 2 ** -10, to: 2 ** -8 },
    { x: -1.0625, to: 1 },
    { x: 1.0626, to: 1.125 },
  ])('$x rounds to the e4m3 magnitude $to', ({ x, to }) => {
    expect(E4M3_VALUES[nearestE4m3(x)]).toBe(to);
  });

  test('bf16 and f16 round to even, subnormals included', () => {
    expect([1 + 2 ** -8, 1 + 3 * 2 ** -8].map(roundToBf16)).toEqual([1, 1 + 2 ** -6]);
    expect([1 + 2 ** -11, -(2 ** -25), 3 * 2 ** -25].map(roundToF16)).toEqual([1, 0, 2 ** -23]);
  });

  test('a group of zeros and a ragged last group quantise on their own', () => {
    const row = new Float64Array(130);
    row[129] = 7;
    expect(quantizeRow(row, PUBLISHED)).toEqual(row);
  });

  test('blocks have a scale each, at ragged edges too', () => {
    const rows = Array.from({ length: 130 }, (_, r) =>
      Float64Array.from({ length: 129 }, (_, c) => (r < 128 ? 1 : 2) * (c < 128 ? 1 : 4)),
    );
    const { scales, values } = quantizeBlocks(rows);
    expect(scales.map((row) => [...row])).toEqual([
      [1 / 448, 4 / 448].map(Math.fround),
      [2 / 448, 8 / 448].map(Math.fround),
    ]);
    expect(at(item(values, 129), 128)).toBeCloseTo(8, 5);
  });
});

const shared = path.join(process.env.EVALRUN_SHARED ?? path.join(packageRoot, '..', 'shared'), 'oracle', 'checkpoints');
const names = existsSync(shared) ? readdirSync(shared) : ['(needs the shared references)'];

(existsSync(shared) ? describe : describe.skip).each(names)('%s', (name) => {
  test('logits are those of the other implementation', () => {
    const golden = readGolden(path.join(shared, name, 'golden.safetensors'));
    const checkpoint = readCheckpoint(path.join(shared, name));
    const ids = [...golden.ints('tokens.2')];
    const rows = (tensor: string) => {
      const values = golden.floats(tensor) ?? new Float32Array();
      const width = checkpoint.config.vocab_size;
      return Array.from({ length: values.length / width }, (_, t) => values.subarray(t * width, (t + 1) * width));
    };
    const ours = forward(checkpoint, ids);
    expect(Math.max(...rowRms(ours.logits, rows('logits.2')))).toBeLessThan(1e-4);
    expect(ours.drafts).toHaveLength(rows('logits_mtp.2').length);
    expect(Math.max(0, ...rowRms(ours.drafts, rows('logits_mtp.2')))).toBeLessThan(1e-4);
    if (golden.floats('logits_w8a8.2') === undefined) return;
    const quantized = rowRms(forward(checkpoint, ids, { arithmetic: 'w8a8' }).logits, rows('logits_w8a8.2'));
    expect(at(quantized, 0)).toBeLessThan(1e-5);
    expect(median(quantized)).toBeLessThan(median(rowRms(ours.logits, rows('logits_w8a8.2'))) / 3);
  });
});
