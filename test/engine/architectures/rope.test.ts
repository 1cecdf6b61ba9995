import { describe, expect, test } from '@jest/globals';
import { readRope } from '../../../engine/architectures/rope.js';
import { errorOf } from '../thrown-error.js';
import { DEEPSEEK_V3, LLAMA_3_2_1B } from './published-configs.js';

const yarn = { type: 'yarn', factor: 4, original_max_position_embeddings: 32768 };

function ropeOf(keys: Record<string, unknown>, dim = 64) {
  return readRope({ max_position_embeddings: 32768, ...keys }, dim, 'half');
}

describe('readRope', () => {
  test('has plain frequencies theta^(-2i/d) without scaling', () => {
    const { spec, softmaxCorrection, contextLength } = ropeOf({ rope_theta: 10000 }, 8);
    expect(spec.inverseFrequencies).toHaveLength(4);
    [1, 0.1, 0.01, 0.001].forEach((value, i) => {
      expect(spec.inverseFrequencies[i]).toBeCloseTo(value, 15);
    });
    expect([spec.attentionFactor, softmaxCorrection, contextLength]).toEqual([1, 1, 32768]);
  });

  test('takes theta 10000 where config.json has none', () => {
    expect(ropeOf({}).spec).toEqual(ropeOf({ rope_theta: 10000 }).spec);
  });

  // low = 10, high = 23: kept up to 10, divided by 40 from 23, a linear blend between.
  test.each([
    [10, 0.05623413251903491],
    [16, 0.0055],
    [23, 3.33380358040831e-5],
    [31, 3.3338035804083097e-6],
  ])("blends DeepSeek-V3's frequency %i to %d", (i, value) => {
    const { spec } = readRope(DEEPSEEK_V3, 64, 'interleaved');
    expect(Math.abs((spec.inverseFrequencies[i] ?? 0) / value - 1)).toBeLessThan(1e-14);
  });

  test('leaves cos and sin of DeepSeek-V3 alone and corrects its softmax scale instead', () => {
    const { spec, softmaxCorrection, contextLength } = readRope(DEEPSEEK_V3, 64, 'interleaved');
    expect(spec.attentionFactor).toBe(1);
    expect(softmaxCorrection).toBeCloseTo(1.3688879454113936 ** 2, 14);
    expect(contextLength).toBe(163840);
    expect(spec.layout).toBe('interleaved');
  });

  test.each([
    ['neither mscale', {}, 1.138629436111989, 1],
    [
      'both mscales',
      { mscale: 1, mscale_all_dim: 0.5 },
      1.138629436111989 / 1.0693147180559945,
      1.0693147180559945 ** 2,
    ],
    ['mscale alone, which counts for nothing', { mscale: 0.5 }, 1.138629436111989, 1],
    [
      'an attention_factor, which wins',
      { mscale: 1, mscale_all_dim: 0.5, attention_factor: 0.75 },
      0.75,
      1.0693147180559945 ** 2,
    ],
    ['factor 1, which stretches nothing', { factor: 1 }, 1, 1],
    ['a factor below 1, which stretches nothing', { factor: 0.5 }, 1, 1],
  ])('multiplies cos and sin as YaRN says with %s', (_, keys, attentionFactor, correction) => {
    const rope = ropeOf({ rope_scaling: { ...yarn, ...keys } });
    expect(rope.spec.attentionFactor).toBeCloseTo(attentionFactor, 14);
    expect(rope.softmaxCorrection).toBeCloseTo(correction, 14);
  });

  test('lets YaRN stretch the context to factor times the original length', () => {
    expect(ropeOf({ rope_scaling: yarn }).contextLength).toBe(131072);
  });

  test('does not divide by zero where both YaRN bounds meet', () => {
    const { spec } = ropeOf({ rope_scaling: { ...yarn, beta_fast: 1e-9, beta_slow: 1e-9 } });
    expect(spec.inverseFrequencies.every(Number.isFinite)).toBe(true);
  });

  // Wavelengths below 8192/4 are kept, above 8192 divided by 32, and blended between.
  test.each([
    [0, 1],
    [14, 1],
    [15, 0.6055727545341233],
    [16, 0.3037425237518995],
    [17, 0.10344760903071981],
    [18, 1 / 32],
    [31, 1 / 32],
  ])("scales Llama 3.2's frequency %i by %d", (i, ratio) => {
    const { spec } = readRope(LLAMA_3_2_1B, 64, 'half');
    expect((spec.inverseFrequencies[i] ?? 0) / 500000 ** ((-2 * i) / 64)).toBeCloseTo(ratio, 14);
  });

  test('divides every frequency by the factor of linear scaling', () => {
    const [first, last] = [0, 31];
    const scaled = ropeOf({ rope_scaling: { type: 'linear', factor: 4 } }).spec.inverseFrequencies;
    const plain = ropeOf({}).spec.inverseFrequencies;
    for (const i of [first, last]) expect(scaled[i]).toBe((plain[i] ?? 0) / 4);
  });

  test('ends the context of dynamic scaling where it would begin to change frequencies', () => {
    const rope = ropeOf({ rope_scaling: { type: 'dynamic', factor: 4, original_max_position_embeddings: 2048 } });
    expect(rope.contextLength).toBe(2048);
    expect(rope.spec).toEqual(ropeOf({}).spec);
  });

  test('reads rope_parameters with rope_theta inside as rope_scaling with rope_theta beside it', () => {
    const { rope_scaling: scaling, rope_theta: theta, ...rest } = LLAMA_3_2_1B;
    const newer = { ...rest, rope_parameters: { ...(scaling as object), rope_theta: theta } };
    expect(readRope(newer, 64, 'half')).toEqual(readRope(LLAMA_3_2_1B, 64, 'half'));
  });

  test('lets rope_type win over type', () => {
    expect(ropeOf({ rope_scaling: { type: 'yarn', rope_type: 'default' } }).spec).toEqual(ropeOf({}).spec);
  });

  test.each([
    ['an unknown type', { rope_scaling: { type: 'longrope' } }, /rope type.*found "longrope"/],
    ['a list', { rope_scaling: [] }, /rope_scaling is not usable.*an object/],
    ['a factor of 0', { rope_scaling: { type: 'linear', factor: 0 } }, /rope_scaling\.factor.*above 0, found 0/],
    ['no factor', { rope_scaling: { type: 'linear' } }, /rope_scaling\.factor/],
    ['llama3 without its bounds', { rope_scaling: { type: 'llama3', factor: 8 } }, /low_freq_factor/],
    [
      'llama3 with equal bounds',
      {
        rope_scaling: {
          type: 'llama3',
          factor: 8,
          low_freq_factor: 2,
          high_freq_factor: 2,
          original_max_position_embeddings: 64,
        },
      },
      /high_freq_factor/,
    ],
    ['heads rotated in part', { partial_rotary_factor: 0.5 }, /partial_rotary_factor.*found 0\.5/],
    ['a negative theta', { rope_theta: -1 }, /rope_theta.*above 0, found -1/],
    ['a text for theta', { rope_theta: '10000' }, /rope_theta.*found "10000"/],
  ])('refuses %s', (_, keys, message) => {
    expect(errorOf(() => ropeOf(keys))).toMatch(message);
  });

  test('refuses an odd rotary width', () => {
    expect(errorOf(() => ropeOf({}, 7))).toMatch(/even number, found 7/);
  });
});
