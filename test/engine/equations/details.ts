/** The details of the forward pass that engines get wrong, each a switch: the right setting, and the known mistakes. */

export interface Details {
  /** Biased score given to the experts of groups that were not kept. */
  readonly maskedScore: number;
  /** Expert weights come from the scores without the selection bias. */
  readonly weightsFrom: 'scores' | 'biased scores' | 'float32 of biased minus bias';
  /** How deepseek_v3 ranks groups; deepseek_v2 takes the maximum. */
  readonly groupScore: 'published' | 'the other';
  readonly respectGroups: boolean;
  readonly normalizeTopK: 'published' | 'inverted';
  /** On top of routed_scaling_factor. */
  readonly routedScaleFactor: number;
  /** The shared experts' output is neither weighted nor scaled. */
  readonly scaleShared: boolean;
  readonly tieGoesTo: 'lower' | 'higher';
  /** DeepSeek's m(mscale_all_dim)^2 on the softmax scale. */
  readonly yarnSoftmaxCorrection: boolean;
  /** YaRN's m(mscale) / m(mscale_all_dim) on cos and sin. */
  readonly yarnCosSinFactor: boolean;
  /** False leaves YaRN's and llama3's frequencies unscaled. */
  readonly scaleFrequencies: boolean;
  readonly ropeLayout: 'published' | 'the other';
  /** eps of q_a_layernorm and kv_a_layernorm; undefined takes the config's rms_norm_eps. */
  readonly latentNormEps: number | undefined;
  /** eps of every other norm; undefined takes the config's rms_norm_eps. */
  readonly normEps: number | undefined;
  readonly qkNorm: 'before rope' | 'after rope' | 'none';
  readonly useBiases: boolean;
  /** Added to the published width of the sliding window. */
  readonly extraWindow: number;
  readonly useWindow: boolean;
  readonly headOfQuery: 'h / group' | 'h % kv heads';
  readonly swapGateAndUp: boolean;
  readonly mtpConcat: 'embedding first' | 'hidden first';
  readonly mtpHidden: 'after final norm' | 'before final norm';
  /** Smallest amax of an activation group. */
  readonly activationClamp: number;
  readonly activationGroup: number;
  readonly ties: 'to even' | 'away from zero';
  readonly divide: 'by the scale' | 'by reciprocal';
  /** kv_b_proj's input is not quantised, nor are its stored weights. */
  readonly quantizeKvB: boolean;
  readonly quantizeRouter: boolean;
}

export const PUBLISHED: Details = {
  maskedScore: -Infinity,
  weightsFrom: 'scores',
  groupScore: 'published',
  respectGroups: true,
  normalizeTopK: 'published',
  routedScaleFactor: 1,
  scaleShared: false,
  tieGoesTo: 'lower',
  yarnSoftmaxCorrection: true,
  yarnCosSinFactor: true,
  scaleFrequencies: true,
  ropeLayout: 'published',
  latentNormEps: 1e-6,
  normEps: undefined,
  qkNorm: 'before rope',
  useBiases: true,
  extraWindow: 0,
  useWindow: true,
  headOfQuery: 'h / group',
  swapGateAndUp: false,
  mtpConcat: 'embedding first',
  mtpHidden: 'after final norm',
  activationClamp: 1e-4,
  activationGroup: 128,
  ties: 'to even',
  divide: 'by the scale',
  quantizeKvB: false,
  quantizeRouter: false,
};
