/** DeepSeek-V2, V2-Lite, V2.5 and Coder-V2. */
import { z } from 'zod';
import { readFields, size } from './config-fields.js';
import type { ModelFamily, RawConfig } from './family.js';
import { latentAttentionArchSpec, type Router, routerFields } from './latent-attention.js';

export const deepseekV2: ModelFamily = {
  modelTypes: ['deepseek_v2'],
  archSpec: (config) => latentAttentionArchSpec(config, readRouter),
};

/**
 * Softmax scores over all experts; "greedy" knows no groups, "group_limited_greedy" ranks them by their best expert.
 *
 * With norm_topk_prob (no published V2 has it) DeepSeek's own code divides the weights by their sum and then leaves
 * routed_scaling_factor out (modeling_deepseek.py, MoEGate), while transformers ignores the key. The authors' code is
 * followed.
 */
function readRouter(config: RawConfig): Router {
  const { topk_method: method } = readFields(config, {
    topk_method: z.enum(['greedy', 'group_limited_greedy'], 'greedy or group_limited_greedy').default('greedy'),
  });
  const grouped = method === 'group_limited_greedy';
  const fields = readFields(config, {
    ...routerFields,
    ...(grouped ? { n_group: size, topk_group: size } : {}),
    scoring_func: z.literal('softmax', 'softmax, as in every DeepSeek-V2').default('softmax'),
  });
  return {
    scoring: 'softmax',
    selectionBias: false,
    groups: grouped ? (fields.n_group ?? 1) : 1,
    groupsPerToken: grouped ? (fields.topk_group ?? 1) : 1,
    groupScore: 'max',
    normalizeTopK: fields.norm_topk_prob,
    routedScale: fields.norm_topk_prob ? 1 : fields.routed_scaling_factor,
  };
}
