/** Random numbers that depend on a seed and on nothing else. */

// Taken once: a test runner's sandbox makes every look-up of a global slow.
const { PI, cos, floor, imul, log, sqrt } = Math;

export class SeededRandom {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** Uniform in (0, 1); mulberry32. */
  uniform(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = imul(t ^ (t >>> 15), t | 1);
    t ^= t + imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  }

  /** Standard normal, by Box and Muller. */
  normal(): number {
    return sqrt(-2 * log(this.uniform())) * cos(2 * PI * this.uniform());
  }

  /** A whole number from 0 to limit - 1. */
  below(limit: number): number {
    return floor(this.uniform() * limit);
  }

  shuffled<T>(items: readonly T[]): T[] {
    return items
      .map((value) => ({ value, key: this.uniform() }))
      .sort((a, b) => a.key - b.key)
      .map(({ value }) => value);
  }
}
