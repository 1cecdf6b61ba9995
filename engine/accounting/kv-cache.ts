/** What the KV cache costs per token, against the same model's multi-head attention and against named others. */
import type { ArchSpec } from '../arch-spec.js';

/** Numbers that one token leaves in the cache over all main layers: the latent and its rope part, or keys and values. */
export function kvElementsPerToken(arch: ArchSpec): number {
  const { attention } = arch;
  const perLayer =
    attention.kind === 'mla'
      ? attention.kvLoraRank + attention.qkRopeHeadDim
      : 2 * attention.kvHeads * attention.headDim;
  return arch.layers * perLayer;
}

/** As kvElementsPerToken, had every query head keys and values of its own. */
export function ownMhaElementsPerToken(arch: ArchSpec): number {
  const { attention } = arch;
  const perHead =
    attention.kind === 'mla'
      ? attention.qkNopeHeadDim + attention.qkRopeHeadDim + attention.vHeadDim
      : 2 * attention.headDim;
  return arch.layers * attention.heads * perHead;
}

/** A published model with grouped-query attention, by the numbers in its config.json. */
interface NamedModel {
  readonly name: string;
  readonly layers: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

const DEEPSEEK_67B: NamedModel = { name: 'DeepSeek-67B', layers: 95, kvHeads: 8, headDim: 128 };
const NAMED_MODELS: readonly NamedModel[] = [
  DEEPSEEK_67B,
  { name: 'Qwen2.5-72B', layers: 80, kvHeads: 8, headDim: 128 },
  { name: 'Llama-3.1-405B', layers: 126, kvHeads: 8, headDim: 128 },
];
/** 60 layers of 512 + 64. */
const DEEPSEEK_V2_ELEMENTS = 60 * (512 + 64);

function namedElements({ layers, kvHeads, headDim }: NamedModel): number {
  return 2 * layers * kvHeads * headDim;
}

export interface KvComparison {
  readonly name: string;
  /** Bytes per token of the other, in the same precision. */
  readonly bytesPerToken: number;
  /** 1 - this model's bytes / the other's; negative where this model needs more. */
  readonly saving: number;
}

export interface KvCacheCosts {
  readonly elementsPerToken: number;
  readonly bytesPerToken: number;
  readonly ownMha: KvComparison;
  readonly others: readonly KvComparison[];
}

/** Costs at `elementBytes` per number (2 for BF16), this model's and the others' alike. */
export function kvCacheCosts(arch: ArchSpec, elementBytes = 2): KvCacheCosts {
  const elements = kvElementsPerToken(arch);
  const compare = (name: string, other: number): KvComparison => ({
    name,
    bytesPerToken: other * elementBytes,
    saving: 1 - elements / other,
  });
  return {
    elementsPerToken: elements,
    bytesPerToken: elements * elementBytes,
    ownMha: compare('its own multi-head attention', ownMhaElementsPerToken(arch)),
    others: NAMED_MODELS.map((model) => compare(model.name, namedElements(model))),
  };
}

/**
 * The "93.3 % smaller KV cache" of the DeepSeek-V2 paper (arXiv 2405.04434): DeepSeek-V2 at about 6 bits per number
 * against DeepSeek-67B, which has grouped-query attention, at 16. `equalPrecision` leaves the quantisation out.
 */
export function deepseekV2KvClaim(): { claimed: number; equalPrecision: number } {
  const other = namedElements(DEEPSEEK_67B);
  return {
    claimed: 1 - (DEEPSEEK_V2_ELEMENTS * 6) / (other * 16),
    equalPrecision: 1 - DEEPSEEK_V2_ELEMENTS / other,
  };
}
