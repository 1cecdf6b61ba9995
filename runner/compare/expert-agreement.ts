/** Whether two runs sent their tokens to the same experts. */
import type { ExpertComparison } from './comparison.js';
import type { StoredTelemetry } from './stored-telemetry.js';

/** Null where neither run recorded anything about experts. */
export function compareExperts(baseline: StoredTelemetry, candidate: StoredTelemetry): ExpertComparison | null {
  const names = baseline.load.map(({ layer }) => layer);
  const agreement = agreementOf(baseline.routing, candidate.routing, names);
  if (agreement === null && baseline.load.length === 0 && candidate.load.length === 0) return null;
  return { agreement, load: { baseline: baseline.load, candidate: candidate.load } };
}

type Routing = StoredTelemetry['routing'];

/**
 * Per layer the mean over samples of |A and B| / K. Routing does not name its layers; the load of the same run does, where there is one:
 * `names`, ascending. Else layers are counted from 0.
 */
function agreementOf(baseline: Routing, candidate: Routing, names: readonly number[]): ExpertComparison['agreement'] {
  const sums: number[] = [];
  let samples = 0;
  for (const [id, layers] of baseline) {
    const others = candidate.get(id);
    // Another number of layers is another model, whose experts have nothing to do with these.
    if (others === undefined || layers.length === 0 || others.length !== layers.length) continue;
    if (sums.length !== 0 && sums.length !== layers.length) continue;
    samples += 1;
    for (const [at, experts] of layers.entries()) {
      const chosen = new Set(others[at]);
      const common = experts.filter((expert) => chosen.has(expert)).length;
      sums[at] = (sums[at] ?? 0) + (experts.length === 0 ? 1 : common / Math.max(experts.length, chosen.size));
    }
  }
  if (samples === 0) return null;
  const isNamed = names.length === sums.length;
  return {
    samples,
    layers: sums.map((sum, at) => ({ layer: isNamed ? (names[at] ?? at) : at, share: sum / samples })),
  };
}
