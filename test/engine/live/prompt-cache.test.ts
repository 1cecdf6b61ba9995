import { describe, expect, test } from '@jest/globals';
import { KvPages } from '../../../engine/kv-pages.js';
import { PromptCache } from '../../../engine/live/prompt-cache.js';

const ids = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);

/** Computes a prompt as the scheduler does, and lets it go. */
function compute(cache: PromptCache, pages: KvPages, context: readonly number[]): number {
  const read = cache.take(context);
  const needed = Math.ceil(context.length / 64) - read.length;
  expect(cache.makeRoom(needed)).toBe(true);
  const all = [...read.map(({ page }) => page), ...pages.take(needed)];
  const shared = [...read, ...cache.keep(context, all, read)];
  cache.release(shared);
  pages.release(all.slice(shared.length));
  return read.length;
}

describe('the pages of computed prompts', () => {
  test.each([
    ['the same prompt', ids(200), 3],
    ['one that goes on', [...ids(200), 9, 9], 3],
    ['one that ends with a page, of which a token must be left', ids(192), 2],
    ['one that parts in the third page', [...ids(150), ...ids(50, 900)], 2],
    ['one that parts in the first page', [7, ...ids(199)], 0],
    ['a short one', ids(64), 0],
  ])('are read by %s', (_, context, expected) => {
    const pages = new KvPages(20);
    const cache = new PromptCache(pages);
    compute(cache, pages, ids(200));
    expect(compute(cache, pages, context)).toBe(expected);
    // Every page is free or idle.
    expect(pages.available + cache.idle).toBe(20);
  });

  test('are given back when room is needed, the least recently used first, and never while they are read', () => {
    const pages = new KvPages(8);
    const cache = new PromptCache(pages);
    compute(cache, pages, ids(200));
    compute(cache, pages, ids(200, 500));
    const read = cache.take(ids(200));
    expect([read.length, cache.idle, pages.available]).toEqual([3, 3, 2]);
    expect(cache.makeRoom(6)).toBe(false);
    expect(cache.makeRoom(5)).toBe(true);
    expect([cache.idle, pages.available]).toEqual([0, 5]);
    expect(cache.take(ids(200, 500))).toEqual([]);
    cache.release(read);
    expect(cache.take(ids(200))).toHaveLength(3);
  });

  test('are kept once, even when two compute them at the same time', () => {
    const pages = new KvPages(8);
    const cache = new PromptCache(pages);
    const [first, second] = [pages.take(3), pages.take(3)];
    expect(cache.keep(ids(130), first, [])).toHaveLength(2);
    expect(cache.keep(ids(130), second, [])).toEqual([]);
  });
});
