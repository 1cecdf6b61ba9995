/** Holm's correction: several questions asked at once, and still few false alarms among all of them. */

/**
 * Adjusted p-values in the order given: rejecting those at or below alpha keeps the chance of any false rejection at or below alpha,
 * whatever the dependence. (Holm 1979, Scandinavian Journal of Statistics 6, 65-70.)
 *
 * @example holm([0.01, 0.04, 0.03]) // [0.03, 0.06, 0.06]
 */
export function holm(pValues: readonly number[]): number[] {
  const ascending = pValues.map((p, at) => ({ p, at })).sort((a, b) => a.p - b.p);
  const adjusted = new Array<number>(pValues.length).fill(1);
  let largest = 0;
  for (const [rank, { p, at }] of ascending.entries()) {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * p));
    adjusted[at] = largest;
  }
  return adjusted;
}
