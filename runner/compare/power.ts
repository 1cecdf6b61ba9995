/** What a comparison can find, and how many questions it would take to decide. */
import normalQuantile from '@stdlib/stats-base-dists-normal-quantile';
import type { PairedDifference } from './paired-difference.js';
import { confidence, scoreInterval, zTwoSided } from './score-interval.js';

/** 80 % power for a limit that holds with 97.5 %: 1.96 + 0.84 = 2.80. */
export const detectableZ = zTwoSided + normalQuantile(0.8, 0, 1);

/**
 * The smallest true drop whose upper limit falls below 0 with 80 % power: z * sqrt(discordant) / N for independent questions, with
 * effective numbers for weighted or clustered ones. Null without a discordant pair, whose rate is then unknown.
 */
export function minimumDetectable({ effective }: PairedDifference): { effect: number; z: number } | null {
  const { n, worse, better } = effective;
  return worse + better === 0 ? null : { effect: (detectableZ * Math.sqrt(worse + better)) / n, z: detectableZ };
}

/** Nobody asks more questions than this. */
const most = 1e9;

/**
 * The questions at which the interval would leave -`margin` on one side, if the shares of worse and better questions, their weights and
 * their clustering stay as they are. Null where even a thousand million would not do: the difference is the margin.
 */
export function questionsToDecide(
  { effective, inflation }: PairedDifference,
  { margin, questions }: { readonly margin: number; readonly questions: number },
): number | null {
  if (questions === 0 || effective.n === 0) return null;
  const isDecided = (factor: number) => {
    const { n, worse, better } = effective;
    const scaled = { n: n * factor, worse: worse * factor, better: better * factor };
    const { low, high } = scoreInterval(scaled, inflation * zTwoSided);
    return low > -margin || high < -margin;
  };
  let [few, enough] = [questions, questions];
  while (!isDecided(enough / questions)) {
    if (enough > most) return null;
    few = enough;
    enough *= 2;
  }
  while (enough - few > 1) {
    const middle = Math.floor((few + enough) / 2);
    if (isDecided(middle / questions)) enough = middle;
    else few = middle;
  }
  return enough;
}

/** How the limits are to be read, for people. */
export const confidenceText = `two-sided ${confidence * 100} % interval; each limit by itself holds with ${((1 + confidence) / 2) * 100} %`;
