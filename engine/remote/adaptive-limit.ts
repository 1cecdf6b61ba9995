/** How many requests are under way: one more after each round of successes, half as many after an overload (AIMD). */
import pLimit, { type LimitFunction } from 'p-limit';

/** Requests under way at the beginning, where more are allowed. */
const START = 4;

export class AdaptiveLimit {
  private readonly limit: LimitFunction;
  private successes = 0;
  /** Requests that began before the last cut say nothing about what is allowed now. */
  private cutAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly most: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.limit = pLimit(Math.min(START, most));
  }

  get allowed(): number {
    return this.limit.concurrency;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return this.limit(work);
  }

  /** Forgets what has not begun. */
  clear(): void {
    this.limit.clearQueue();
  }

  onSuccess(): void {
    this.successes += 1;
    if (this.successes < this.allowed || this.allowed >= this.most) return;
    this.successes = 0;
    this.limit.concurrency += 1;
  }

  /** An overload met by a request that was sent at `sentAt`. */
  onOverload(sentAt: number): void {
    if (sentAt <= this.cutAt) return;
    this.cutAt = this.now();
    this.successes = 0;
    this.limit.concurrency = Math.max(1, Math.floor(this.allowed / 2));
  }
}
