/** Mistral 7B and its successors in the same layout: Llama with a sliding window on every layer. */
import { readFields, size } from './config-fields.js';
import type { ModelFamily } from './family.js';
import { groupedQueryArchSpec } from './grouped-query.js';

export const mistral: ModelFamily = {
  modelTypes: ['mistral'],
  archSpec(config) {
    // A missing num_key_value_heads means 8 here, not num_attention_heads as in Llama; ask instead of guessing.
    readFields(config, { num_key_value_heads: size });
    return groupedQueryArchSpec(config, { bias: 'none', qkNorm: false, windows: 'always' });
  },
};
