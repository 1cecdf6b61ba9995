/** The most probable tokens of one row of logits, with the very log-probabilities that the engine's own kernel gives. */
import type { ScoredToken } from './live-request.js';

/** Ids whose log-probabilities are asked of the kernel beside a row of logits, so that its normaliser can be told. */
export function anchorIds(vocabSize: number): number[] {
  const count = Math.min(16, vocabSize);
  return Array.from({ length: count }, (_, i) => Math.floor((i * vocabSize) / count));
}

/**
 * The kernel's logarithm of the sum of exponentials, in float32. It computes float(logit - logSum) for each asked id, so the
 * float that gives all `logProbs` back from their logits is the one it had; a sum in another order would differ in the last bits.
 * Where the logSum is tiny beside the log-probabilities (|logSum| far below 1), they do not tell it to its own last bit; what is
 * found is then within 1e-6.
 *
 * @param logits f32 [V]
 * @param logProbs of `anchors`, in that order
 */
export function logSumOf(logits: Float32Array, anchors: readonly number[], logProbs: Float32Array): number {
  let total = 0;
  for (const [i, id] of anchors.entries()) total += (logits[id] as number) - (logProbs[i] as number);
  const estimate = Math.fround(total / anchors.length);
  const step = 2 ** (Math.floor(Math.log2(Math.max(Math.abs(estimate), 2 ** -100))) - 23);
  const agrees = (sum: number) =>
    anchors.every((id, i) => Math.fround((logits[id] as number) - sum) === (logProbs[i] as number));
  for (const distance of [0, 1, -1, 2, -2, 3, -3]) {
    const candidate = Math.fround(estimate + distance * step);
    if (agrees(candidate)) return candidate;
  }
  return estimate;
}

/** The `count` most probable tokens, best first, ties to the lower id. */
export function topTokens(logits: Float32Array, logSum: number, count: number): ScoredToken[] {
  const best: number[] = [];
  let least = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < logits.length && count > 0; ++id) {
    const logit = logits[id] as number;
    if (best.length === count && !(logit > least)) continue;
    let place = best.length;
    while (place > 0 && (logits[best[place - 1] as number] as number) < logit) place -= 1;
    best.splice(place, 0, id);
    if (best.length > count) best.pop();
    least = logits[best[best.length - 1] as number] as number;
  }
  return best.map((id) => ({ id, logProb: logProbOf(logits, logSum, id) }));
}

export function logProbOf(logits: Float32Array, logSum: number, id: number): number {
  return Math.fround((logits[id] as number) - logSum);
}
