/** Who is admitted next: one of each owner in turn, so that a request for a thousand texts does not hold up one for a single text. */

export class WaitingLine<T> {
  /** By owner, the next owner first. */
  private readonly lines = new Map<string, T[]>();
  private count = 0;

  get length(): number {
    return this.count;
  }

  add(owner: string, item: T): void {
    const line = this.lines.get(owner);
    if (line === undefined) this.lines.set(owner, [item]);
    else line.push(item);
    this.count += 1;
  }

  /** The next one, which stays in line. */
  peek(): T | undefined {
    for (const line of this.lines.values()) return line[0];
    return undefined;
  }

  /** Takes the next one out; its owner goes to the end. */
  take(): T | undefined {
    for (const [owner, line] of this.lines) {
      const item = line.shift();
      this.lines.delete(owner);
      if (line.length > 0) this.lines.set(owner, line);
      this.count -= 1;
      return item;
    }
    return undefined;
  }

  /** Takes `item` out wherever it stands; false when it is not in line. */
  remove(owner: string, item: T): boolean {
    const line = this.lines.get(owner);
    const place = line?.indexOf(item) ?? -1;
    if (line === undefined || place < 0) return false;
    line.splice(place, 1);
    if (line.length === 0) this.lines.delete(owner);
    this.count -= 1;
    return true;
  }

  takeAll(): T[] {
    const all = [...this.lines.values()].flat();
    this.lines.clear();
    this.count = 0;
    return all;
  }
}
