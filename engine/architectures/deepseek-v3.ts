/** DeepSeek-V3, V3.1 and R1, Moonlight, and Kimi K2, which is the same graph under another model_type. */
import { z } from 'zod';
import { flag, positive, readFields, size } from './config-fields.js';
import type { ModelFamily, RawConfig } from './family.js';
import { latentAttentionArchSpec, type Router, routerFields } from './latent-attention.js';

export const deepseekV3: ModelFamily = {
  modelTypes: ['deepseek_v3', 'kimi_k2'],
  archSpec: (config) => latentAttentionArchSpec(config, readRouter),
};

/**
 * Sigmoid scores; a bias that only selects; groups ranked by the sum of their two best (DeepSeek-V3,
 * inference/model.py, Gate).
 */
function readRouter(config: RawConfig): Router {
  const fields = readFields(config, {
    ...routerFields,
    n_group: size,
    topk_group: size,
    norm_topk_prob: flag,
    routed_scaling_factor: positive,
    scoring_func: z.literal('sigmoid', 'sigmoid, as in every DeepSeek-V3').default('sigmoid'),
    topk_method: z.literal('noaux_tc', 'noaux_tc, as in every DeepSeek-V3').default('noaux_tc'),
  });
  return {
    scoring: 'sigmoid',
    selectionBias: true,
    groups: fields.n_group,
    groupsPerToken: fields.topk_group,
    groupScore: 'top2-sum',
    normalizeTopK: fields.norm_topk_prob,
    routedScale: fields.routed_scaling_factor,
  };
}
