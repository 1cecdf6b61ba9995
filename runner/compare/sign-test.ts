/** McNemar's test: are the questions that got worse more than those that got better, beyond chance? */
import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf';
import normalCdf from '@stdlib/stats-base-dists-normal-cdf';
import type { SignTest } from './comparison.js';

/** From here on the normal approximation is as good as the exact test. */
const fewestForNormal = 50;

/** With so few discordant questions no split of them reaches p < 0.05, two-sided: 2 * 0.5^5 = 0.0625. */
export const mostForNothing = 5;

/**
 * Conditional on the discordant questions, half of them are expected on either side. Exact below 50 of them, from there on the
 * normal approximation without continuity correction. (McNemar 1947, Psychometrika 12, 153-157; for questions of several samples, each
 * counted by the sign of its change, this is the sign test.)
 *
 * @example signTest(5, 0).two_sided // 0.0625
 */
export function signTest(worse: number, better: number): SignTest {
  const discordant = worse + better;
  if (discordant === 0) return { method: 'exact', discordant, two_sided: 1, one_sided: 1 };
  if (discordant < fewestForNormal) {
    const tail = (most: number) => binomialCdf(most, discordant, 0.5);
    return {
      method: 'exact',
      discordant,
      two_sided: Math.min(1, 2 * tail(Math.min(worse, better))),
      // At least so many worse is at most so many better.
      one_sided: tail(better),
    };
  }
  const z = (better - worse) / Math.sqrt(discordant);
  return {
    method: 'normal',
    discordant,
    two_sided: Math.min(1, 2 * normalCdf(-Math.abs(z), 0, 1)),
    one_sided: normalCdf(z, 0, 1),
  };
}
