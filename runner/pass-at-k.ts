/** pass@k: the chance that at least one of k answers to a task is right, from n answers of which c are. */
import { EvalrunError } from '../errors.js';
import type { PassAtK } from './run-summary.js';
import type { Count } from './statistics.js';

/**
 * The unbiased estimate 1 - C(n-c, k) / C(n, k) for one task, as a product that does not overflow. Throws `internal/pass-at-k`
 * unless 1 <= k <= n: with fewer answers than k there is no estimate. (Chen et al. 2021, arXiv 2107.03374, section 2.1.)
 *
 * @example passAtK({ correct: 1, n: 4 }, 2) // 0.5
 */
export function passAtK({ correct, n }: Count, k: number): number {
  if (!Number.isSafeInteger(k) || k < 1 || k > n) {
    throw new EvalrunError('internal/pass-at-k', {
      what: `pass@${k} was asked for`,
      expected: `k from 1 to the ${n} answers of a task`,
    });
  }
  if (n - correct < k) return 1;
  let noneRight = 1;
  for (let i = n - correct + 1; i <= n; i++) noneRight *= 1 - k / i;
  return 1 - noneRight;
}

/** The powers of two, 10 and 100, each up to n, ascending. */
export function reportedKs(n: number): number[] {
  const ks = [10, 100].filter((k) => k <= n);
  for (let k = 1; k <= n; k *= 2) ks.push(k);
  return ks.sort((a, b) => a - b);
}

/** pass@k by k: the mean over tasks that have `samples` answers each, with the standard error over tasks. */
export function passAtKs(tasks: readonly Count[], samples: number): Record<string, PassAtK> {
  return Object.fromEntries(
    reportedKs(samples).map((k) => {
      const values = tasks.map((task) => passAtK(task, k));
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      const standardError = values.length < 2 ? null : Math.sqrt(squares / (values.length - 1) / values.length);
      return [String(k), { mean, standard_error: standardError, tasks: values.length }];
    }),
  );
}
