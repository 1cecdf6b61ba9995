/** Qwen3, dense: a norm over each head's q and k, heads of 128 whatever the width. */
import { readFields, size } from './config-fields.js';
import type { ModelFamily } from './family.js';
import { groupedQueryArchSpec } from './grouped-query.js';

export const qwen3: ModelFamily = {
  modelTypes: ['qwen3'],
  archSpec(config) {
    readFields(config, { num_key_value_heads: size });
    return groupedQueryArchSpec(config, {
      bias: 'attention_bias',
      qkNorm: true,
      windows: 'upper-layers',
      defaultHeadDim: 128,
    });
  },
};
