import { expect, test } from '@jest/globals';
import { AdaptiveLimit } from '../../../engine/remote/adaptive-limit.js';
import { yieldAsDone } from '../../../engine/remote/yield-as-done.js';

/** Counts who is under way or waits for it. */
class WatchedLimit extends AdaptiveLimit {
  begun = 0;
  private handed = 0;
  mostHanded = 0;

  override run<T>(work: () => Promise<T>): Promise<T> {
    this.handed += 1;
    this.begun += 1;
    this.mostHanded = Math.max(this.mostHanded, this.handed);
    return super.run(work).finally(() => {
      this.handed -= 1;
    });
  }
}

const items = Array.from({ length: 100 }, (_, i) => i);
const double = async (item: number) => {
  await new Promise((resolve) => setTimeout(resolve, item % 3));
  return 2 * item;
};

test('every item is worked on once, and no more are held than may be under way', async () => {
  const limit = new WatchedLimit(6);
  const results: number[] = [];
  for await (const result of yieldAsDone(items, limit, double)) results.push(result);
  expect(results.sort((a, b) => a - b)).toEqual(items.map((item) => 2 * item));
  expect([limit.begun, limit.mostHanded]).toEqual([100, 6]);
});

test('whoever stops early lets nothing more begin', async () => {
  const limit = new WatchedLimit(6);
  for await (const _ of yieldAsDone(items, limit, double)) break;
  const { begun } = limit;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(limit.begun).toBe(begun);
  expect(begun).toBeLessThan(20);
});
