/** Random checkpoints for fp8 mode, with rows wider than a group and blocks cut short at the edges. */
import type { CheckpointSpec } from './checkpoint-maker.js';
import { DEEPSEEK } from './deepseek-fixtures.js';
import { DENSE } from './dense-fixtures.js';
import type { NamedRows } from './random-weights.js';
import type { Row } from './vectors.js';

/** Settings under which e4m3 rounding moves the logits without scrambling them. */
const CALM = { calm: 0.5 } as const;

/** Checkpoints for fp8 mode: few layers and calm weights, so that activation rounding does not compound into noise. */
export const fp8Fixtures = {
  llama: {
    name: 'fp8 llama: quantised at load, rows wider than a group, ragged blocks',
    seed: 21,
    config: {
      ...DENSE,
      hidden_size: 150,
      intermediate_size: 203,
      num_hidden_layers: 2,
      num_attention_heads: 5,
      num_key_value_heads: 1,
      head_dim: 30,
    },
    storage: 'bf16',
    spread: CALM,
  },
  llamaTies: {
    name: 'fp8 llama: weights on the edges between codes, and a quiet group of activations',
    seed: 22,
    config: {
      ...DENSE,
      hidden_size: 140,
      intermediate_size: 131,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: 20,
    },
    storage: 'bf16',
    spread: CALM,
    adjust: (weights) => {
      quietLastGroup(weights);
      makeCodesTie(weights);
    },
  },
  v3: {
    name: 'fp8 deepseek-v3: stored as e4m3 with ragged blocks, MTP',
    seed: 23,
    config: {
      ...DEEPSEEK,
      hidden_size: 160,
      intermediate_size: 200,
      moe_intermediate_size: 67,
      num_hidden_layers: 2,
      q_lora_rank: 135,
      kv_lora_rank: 130,
      qk_rope_head_dim: 20,
      qk_nope_head_dim: 36,
      v_head_dim: 44,
      n_routed_experts: 6,
      n_group: 2,
      topk_group: 1,
      num_experts_per_tok: 2,
      num_nextn_predict_layers: 1,
    },
    storage: 'fp8',
    spread: CALM,
  },
} satisfies Record<string, CheckpointSpec>;

const QUIET = 1e-9;

/** The normalised row's second group of 128 is near 1e-9, below the clamp, and its weights near 1e9: the clamp shows. */
function quietLastGroup(weights: NamedRows): void {
  for (const [name, { rows }] of weights) {
    const factor = /(input|post_attention)_layernorm/.test(name)
      ? QUIET
      : /(q|k|v|gate|up)_proj\.weight/.test(name)
        ? 1 / QUIET
        : 1;
    for (const row of rows) for (let i = 128; i < row.length; ++i) row[i] = (row[i] as number) * factor;
  }
}

/** An amax of 1.75 makes a block's scale 2^-8, so that one bf16 weight in sixteen lies halfway between two codes. */
function makeCodesTie(weights: NamedRows): void {
  for (const [name, { rows }] of weights) {
    if (!name.includes('down_proj')) continue;
    for (let top = 0; top < rows.length; top += 128) {
      for (let left = 0; left < (rows[0] as Row).length; left += 128) (rows[top] as Row)[left] = 1.75;
    }
  }
}
