/** Token ids as an engine reads them: an array, or something smaller that is read in the same way. */

export interface TokenIds extends Iterable<number> {
  readonly length: number;
  /** Undefined behind the end. */
  at(index: number): number | undefined;
  slice(start?: number, end?: number): readonly number[];
}

/** Ids that know, without reading them, that they begin like others. */
interface Related extends TokenIds {
  /** At least so many of the first ids are those of `other`; 0 where it does not know. */
  sharedWith(other: TokenIds): number;
}

/** How many ids two sequences have in common from their beginning on: the first `known` are, and none counts from `limit` on. */
export function commonLength(
  a: TokenIds,
  b: TokenIds,
  { known = 0, limit = Number.POSITIVE_INFINITY }: { readonly known?: number; readonly limit?: number } = {},
): number {
  const end = Math.min(a.length, b.length, limit);
  let at = Math.min(end, Math.max(known, isRelated(a) ? a.sharedWith(b) : 0));
  while (at < end && a.at(at) === b.at(at)) at += 1;
  return at;
}

function isRelated(ids: TokenIds): ids is Related {
  return 'sharedWith' in ids;
}
