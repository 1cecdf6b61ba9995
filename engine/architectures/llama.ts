/** Llama (1 to 3.2) and everything published in its layout. */
import type { ModelFamily } from './family.js';
import { groupedQueryArchSpec } from './grouped-query.js';

export const llama: ModelFamily = {
  modelTypes: ['llama'],
  archSpec: (config) =>
    groupedQueryArchSpec(config, { bias: 'attention_bias', mlpBias: true, qkNorm: false, windows: 'none' }),
};
