/** Qwen2 and Qwen2.5: biases on q, k and v. */
import { readFields, size } from './config-fields.js';
import type { ModelFamily } from './family.js';
import { groupedQueryArchSpec } from './grouped-query.js';

export const qwen2: ModelFamily = {
  modelTypes: ['qwen2'],
  archSpec(config) {
    readFields(config, { num_key_value_heads: size });
    return groupedQueryArchSpec(config, { bias: 'qkv', qkNorm: false, windows: 'upper-layers' });
  },
};
