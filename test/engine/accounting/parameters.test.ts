import { describe, expect, test } from '@jest/globals';
import { flopsPerToken, promptFlops } from '../../../engine/accounting/flops.js';
import { countParameters } from '../../../engine/accounting/parameters.js';
import type { RawConfig } from '../../../engine/architectures/family.js';
import { archSpecOf } from '../../../engine/architectures/registry.js';
import {
  DEEPSEEK_V2,
  DEEPSEEK_V2_LITE,
  DEEPSEEK_V3,
  LLAMA_3_2_1B,
  MISTRAL_7B,
  MOONLIGHT,
  QWEN2_5_0_5B,
  QWEN3_0_6B,
  QWEN3_30B_A3B,
} from '../architectures/published-configs.js';

function countsOf(config: RawConfig) {
  return countParameters(archSpecOf(config));
}

describe('countParameters', () => {
  // In billions: total, active with the head, active without it.
  test.each([
    ['DeepSeek-V3', DEEPSEEK_V3, 671.026, 36.626, 35.699],
    ['DeepSeek-V2', DEEPSEEK_V2, 235.741, 20.852, 20.327],
    ['DeepSeek-V2-Lite', DEEPSEEK_V2_LITE, 15.706, 2.451, 2.242],
    ['Moonlight', MOONLIGHT, 15.96, 2.579, 2.244],
  ])('counts %s', (_, config, total, active, withoutHead) => {
    const counts = countsOf(config);
    expect(counts.total / 1e9).toBeCloseTo(total, 3);
    expect(counts.active / 1e9).toBeCloseTo(active, 3);
    expect(counts.activeWithoutHead / 1e9).toBeCloseTo(withoutHead, 3);
  });

  // Numbers on the model cards and in the files' own metadata.
  test.each([
    ['Llama 3.2 1B', LLAMA_3_2_1B, 1235814400],
    ['Mistral 7B', MISTRAL_7B, 7241732096],
    ['Qwen2.5 0.5B', QWEN2_5_0_5B, 494032768],
    ['Qwen3 0.6B', QWEN3_0_6B, 596049920],
    ['Qwen3 30B-A3B', QWEN3_30B_A3B, 30532122624],
  ])('counts %s to the last parameter', (_, config, total) => {
    expect(countsOf(config).total).toBe(total);
  });

  test('counts a tied table once, as active', () => {
    const { total, active, activeWithoutHead } = countsOf(LLAMA_3_2_1B);
    expect(active).toBe(total);
    expect(total - activeWithoutHead).toBe(128256 * 2048);
  });

  test('splits DeepSeek-V3 into parts that add up', () => {
    const { parts, total, active, mtp } = countsOf(DEEPSEEK_V3);
    const part = (name: string) => parts.find((count) => count.part === name);
    expect(part('attention')?.total).toBe(61 * 187_105_280);
    expect(part('experts')).toEqual({ part: 'experts', total: 58 * 256 * 44_040_192, active: 58 * 8 * 44_040_192 });
    expect(part('sharedExperts')?.active).toBe(58 * 44_040_192);
    expect(part('denseFfn')?.total).toBe(3 * 3 * 7168 * 18432);
    expect(part('router')?.total).toBe(58 * (256 * 7168 + 256));
    expect(part('embedding')).toMatchObject({ total: 129280 * 7168, active: 0 });
    expect(part('head')).toMatchObject({ total: 129280 * 7168, active: 129280 * 7168 });
    expect(parts.reduce((sum, count) => sum + count.total, 0)).toBe(total);
    expect(parts.reduce((sum, count) => sum + count.active, 0)).toBe(active);
    expect(mtp / 1e9).toBeCloseTo(11.61, 2);
  });

  test('adds up to the 684.5 B of the published files with the MTP module and its two copies', () => {
    const { total, mtp } = countsOf(DEEPSEEK_V3);
    expect((total + mtp + 2 * 129280 * 7168) / 1e9).toBeCloseTo(684.49, 2);
  });

  test('has no parts that a dense model lacks', () => {
    expect(countsOf(QWEN3_0_6B).parts.map(({ part }) => part)).toEqual(['embedding', 'attention', 'denseFfn', 'norms']);
    expect(countsOf(QWEN3_0_6B).mtp).toBe(0);
  });
});

describe('flopsPerToken', () => {
  test.each([
    ['DeepSeek-V3', DEEPSEEK_V3, 73.25],
    ['DeepSeek-V2', DEEPSEEK_V2, 41.7],
    ['DeepSeek-V2-Lite', DEEPSEEK_V2_LITE, 4.9],
    ['Moonlight', MOONLIGHT, 5.16],
  ])('is two per active parameter of %s, in billions', (_, config, gigaFlop) => {
    expect(flopsPerToken(archSpecOf(config)).weights / 1e9).toBeCloseTo(gigaFlop, 1);
  });

  test('adds two per number of key and value for each earlier token', () => {
    expect(flopsPerToken(archSpecOf(DEEPSEEK_V3)).perContextToken).toBe(2 * 61 * 128 * (192 + 128));
    expect(flopsPerToken(archSpecOf(LLAMA_3_2_1B)).perContextToken).toBe(2 * 16 * 32 * (64 + 64));
  });
});

describe('promptFlops', () => {
  test('counts the last layer and the head of one token, and keys and values of all', () => {
    // Llama 3.2 1B by hand: 16 layers of 2048, 32 heads of 64 and 8 of keys and values, 8192 in the middle, a tied head.
    const keys = 2048 + 2 * 2048 * 512;
    const rest = 2 * 2048 * 2048 + 3 * 2048 * 8192 + 2048;
    const head = 128256 * 2048;
    const tokens = 512;
    const products = 2 * (tokens * (15 * (keys + rest) + keys + 2048) + rest + head);
    const attention = 2 * 32 * 128 * ((15 * tokens * tokens) / 2 + tokens);
    expect(promptFlops(archSpecOf(LLAMA_3_2_1B), tokens)).toBe(products + attention);
  });

  test('of one token that is asked about are those of a token', () => {
    const arch = archSpecOf(DEEPSEEK_V3);
    const { weights, perContextToken } = flopsPerToken(arch);
    expect(promptFlops(arch, 1)).toBeCloseTo(weights + (perContextToken * (60 / 2 + 1)) / 61, 0);
  });
});
