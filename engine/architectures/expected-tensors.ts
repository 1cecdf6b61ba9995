/** Every tensor that a checkpoint of a given architecture holds, by its published name, with its shape and its part. */
import type { ArchSpec, GqaSpec, MlaSpec, MoeSpec } from '../arch-spec.js';

/** What a tensor's parameters count as. */
export type ModelPart =
  | 'embedding'
  | 'attention'
  | 'denseFfn'
  | 'router'
  | 'experts'
  | 'sharedExperts'
  | 'norms'
  | 'head'
  | 'mtpProjection';

export interface ExpectedTensor {
  readonly name: string;
  /** Linear weights are [out, in]. */
  readonly shape: readonly number[];
  /** A linear weight that FP8 checkpoints store as F8_E4M3 with scales: not embeddings, head, norms, router or biases. */
  readonly quantizable: boolean;
  /** Stays BF16 in fp8 mode though it may be stored as FP8: kv_b_proj, so that both forms of MLA agree. */
  readonly bf16InFp8Mode: boolean;
  readonly part: ModelPart;
  /** Belongs to the multi-token-prediction module. */
  readonly mtp: boolean;
}

type Emit = (name: string, shape: readonly number[], part: ModelPart, linear?: 'linear' | 'bf16-linear') => void;

/**
 * All tensors of `arch` in the order of the forward pass. A tied head is not among them: it is the embedding. The first
 * MTP module follows the main layers as model.layers.<layers>, without the copies of embedding and head it is published with.
 */
export function expectedTensors(arch: ArchSpec): ExpectedTensor[] {
  const tensors: ExpectedTensor[] = [];
  let mtp = false;
  const emit: Emit = (name, shape, part, linear) => {
    tensors.push({
      name,
      shape,
      quantizable: linear !== undefined,
      bf16InFp8Mode: linear === 'bf16-linear',
      part,
      mtp,
    });
  };
  emit('model.embed_tokens.weight', [arch.vocabSize, arch.width], 'embedding');
  for (let layer = 0; layer < arch.layers; layer++) emitLayer(emit, arch, layer);
  emit('model.norm.weight', [arch.width], 'norms');
  if (!arch.tiedHead) emit('lm_head.weight', [arch.vocabSize, arch.width], 'head');
  if (arch.mtpLayers > 0) {
    mtp = true;
    const prefix = `model.layers.${arch.layers}`;
    emit(`${prefix}.enorm.weight`, [arch.width], 'norms');
    emit(`${prefix}.hnorm.weight`, [arch.width], 'norms');
    emit(`${prefix}.eh_proj.weight`, [arch.width, 2 * arch.width], 'mtpProjection');
    emitLayer(emit, arch, arch.layers);
    emit(`${prefix}.shared_head.norm.weight`, [arch.width], 'norms');
  }
  return tensors;
}

function emitLayer(emit: Emit, arch: ArchSpec, layer: number): void {
  const prefix = `model.layers.${layer}`;
  const { attention } = arch;
  emit(`${prefix}.input_layernorm.weight`, [arch.width], 'norms');
  if (attention.kind === 'mla') emitLatent(emit, arch.width, attention, `${prefix}.self_attn`);
  else emitGroupedQuery(emit, arch.width, attention, `${prefix}.self_attn`);
  emit(`${prefix}.post_attention_layernorm.weight`, [arch.width], 'norms');
  if (arch.feedForward[layer] === 'moe' && arch.moe !== null) emitMoe(emit, arch.width, arch.moe, `${prefix}.mlp`);
  else emitMlp(emit, arch.width, arch.denseWidth, `${prefix}.mlp`, 'denseFfn', arch.mlpBias);
}

function emitGroupedQuery(emit: Emit, width: number, attention: GqaSpec, prefix: string): void {
  const { headDim } = attention;
  const query = attention.heads * headDim;
  const keyValue = attention.kvHeads * headDim;
  for (const [name, rows] of [
    ['q_proj', query],
    ['k_proj', keyValue],
    ['v_proj', keyValue],
  ] as const) {
    emit(`${prefix}.${name}.weight`, [rows, width], 'attention', 'linear');
    if (attention.qkvBias) emit(`${prefix}.${name}.bias`, [rows], 'attention');
  }
  if (attention.qkNorm) {
    emit(`${prefix}.q_norm.weight`, [headDim], 'norms');
    emit(`${prefix}.k_norm.weight`, [headDim], 'norms');
  }
  emit(`${prefix}.o_proj.weight`, [width, query], 'attention', 'linear');
  if (attention.outputBias) emit(`${prefix}.o_proj.bias`, [width], 'attention');
}

function emitLatent(emit: Emit, width: number, attention: MlaSpec, prefix: string): void {
  const { heads, qLoraRank, kvLoraRank, qkNopeHeadDim, qkRopeHeadDim, vHeadDim, attentionBias } = attention;
  const query = heads * (qkNopeHeadDim + qkRopeHeadDim);
  if (qLoraRank === null) emit(`${prefix}.q_proj.weight`, [query, width], 'attention', 'linear');
  else {
    emit(`${prefix}.q_a_proj.weight`, [qLoraRank, width], 'attention', 'linear');
    if (attentionBias) emit(`${prefix}.q_a_proj.bias`, [qLoraRank], 'attention');
    emit(`${prefix}.q_a_layernorm.weight`, [qLoraRank], 'norms');
    emit(`${prefix}.q_b_proj.weight`, [query, qLoraRank], 'attention', 'linear');
  }
  emit(`${prefix}.kv_a_proj_with_mqa.weight`, [kvLoraRank + qkRopeHeadDim, width], 'attention', 'linear');
  if (attentionBias) emit(`${prefix}.kv_a_proj_with_mqa.bias`, [kvLoraRank + qkRopeHeadDim], 'attention');
  emit(`${prefix}.kv_a_layernorm.weight`, [kvLoraRank], 'norms');
  emit(`${prefix}.kv_b_proj.weight`, [heads * (qkNopeHeadDim + vHeadDim), kvLoraRank], 'attention', 'bf16-linear');
  emit(`${prefix}.o_proj.weight`, [width, heads * vHeadDim], 'attention', 'linear');
  if (attentionBias) emit(`${prefix}.o_proj.bias`, [width], 'attention');
}

function emitMoe(emit: Emit, width: number, moe: MoeSpec, prefix: string): void {
  emit(`${prefix}.gate.weight`, [moe.experts, width], 'router');
  if (moe.selectionBias) emit(`${prefix}.gate.e_score_correction_bias`, [moe.experts], 'router');
  for (let expert = 0; expert < moe.experts; expert++) {
    emitMlp(emit, width, moe.width, `${prefix}.experts.${expert}`, 'experts', false);
  }
  if (moe.sharedWidth > 0) emitMlp(emit, width, moe.sharedWidth, `${prefix}.shared_experts`, 'sharedExperts', false);
}

function emitMlp(emit: Emit, width: number, inner: number, prefix: string, part: ModelPart, bias: boolean): void {
  for (const [name, rows, columns] of [
    ['gate_proj', inner, width],
    ['up_proj', inner, width],
    ['down_proj', width, inner],
  ] as const) {
    emit(`${prefix}.${name}.weight`, [rows, columns], part, 'linear');
    if (bias) emit(`${prefix}.${name}.bias`, [rows], part);
  }
}
