/** How many parameters a model has, part by part, and how many of them one token passes through. */
import type { ArchSpec } from '../arch-spec.js';
import { expectedTensors, type ModelPart } from '../architectures/expected-tensors.js';

export interface PartCount {
  readonly part: ModelPart;
  readonly total: number;
  /** Of `total`, those that one token's forward pass multiplies with. */
  readonly active: number;
}

export interface ParameterCounts {
  /** The main model, without the multi-token-prediction module. */
  readonly total: number;
  /**
   * Parameters that one token passes through: of the experts only the chosen ones, and of the embedding and the head
   * only one, since a token looks up a single row of the embedding. A tied table counts once.
   */
  readonly active: number;
  /** Active parameters without the head too: what a prompt token costs whose logits nobody asks for. */
  readonly activeWithoutHead: number;
  /** The multi-token-prediction module, without its copies of embedding and head; 0 where there is none. */
  readonly mtp: number;
  /** Only parts that the model has; they add up to `total` and `active`. */
  readonly parts: readonly PartCount[];
}

const PART_ORDER: readonly ModelPart[] = [
  'embedding',
  'attention',
  'denseFfn',
  'router',
  'experts',
  'sharedExperts',
  'norms',
  'head',
];

/** Counts of `arch`, from the very tensors that a checkpoint of it must hold. Exact integers. */
export function countParameters(arch: ArchSpec): ParameterCounts {
  const totals = new Map<ModelPart, number>();
  let mtp = 0;
  for (const tensor of expectedTensors(arch)) {
    const parameters = tensor.shape.reduce((product, size) => product * size, 1);
    if (tensor.mtp) mtp += parameters;
    else totals.set(tensor.part, (totals.get(tensor.part) ?? 0) + parameters);
  }
  const parts = PART_ORDER.filter((part) => totals.has(part)).map((part) => {
    const total = totals.get(part) as number;
    return { part, total, active: activeOf(arch, part, total) };
  });
  const sum = (pick: (count: PartCount) => number) => parts.reduce((all, count) => all + pick(count), 0);
  const activeTotal = sum((count) => count.active);
  return {
    total: sum((count) => count.total),
    active: activeTotal,
    activeWithoutHead: activeTotal - arch.vocabSize * arch.width,
    mtp,
    parts,
  };
}

/** Of `total` parameters of a part, those that one token passes through. */
export function activeOf(arch: ArchSpec, part: ModelPart, total: number): number {
  // Experts are all of one size, so the division is exact.
  if (part === 'experts' && arch.moe !== null) return (total / arch.moe.experts) * arch.moe.expertsPerToken;
  return part === 'embedding' && !arch.tiedHead ? 0 : total;
}
