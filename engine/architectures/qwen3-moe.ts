/** Qwen3-MoE: Qwen3's attention with softmax-routed experts and no shared one. */
import { z } from 'zod';
import {
  countOrZero,
  expertCount,
  flag,
  layerCount,
  readFields,
  requireAtMost,
  requireManageable,
  size,
} from './config-fields.js';
import type { ModelFamily } from './family.js';
import { groupedQueryArchSpec } from './grouped-query.js';

export const qwen3Moe: ModelFamily = {
  modelTypes: ['qwen3_moe'],
  archSpec(config) {
    const fields = readFields(config, {
      num_hidden_layers: layerCount,
      num_key_value_heads: size,
      num_experts: expertCount,
      num_experts_per_tok: size,
      moe_intermediate_size: size,
      norm_topk_prob: flag.default(false),
      decoder_sparse_step: size.default(1),
      mlp_only_layers: z.array(countOrZero).nullish(),
    });
    requireAtMost('num_experts_per_tok', fields.num_experts_per_tok, 'num_experts', fields.num_experts);
    requireManageable(fields.num_hidden_layers, 'num_experts', fields.num_experts);
    const denseLayers = new Set(fields.mlp_only_layers ?? []);
    const isMoe = (layer: number) => !denseLayers.has(layer) && (layer + 1) % fields.decoder_sparse_step === 0;
    return groupedQueryArchSpec(config, {
      bias: 'attention_bias',
      qkNorm: true,
      windows: 'when-used',
      feedForward: Array.from({ length: fields.num_hidden_layers }, (_, layer) => (isMoe(layer) ? 'moe' : 'dense')),
      moe: {
        experts: fields.num_experts,
        expertsPerToken: fields.num_experts_per_tok,
        width: fields.moe_intermediate_size,
        sharedWidth: 0,
        scoring: 'softmax',
        selectionBias: false,
        groups: 1,
        groupsPerToken: 1,
        groupScore: 'max',
        normalizeTopK: fields.norm_topk_prob,
        routedScale: 1,
      },
    });
  },
};
