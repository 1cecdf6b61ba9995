/**
 * Prefill of one prompt on a synthetic checkpoint: tokens per second and GFLOP/s, each with its spread.
 *
 *     node dist/bench/prefill.js [--shape llama-1b|v2-lite] [--layers 4] [--tokens 512] [--dtype bf16] [--threads 2] [--repeats 7]
 *
 * The weights are random numbers; nobody's checkpoint is needed. Run it on a machine that does nothing else.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { flopsPerToken } from '../engine/accounting/flops.js';
import { expectedTensors } from '../engine/architectures/expected-tensors.js';
import { archSpecOf } from '../engine/architectures/registry.js';
import type { DType } from '../engine/engine.js';
import { loadEngine } from '../engine/load-engine.js';
import { SafetensorsWriter } from '../engine/safetensors-writer.js';

const SHAPES: Readonly<Record<string, Record<string, unknown>>> = {
  'llama-1b': {
    model_type: 'llama',
    vocab_size: 32_000,
    hidden_size: 2048,
    intermediate_size: 5632,
    num_attention_heads: 32,
    num_key_value_heads: 4,
    hidden_act: 'silu',
    max_position_embeddings: 8192,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    tie_word_embeddings: false,
  },
  'v2-lite': {
    model_type: 'deepseek_v2',
    vocab_size: 32_000,
    hidden_size: 2048,
    intermediate_size: 10_944,
    moe_intermediate_size: 1408,
    num_attention_heads: 16,
    num_key_value_heads: 16,
    n_routed_experts: 64,
    n_shared_experts: 2,
    num_experts_per_tok: 6,
    routed_scaling_factor: 1,
    kv_lora_rank: 512,
    q_lora_rank: null,
    qk_rope_head_dim: 64,
    qk_nope_head_dim: 128,
    v_head_dim: 128,
    n_group: 1,
    topk_group: 1,
    topk_method: 'greedy',
    scoring_func: 'softmax',
    norm_topk_prob: false,
    first_k_dense_replace: 1,
    moe_layer_freq: 1,
    hidden_act: 'silu',
    max_position_embeddings: 8192,
    rms_norm_eps: 1e-6,
    rope_theta: 10_000,
    tie_word_embeddings: false,
  },
};

/** BF16 weights of about the right size: random mantissas and signs, exponents so that outputs neither vanish nor grow. */
function writeSynthetic(folder: string, config: Record<string, unknown>): void {
  const tensors = expectedTensors(archSpecOf(config));
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  const writer = new SafetensorsWriter(
    path.join(folder, 'model.safetensors'),
    tensors.map(({ name, shape }) => ({ name, shape, dtype: 'BF16' })),
  );
  let state = 1;
  for (const { name, shape } of tensors) {
    const values = new Uint16Array(shape.reduce((product, size) => product * size, 1));
    const isMatrix = shape.length > 1;
    const exponent = isMatrix ? 126 - Math.round(Math.log2(shape.at(-1) ?? 1) / 2) : 127;
    for (let i = 0; i < values.length; ++i) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const sign = isMatrix ? state >>> 31 : 0;
      values[i] = (sign << 15) | (exponent << 7) | ((state >>> 16) & 0x7f);
    }
    writer.append(name, values);
  }
  writer.close();
}

const { values } = parseArgs({
  options: {
    shape: { type: 'string', default: 'llama-1b' },
    layers: { type: 'string', default: '4' },
    tokens: { type: 'string', default: '512' },
    dtype: { type: 'string', default: 'bf16' },
    threads: { type: 'string', default: String(os.availableParallelism()) },
    repeats: { type: 'string', default: '7' },
  },
});
const shape = SHAPES[values.shape];
if (shape === undefined) throw new Error(`no shape ${values.shape}; there are ${Object.keys(SHAPES).join(', ')}`);
const folder = mkdtempSync(path.join(os.tmpdir(), 'evalrun-prefill-'));
try {
  writeSynthetic(folder, { ...shape, num_hidden_layers: Number(values.layers) });
  const tokens = Number(values.tokens);
  const engine = await loadEngine({
    model: folder,
    dtype: values.dtype as DType,
    threads: Number(values.threads),
    batchTokens: tokens,
    withoutTokenizer: true,
  });
  const { weights, perContextToken } = flopsPerToken(engine.arch);
  // Only the last row goes through the head; every row attends to half the prompt on average.
  const headFlops = 2 * engine.arch.width * engine.arch.vocabSize;
  const flops = tokens * (weights - headFlops + (perContextToken * tokens) / 2) + headFlops;
  const context = Array.from({ length: tokens }, (_, i) => (i * 7919) % engine.arch.vocabSize);
  const seconds: number[] = [];
  for (let run = 0; run <= Number(values.repeats); ++run) {
    const begin = performance.now();
    for await (const _ of engine.score([{ id: 'prompt', context, continuations: [[0]] }]));
    if (run > 0) seconds.push((performance.now() - begin) / 1000);
  }
  await engine.close();
  seconds.sort((a, b) => a - b);
  const [fastest, median, slowest] = [seconds[0], seconds[Math.floor(seconds.length / 2)], seconds.at(-1)] as [
    number,
    number,
    number,
  ];
  const rate = (time: number) => `${(tokens / time).toFixed(0)} tokens/s, ${(flops / time / 1e9).toFixed(0)} GFLOP/s`;
  console.log(`${values.shape}, ${values.layers} layers, ${tokens} tokens, ${values.dtype}, ${values.threads} threads`);
  console.log(`median ${rate(median)}; fastest ${rate(fastest)}; slowest ${rate(slowest)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
