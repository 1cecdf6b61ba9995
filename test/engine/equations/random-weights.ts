/** Random weights for a published config, spread so that every detail of the forward pass shows in the logits. */
import { expertCount, headDim, isDeepseek, isMoeLayer, type PublishedConfig } from './published-config.js';
import { SeededRandom } from './seeded-random.js';
import type { Row } from './vectors.js';

/** Standard deviations and factors; the defaults keep float32 within 1e-4 of float64. */
export interface Spread {
  readonly embedding: number;
  /** Factor on the rows of kv_a_proj that make the latent: small ones make the latent norm's eps show. */
  readonly latent: number;
  readonly selectionBiasMean: number;
  readonly selectionBias: number;
  /** Factor on every quantised matrix: calm models do not scramble their routing under e4m3. */
  readonly calm: number;
  /** Standard deviation of the routers' logits. */
  readonly router: number;
}

export const USUAL_SPREAD: Spread = {
  embedding: 1,
  latent: 1,
  selectionBiasMean: 0,
  selectionBias: 0.2,
  calm: 1,
  router: 1.5,
};

/** Matrices as rows, vectors as one row, by published name. */
export type NamedRows = Map<string, { readonly shape: readonly number[]; readonly rows: Row[] }>;

/** All tensors of the config, the MTP module's included, in the order in which a publisher would write them. */
export function randomWeights(config: PublishedConfig, seed: number, spread: Spread): NamedRows {
  return new WeightWriter(config, seed, spread).write();
}

class WeightWriter {
  private readonly out: NamedRows = new Map();
  private readonly random: SeededRandom;
  private readonly config: PublishedConfig;
  private readonly spread: Spread;

  constructor(config: PublishedConfig, seed: number, spread: Spread) {
    this.config = config;
    this.random = new SeededRandom(seed);
    this.spread = spread;
  }

  write(): NamedRows {
    const { config, spread } = this;
    const { hidden_size: width, vocab_size: vocab, num_hidden_layers: layers } = config;
    this.normal(
      'model.embed_tokens.weight',
      [vocab, width],
      config.tie_word_embeddings ? 2 / Math.sqrt(width) : spread.embedding,
    );
    for (let layer = 0; layer < layers + (config.num_nextn_predict_layers ?? 0); ++layer) this.layer(layer);
    this.norm('model.norm.weight', width);
    if (!config.tie_word_embeddings) this.matrix('lm_head.weight', vocab, width, 2);
    if (config.num_nextn_predict_layers) this.mtpExtras(`model.layers.${layers}.`);
    return this.out;
  }

  private layer(layer: number): void {
    const { config } = this;
    const width = config.hidden_size;
    const prefix = `model.layers.${layer}.`;
    this.norm(`${prefix}input_layernorm.weight`, width);
    this.norm(`${prefix}post_attention_layernorm.weight`, width);
    if (isDeepseek(config)) this.latentAttention(`${prefix}self_attn.`);
    else this.groupedQueryAttention(`${prefix}self_attn.`);
    if (isMoeLayer(config, layer)) this.moe(`${prefix}mlp.`);
    else this.mlp(`${prefix}mlp.`, config.intermediate_size);
  }

  private moe(prefix: string): void {
    const { config } = this;
    const moeWidth = config.moe_intermediate_size as number;
    this.matrix(`${prefix}gate.weight`, expertCount(config), config.hidden_size, this.spread.router);
    if (config.topk_method === 'noaux_tc') {
      this.normal(
        `${prefix}gate.e_score_correction_bias`,
        [expertCount(config)],
        this.spread.selectionBias,
        this.spread.selectionBiasMean,
      );
    }
    for (let e = 0; e < expertCount(config); ++e) this.mlp(`${prefix}experts.${e}.`, moeWidth);
    if (config.n_shared_experts) this.mlp(`${prefix}shared_experts.`, moeWidth * config.n_shared_experts);
  }

  private latentAttention(prefix: string): void {
    const { config } = this;
    const { hidden_size: width, num_attention_heads: heads } = config;
    const [nope, rope, v] = [
      config.qk_nope_head_dim as number,
      config.qk_rope_head_dim as number,
      config.v_head_dim as number,
    ];
    const rank = config.kv_lora_rank as number;
    if (config.q_lora_rank) {
      this.matrix(`${prefix}q_a_proj.weight`, config.q_lora_rank, width, 1 * this.spread.calm);
      this.norm(`${prefix}q_a_layernorm.weight`, config.q_lora_rank);
      this.matrix(`${prefix}q_b_proj.weight`, heads * (nope + rope), config.q_lora_rank, 1.5 * this.spread.calm);
    } else {
      this.matrix(`${prefix}q_proj.weight`, heads * (nope + rope), width, 1.5 * this.spread.calm);
    }
    const compress = this.matrix(`${prefix}kv_a_proj_with_mqa.weight`, rank + rope, width, 1.2 * this.spread.calm);
    for (const row of compress.slice(0, rank))
      row.forEach((value, i) => {
        row[i] = value * this.spread.latent;
      });
    this.norm(`${prefix}kv_a_layernorm.weight`, rank);
    this.matrix(`${prefix}kv_b_proj.weight`, heads * (nope + v), rank, 1.5 * this.spread.calm);
    this.matrix(`${prefix}o_proj.weight`, width, heads * v, 1.5 * this.spread.calm);
  }

  private groupedQueryAttention(prefix: string): void {
    const { config } = this;
    const { hidden_size: width, num_attention_heads: heads, num_key_value_heads: kvHeads } = config;
    const d = headDim(config);
    for (const [name, count] of [
      ['q', heads],
      ['k', kvHeads],
      ['v', kvHeads],
    ] as const) {
      this.matrix(`${prefix}${name}_proj.weight`, count * d, width, 1.5 * this.spread.calm);
      if (config.model_type === 'qwen2' || config.attention_bias)
        this.normal(`${prefix}${name}_proj.bias`, [count * d], 0.5);
    }
    this.matrix(`${prefix}o_proj.weight`, width, heads * d, 1.5 * this.spread.calm);
    if (config.attention_bias) this.normal(`${prefix}o_proj.bias`, [width], 0.5);
    if (!config.model_type.startsWith('qwen3')) return;
    this.norm(`${prefix}q_norm.weight`, d);
    this.norm(`${prefix}k_norm.weight`, d);
  }

  private mlp(prefix: string, inner: number): void {
    const width = this.config.hidden_size;
    for (const [name, rows, columns] of [
      ['gate', inner, width],
      ['up', inner, width],
      ['down', width, inner],
    ] as const) {
      this.matrix(`${prefix}${name}_proj.weight`, rows, columns, 1.5 * this.spread.calm);
      if (this.config.mlp_bias) this.normal(`${prefix}${name}_proj.bias`, [rows], 0.3);
    }
  }

  private mtpExtras(prefix: string): void {
    const width = this.config.hidden_size;
    for (const name of ['enorm', 'hnorm', 'shared_head.norm']) this.norm(`${prefix}${name}.weight`, width);
    this.matrix(`${prefix}eh_proj.weight`, width, 2 * width, 1.5);
    this.copy(`${prefix}shared_head.head.weight`, 'lm_head.weight');
    this.copy(`${prefix}embed_tokens.weight`, 'model.embed_tokens.weight');
  }

  private matrix(name: string, rows: number, columns: number, gain: number): Row[] {
    return this.normal(name, [rows, columns], gain / Math.sqrt(columns));
  }

  private norm(name: string, width: number): void {
    this.normal(name, [width], 0.1, 1);
  }

  private normal(name: string, shape: readonly number[], deviation: number, mean = 0): Row[] {
    const columns = shape.at(-1) as number;
    const count = shape.length === 2 ? (shape[0] as number) : 1;
    const rows = Array.from({ length: count }, () =>
      Float64Array.from({ length: columns }, () => mean + deviation * this.random.normal()),
    );
    this.out.set(name, { shape, rows });
    return rows;
  }

  private copy(name: string, source: string): void {
    this.out.set(name, this.out.get(source) as { shape: number[]; rows: Row[] });
  }
}
