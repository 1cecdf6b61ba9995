/** ArchSpec of the grouped-query families (Llama, Mistral, Qwen): what they share, with their differences as options. */
import type { ArchSpec, MoeSpec } from '../arch-spec.js';
import {
  baseFields,
  flag,
  headCount,
  headWidth,
  readFields,
  requireDivides,
  size,
  specialIds,
} from './config-fields.js';
import type { RawConfig } from './family.js';
import { weightQuantization } from './quantization.js';
import { readRope } from './rope.js';
import { slidingWindows, type WindowRule } from './sliding-window.js';

export interface GroupedQueryTraits {
  /** Biases on q, k, v and on o: as attention_bias says, or fixed. */
  readonly bias: 'attention_bias' | 'qkv' | 'none';
  readonly qkNorm: boolean;
  readonly windows: WindowRule;
  /** head_dim where config.json has none; default hidden_size / num_attention_heads. */
  readonly defaultHeadDim?: number;
  readonly mlpBias?: boolean;
  readonly moe?: MoeSpec;
  readonly feedForward?: ArchSpec['feedForward'];
}

export function groupedQueryArchSpec(config: RawConfig, traits: GroupedQueryTraits): ArchSpec {
  const fields = readFields(config, {
    ...baseFields,
    intermediate_size: size,
    num_key_value_heads: headCount.nullish(),
    head_dim: headWidth.nullish(),
    mlp_bias: flag.default(false),
  });
  const heads = fields.num_attention_heads;
  const kvHeads = fields.num_key_value_heads ?? heads;
  requireDivides('num_key_value_heads', kvHeads, 'num_attention_heads', heads);
  const givenHeadDim = fields.head_dim ?? traits.defaultHeadDim;
  if (givenHeadDim === undefined) requireDivides('num_attention_heads', heads, 'hidden_size', fields.hidden_size);
  const headDim = givenHeadDim ?? fields.hidden_size / heads;
  const rope = readRope(config, headDim, 'half');
  const layers = fields.num_hidden_layers;
  return {
    modelType: fields.model_type,
    vocabSize: fields.vocab_size,
    width: fields.hidden_size,
    layers,
    attention: {
      kind: 'gqa',
      heads,
      kvHeads,
      headDim,
      qkvBias: traits.bias === 'qkv' || (traits.bias === 'attention_bias' && fields.attention_bias),
      outputBias: traits.bias === 'attention_bias' && fields.attention_bias,
      qkNorm: traits.qkNorm,
      qkNormEps: fields.rms_norm_eps,
    },
    // These families put YaRN's magnitude into cos and sin alone.
    softmaxScale: headDim ** -0.5,
    rope: rope.spec,
    normEps: fields.rms_norm_eps,
    feedForward: traits.feedForward ?? Array<'dense'>(layers).fill('dense'),
    denseWidth: fields.intermediate_size,
    moe: traits.moe ?? null,
    mlpBias: traits.mlpBias === true && fields.mlp_bias,
    slidingWindows: slidingWindows(config, traits.windows, layers),
    tiedHead: fields.tie_word_embeddings,
    mtpLayers: 0,
    contextLength: rope.contextLength,
    ...specialIds(fields),
    weightQuantization: weightQuantization(config),
  };
}
