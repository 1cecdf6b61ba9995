import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countParameters } from '../../../engine/accounting/parameters.js';
import { archSpecOf } from '../../../engine/architectures/registry.js';
import type { BenchmarkResult } from '../../../engine/benchmark/benchmark-result.js';
import { runBenchmark } from '../../../engine/benchmark/run-benchmark.js';
import { listShapes, syntheticShape } from '../../../engine/benchmark/shapes.js';
import { rateOf, spreadOf } from '../../../engine/benchmark/spread.js';
import { writeSyntheticCheckpoint } from '../../../engine/benchmark/synthetic-checkpoint.js';
import { openCheckpoint } from '../../../engine/checkpoint/checkpoint.js';
import { loadEngine } from '../../../engine/load-engine.js';
import { packageRoot } from '../../../package-root.js';

let scratch: string;
let result: BenchmarkResult;
beforeAll(async () => {
  scratch = mkdtempSync(path.join(tmpdir(), 'evalrun-benchmark-'));
  result = await runBenchmark({
    engine: { model: path.join(packageRoot, 'models', 'nano'), dtype: 'bf16', threads: 1 },
    lengths: [24, 48, 100_000],
    batches: [1, 3],
    contextTokens: 16,
    decodeTokens: 4,
    repeats: 3,
  });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('a measurement', () => {
  test('has every length that fits the context, and every batch', () => {
    expect(result.prefill.map(({ promptTokens }) => promptTokens)).toEqual([24, 48]);
    expect(result.decode.map(({ batch }) => batch)).toEqual([1, 3]);
    for (const { tokensPerSecond } of [...result.prefill, ...result.decode]) {
      expect(tokensPerSecond.repeats).toBe(3);
      expect(tokensPerSecond.least).toBeGreaterThan(0);
      expect(tokensPerSecond.median).toBeGreaterThanOrEqual(tokensPerSecond.least);
      expect(tokensPerSecond.most).toBeGreaterThanOrEqual(tokensPerSecond.median);
    }
  });

  test('stays below the limits that it measured', () => {
    const { limits } = result;
    expect(limits.f32Flops).toBeGreaterThan(1e8);
    expect(limits.readBytes).toBeGreaterThan(1e8);
    const most = Math.max(limits.f32Flops, limits.bf16Flops);
    for (const { flops } of result.prefill) expect(flops.median).toBeLessThan(most);
  });

  test('counts the operations of the weights that a prompt passes through, and of attention', () => {
    const config = JSON.parse(readFileSync(path.join(packageRoot, 'models', 'nano', 'config.json'), 'utf8'));
    const arch = archSpecOf(config);
    const { activeWithoutHead } = countParameters(arch);
    const head = config.vocab_size * config.hidden_size;
    const { num_attention_heads: heads, qk_nope_head_dim: nope, qk_rope_head_dim: rope, v_head_dim: v } = config;
    const { hidden_size: width, q_lora_rank: rank, n_routed_experts: experts, num_hidden_layers: layers } = config;
    // Of the last layer what only the last token passes through: queries, output, a norm, router, experts.
    const queries = rank === null ? width * heads * (nope + rope) : width * rank + rank + rank * heads * (nope + rope);
    const taken = config.num_experts_per_tok + config.n_shared_experts;
    const feedForward = experts * width + experts + taken * 3 * width * config.moe_intermediate_size;
    const asked = queries + heads * v * width + width + feedForward;
    for (const { promptTokens: t, tokensPerSecond, flops } of result.prefill) {
      const attention = 2 * heads * (nope + rope + v) * (((layers - 1) * t * t) / 2 + t);
      // The norm behind the last layer is counted with what every token passes through.
      const expected = 2 * (t * activeWithoutHead - (t - 1) * asked) + attention + 2 * head;
      expect((flops.median / tokensPerSecond.median) * t).toBeCloseTo(expected, -2);
    }
  });

  test('counts each weight that a decode step reads once, and no more than all of them', () => {
    const parameters = countParameters(
      archSpecOf(JSON.parse(readFileSync(path.join(packageRoot, 'models', 'nano', 'config.json'), 'utf8'))),
    );
    const [one, three] = result.decode.map(
      ({ batch, readBytes, tokensPerSecond }) => (readBytes.median / tokensPerSecond.median) * batch,
    );
    // One token reads its own experts, three read at least as many and less than three times everything.
    expect(one).toBeGreaterThan(2 * parameters.active);
    expect(one).toBeLessThan(2 * parameters.active * 1.1);
    expect(three).toBeGreaterThan(one as number);
    expect(three).toBeLessThan(2 * parameters.total * 1.1);
  });

  test('knows its memory without the blocks that the limits were measured with', () => {
    expect(result.peakResidentBytes).toBeGreaterThan(result.weightBytes);
    expect(result.loadSeconds).toBeGreaterThan(0);
  });
});

describe('spread', () => {
  test('of times and of rates', () => {
    const seconds = spreadOf([0.5, 2, 1]);
    expect(seconds).toEqual({ median: 1, least: 0.5, most: 2, repeats: 3 });
    expect(rateOf(10, seconds)).toEqual({ median: 10, least: 5, most: 20, repeats: 3 });
  });
});

describe('synthetic checkpoints', () => {
  test('every shape is one that the engine takes', () => {
    for (const { config } of listShapes()) expect(archSpecOf(config).layers).toBeGreaterThan(0);
    expect(countParameters(archSpecOf(syntheticShape('llama-1b').config)).total).toBe(1_100_048_384);
    expect(() => syntheticShape('v4')).toThrow(/llama-1b, v2-lite, v3-layer, v3-small/);
  });

  test('are the same bytes again, sound, and spread tokens over their experts', async () => {
    const { config } = syntheticShape('v3-small', 2);
    const small = { ...config, hidden_size: 128, intermediate_size: 256, moe_intermediate_size: 32, vocab_size: 512 };
    const folders = ['a', 'b'].map((name) => mkdtempSync(path.join(scratch, name)));
    for (const folder of folders) writeSyntheticCheckpoint(folder, small);
    const [first, second] = folders.map((folder) => readFileSync(path.join(folder, 'model.safetensors')));
    expect(first?.equals(second as Buffer)).toBe(true);
    const folder = folders[0] as string;
    expect(openCheckpoint(folder).arch.layers).toBe(2);
    expect(statSync(path.join(folder, 'RANDOM_WEIGHTS')).isFile()).toBe(true);
    const engine = await loadEngine({ model: folder, withoutTokenizer: true, threads: 1 });
    const used = new Set<number>();
    engine.recordRouting = true;
    engine.onStep = ({ routing }) => {
      for (const expert of routing?.chosen ?? []) used.add(expert);
    };
    const context = Array.from({ length: 64 }, (_, i) => (i * 37) % 512);
    for await (const { logProbs } of engine.score([{ id: 'x', context, continuations: [[1]] }])) {
      expect(logProbs.every(Number.isFinite)).toBe(true);
    }
    await engine.close();
    expect(used.size).toBeGreaterThan(32);
  });
});
