/** How fast a count grows, over the last half minute. */

const windowMs = 30_000;

export class Rate {
  private readonly seen: { readonly ms: number; readonly count: number }[] = [];

  /** Notes that the count is `count` now. A smaller one than before begins anew. */
  note(count: number, ms: number): void {
    if (count < (this.seen.at(-1)?.count ?? 0)) this.seen.length = 0;
    this.seen.push({ ms, count });
    // The one before the window stays: it is where the window begins.
    while ((this.seen[1]?.ms ?? ms) < ms - windowMs) this.seen.shift();
  }

  /** Per second; null until it can be told. */
  perSecond(): number | null {
    const [first, last] = [this.seen[0], this.seen.at(-1)];
    if (first === undefined || last === undefined || last.ms - first.ms < 1000 || last.count === first.count)
      return null;
    return ((last.count - first.count) * 1000) / (last.ms - first.ms);
  }
}
