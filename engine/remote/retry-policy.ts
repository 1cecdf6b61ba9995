/** How often and how long a request is asked again. */
import type { FailureKind, RemoteFailure } from './remote-failure.js';

export interface RetryLimits {
  /** How long a server may be unreachable or overloaded before a request is given up. */
  readonly patienceMs: number;
  /** How often an answer may be broken before its request is given up. */
  readonly brokenTries: number;
  /** How often a server may take too long. */
  readonly slowTries: number;
  /** Of the first pause; each later one is twice as long. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

export const defaultRetryLimits: RetryLimits = {
  patienceMs: 180_000,
  brokenTries: 5,
  slowTries: 2,
  firstPauseMs: 500,
  longestPauseMs: 30_000,
};

/** The failures of one request so far. */
export class RetryPolicy {
  private readonly counts: Partial<Record<FailureKind, number>> = {};
  private failures = 0;
  private readonly begin: number;

  constructor(
    private readonly limits: RetryLimits,
    private readonly now: () => number = () => performance.now(),
    private readonly random: () => number = Math.random,
  ) {
    this.begin = now();
  }

  /** Milliseconds to wait before asking again, or undefined: the request is given up. */
  pauseAfter({ kind, retryAfterMs = 0 }: RemoteFailure): number | undefined {
    this.failures += 1;
    const count = (this.counts[kind] ?? 0) + 1;
    this.counts[kind] = count;
    const pause = Math.max(this.backoff(), retryAfterMs);
    switch (kind) {
      case 'refused':
      case 'denied':
        return undefined;
      case 'broken':
        return count < this.limits.brokenTries ? pause : undefined;
      case 'slow':
        return count < this.limits.slowTries ? pause : undefined;
      case 'unreachable':
      case 'overloaded':
        return this.now() - this.begin + pause <= this.limits.patienceMs ? pause : undefined;
    }
  }

  /** Exponential, and between half and all of it, so that requests that failed together do not come back together. */
  private backoff(): number {
    const { firstPauseMs, longestPauseMs } = this.limits;
    const whole = Math.min(longestPauseMs, firstPauseMs * 2 ** (this.failures - 1));
    return whole * (0.5 + this.random() / 2);
  }
}
