/**
 * The text of a plan (native/check/plan_file.h reads it): lines of words, in this order.
 *
 *     evalrun-plan 1
 *     name NAME
 *     spec FIELD VALUE...                    see specLines
 *     numerics DTYPE LINEAR HEAD ATTENTION KV_B KV ROUND_NORMALIZED SHORT_FP8_SUMS
 *     file BYTES PATH                        relative to the plan; files are counted from 0, with the random ones
 *     random BYTES DTYPE MEAN DEVIATION      a file of seeded random numbers that the reader makes
 *     tensor NAME DTYPE RANK SIZES... FILE OFFSET [SCALE_DTYPE SCALE_FILE SCALE_OFFSET]
 *     prompt ID TOKENS...
 *     expected KIND FILE OFFSET              float32 of the prompt before it: logits | logits_mtp | logits_w8a8
 *     cost WEIGHT_FLOPS CONTEXT_FLOPS KV_ELEMENTS    per token, as engine/accounting counts them
 *     end LINES
 */
import { flopsPerToken } from '../../engine/accounting/flops.js';
import { kvElementsPerToken } from '../../engine/accounting/kv-cache.js';
import type { ArchSpec } from '../../engine/arch-spec.js';
import type { DType } from '../../engine/engine.js';
import { numericsOf } from '../../engine/numerics.js';

export type PlanFile =
  | { readonly size: number; readonly path: string }
  | { readonly size: number; readonly dtype: string; readonly mean: number; readonly deviation: number };

/** A tensor's or its scales' place: the number of a file, and a byte in it. */
export interface PlanPlace {
  readonly dtype: string;
  readonly file: number;
  readonly offset: number;
}

export interface PlanTensor extends PlanPlace {
  readonly name: string;
  readonly shape: readonly number[];
  readonly scale?: PlanPlace | undefined;
}

export type ExpectedKind = 'logits' | 'logits_mtp' | 'logits_w8a8';

export interface PlanPrompt {
  readonly id: string;
  readonly tokens: readonly number[];
  readonly expected: readonly { readonly kind: ExpectedKind; readonly file: number; readonly offset: number }[];
}

export interface Plan {
  readonly name: string;
  readonly arch: ArchSpec;
  readonly dtypes: readonly DType[];
  readonly files: readonly PlanFile[];
  readonly tensors: readonly PlanTensor[];
  readonly prompts: readonly PlanPrompt[];
}

/** The whole file, with the newline at its end. */
export function planText(plan: Plan): string {
  const { weights, perContextToken } = flopsPerToken(plan.arch);
  const lines = [
    'evalrun-plan 1',
    `name ${plan.name}`,
    ...specLines(plan.arch),
    ...plan.dtypes.map(numericsLine),
    ...plan.files.map(fileLine),
    ...plan.tensors.map(tensorLine),
    ...plan.prompts.flatMap(promptLines),
    `cost ${weights} ${perContextToken} ${kvElementsPerToken(plan.arch)}`,
  ];
  return `${[...lines, `end ${lines.length + 1}`].join('\n')}\n`;
}

function specLines(arch: ArchSpec): string[] {
  const { attention, moe, rope } = arch;
  const fields: Record<string, number | boolean | string | readonly number[]> = {
    vocab: arch.vocabSize,
    width: arch.width,
    layers: arch.layers,
    mtp_layers: arch.mtpLayers > 0 ? 1 : 0,
    dense_width: arch.denseWidth,
    context_length: arch.contextLength,
    latent: attention.kind === 'mla',
    softmax_scale: arch.softmaxScale,
    norm_eps: arch.normEps,
    rope_interleaved: rope.layout === 'interleaved',
    rope_dim: rope.dim,
    rope_factor: rope.attentionFactor,
    rope_frequencies: rope.inverseFrequencies,
    layer_is_moe: arch.feedForward.map((kind) => (kind === 'moe' ? 1 : 0)),
    sliding_windows: arch.slidingWindows,
    mlp_bias: arch.mlpBias,
    tied_head: arch.tiedHead,
    ...(attention.kind === 'mla'
      ? {
          mla_heads: attention.heads,
          q_lora_rank: attention.qLoraRank ?? 0,
          kv_lora_rank: attention.kvLoraRank,
          nope_dim: attention.qkNopeHeadDim,
          mla_rope_dim: attention.qkRopeHeadDim,
          v_dim: attention.vHeadDim,
          attention_bias: attention.attentionBias,
          latent_norm_eps: attention.latentNormEps,
        }
      : {
          gqa_heads: attention.heads,
          kv_heads: attention.kvHeads,
          head_dim: attention.headDim,
          qkv_bias: attention.qkvBias,
          output_bias: attention.outputBias,
          qk_norm: attention.qkNorm,
          qk_norm_eps: attention.qkNormEps,
        }),
    ...(moe !== null && {
      experts: moe.experts,
      experts_per_token: moe.expertsPerToken,
      expert_width: moe.width,
      shared_width: moe.sharedWidth,
      scoring: moe.scoring,
      group_score: moe.groupScore,
      selection_bias: moe.selectionBias,
      normalize: moe.normalizeTopK,
      groups: moe.groups,
      groups_per_token: moe.groupsPerToken,
      routed_scale: moe.routedScale,
    }),
  };
  return Object.entries(fields).map(([name, value]) => `spec ${name} ${valueText(value)}`);
}

function valueText(value: number | boolean | string | readonly number[]): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  return typeof value === 'object' ? value.join(' ') : String(value);
}

function numericsLine(dtype: DType): string {
  const { linear, head, attention, kvB, kv, roundNormalized, shortFp8Sums } = numericsOf(dtype);
  const flags = [roundNormalized, shortFp8Sums].map((flag) => (flag ? 1 : 0)).join(' ');
  return `numerics ${dtype} ${linear} ${head} ${attention} ${kvB} ${kv} ${flags}`;
}

function fileLine(file: PlanFile): string {
  if ('path' in file) return `file ${file.size} ${file.path}`;
  return `random ${file.size} ${file.dtype} ${file.mean} ${file.deviation}`;
}

function tensorLine({ name, dtype, shape, file, offset, scale }: PlanTensor): string {
  const scales = scale === undefined ? '' : ` ${scale.dtype} ${scale.file} ${scale.offset}`;
  return `tensor ${name} ${dtype} ${shape.length} ${shape.join(' ')} ${file} ${offset}${scales}`;
}

function promptLines({ id, tokens, expected }: PlanPrompt): string[] {
  return [
    `prompt ${id} ${tokens.join(' ')}`,
    ...expected.map(({ kind, file, offset }) => `expected ${kind} ${file} ${offset}`),
  ];
}
