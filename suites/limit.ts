/** Takes a stable part of a plan: the same samples for the same seed, on every platform. */
import { EvalrunError } from '../errors.js';
import { sha256Hex } from '../sha256.js';

/**
 * `limit` of the items, in their own order: those whose SHA-256 of seed and id is smallest. A simple random sample,
 * so it spreads over subjects in proportion to their size, and a smaller limit takes a part of what a larger takes.
 *
 * Items of one id are taken together: a problem in both languages.
 *
 * @throws EvalrunError `usage/limit` unless the limit is a positive whole number.
 */
export function takeLimit<T>(
  items: readonly T[],
  { limit, seed, idOf }: { limit: number | undefined; seed: number; idOf: (item: T) => string },
): readonly T[] {
  if (limit === undefined) return items;
  if (!Number.isInteger(limit) || limit < 1) {
    throw new EvalrunError('usage/limit', {
      what: 'the limit is not usable',
      expected: 'a whole number, 1 or more',
      found: String(limit),
    });
  }
  if (limit >= items.length) return items;
  const keyed = items.map((item, place) => ({ item, place, key: sortKey(seed, idOf(item)) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.place - b.place));
  return keyed
    .slice(0, limit)
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

function sortKey(seed: number, id: string): string {
  return sha256Hex(`${seed}\n${id}`);
}
