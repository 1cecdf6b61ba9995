/** ArchSpec: everything the one graph needs to know about a model; families differ by these fields, never by name. */

export interface RopeSpec {
  /** Pairs (x0,x1),(x2,x3).. or (x0,x[d/2])..: how the checkpoint's weights lay rotary dimensions out. */
  readonly layout: 'interleaved' | 'half';
  /** Rotated dimensions per head. */
  readonly dim: number;
  /** dim/2 angular frequencies in radians per position, YaRN or llama3 scaling already applied. */
  readonly inverseFrequencies: readonly number[];
  /** Factor on cos and sin (YaRN's m(mscale)/m(mscale_all_dim)); 1 for every model except odd YaRN settings. */
  readonly attentionFactor: number;
}

/** Grouped-query attention; multi-head when kvHeads equals heads. */
export interface GqaSpec {
  readonly kind: 'gqa';
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly qkvBias: boolean;
  readonly outputBias: boolean;
  /** RMS norm over each head's q and k before rope (Qwen3). */
  readonly qkNorm: boolean;
  readonly qkNormEps: number;
}

/** Multi-head Latent Attention. */
export interface MlaSpec {
  readonly kind: 'mla';
  readonly heads: number;
  /** Rank of the query's low-rank projection; null projects in one step. */
  readonly qLoraRank: number | null;
  readonly kvLoraRank: number;
  readonly qkNopeHeadDim: number;
  readonly qkRopeHeadDim: number;
  readonly vHeadDim: number;
  readonly attentionBias: boolean;
  /** eps of q_a_layernorm and kv_a_layernorm: always 1e-6, whatever rms_norm_eps says. */
  readonly latentNormEps: number;
}

export interface MoeSpec {
  readonly experts: number;
  readonly expertsPerToken: number;
  readonly width: number;
  /** Width of the shared expert's one MLP (n_shared * width); 0 for none. */
  readonly sharedWidth: number;
  readonly scoring: 'sigmoid' | 'softmax';
  /** e_score_correction_bias: used for selection only. */
  readonly selectionBias: boolean;
  readonly groups: number;
  readonly groupsPerToken: number;
  /** A group's score: its best expert, or the sum of its two best (V3). Ignored when groups is 1. */
  readonly groupScore: 'max' | 'top2-sum';
  readonly normalizeTopK: boolean;
  readonly routedScale: number;
}

export interface ArchSpec {
  /** config.json's model_type. */
  readonly modelType: string;
  readonly vocabSize: number;
  readonly width: number;
  /** Main layers, without MTP modules. */
  readonly layers: number;
  readonly attention: GqaSpec | MlaSpec;
  /** Factor on q.k before the softmax, YaRN's correction included. */
  readonly softmaxScale: number;
  readonly rope: RopeSpec;
  readonly normEps: number;
  /** Per main layer (and per MTP layer, following): which feed-forward it has. */
  readonly feedForward: readonly ('dense' | 'moe')[];
  readonly denseWidth: number;
  readonly moe: MoeSpec | null;
  readonly mlpBias: boolean;
  /** Per layer (and MTP layer): a query sees its own position and the window - 1 before it; 0 for no window. */
  readonly slidingWindows: readonly number[];
  readonly tiedHead: boolean;
  /** Multi-token-prediction modules after the main layers (0 or 1 is used; more are ignored by rule). */
  readonly mtpLayers: number;
  readonly contextLength: number;
  readonly bosId: number | null;
  readonly eosIds: readonly number[];
  /** Storage of the checkpoint's quantised weights, null when it has none. */
  readonly weightQuantization: {
    readonly format: 'e4m3';
    readonly block: readonly [number, number];
    readonly scaleFormat: 'f32' | 'ue8m0';
  } | null;
}
