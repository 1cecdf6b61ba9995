/** Sets of code points as sorted, disjoint, inclusive ranges, with the algebra that character classes need. */
import { tables } from './unicode-16.js';

/** Flat pairs: lo0, hi0, lo1, hi1, ... ascending, neither overlapping nor touching. */
export type CodePointSet = readonly number[];

const lastCodePoint = 0x10ffff;

/** The set of the given ranges, in any order, overlapping or not. */
export function setOf(...ranges: readonly (readonly [number, number])[]): CodePointSet {
  const out: number[] = [];
  for (const [lo, hi] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = out.length - 1;
    if (last > 0 && lo <= (out[last] ?? 0) + 1) out[last] = Math.max(out[last] ?? 0, hi);
    else out.push(lo, hi);
  }
  return out;
}

export function pairsOf(set: CodePointSet): [number, number][] {
  const pairs: [number, number][] = [];
  for (let i = 0; i < set.length; i += 2) pairs.push([set[i] ?? 0, set[i + 1] ?? 0]);
  return pairs;
}

export function union(...sets: readonly CodePointSet[]): CodePointSet {
  return setOf(...sets.flatMap(pairsOf));
}

export function complement(set: CodePointSet): CodePointSet {
  const out: number[] = [];
  let next = 0;
  for (const [lo, hi] of pairsOf(set)) {
    if (lo > next) out.push(next, lo - 1);
    next = hi + 1;
  }
  if (next <= lastCodePoint) out.push(next, lastCodePoint);
  return out;
}

export function intersection(a: CodePointSet, b: CodePointSet): CodePointSet {
  return complement(union(complement(a), complement(b)));
}

export function sizeOf(set: CodePointSet): number {
  return pairsOf(set).reduce((sum, [lo, hi]) => sum + hi - lo + 1, 0);
}

/** Ranges from the encoding described in unicode-16.ts. */
export function decodeRanges(text: string): CodePointSet {
  const out: number[] = [];
  let next = 0;
  for (const item of text.split(' ')) {
    const [gap, length] = item.split(',');
    const lo = next + Number.parseInt(gap ?? '', 36);
    const hi = lo + (length === undefined ? 0 : Number.parseInt(length, 36));
    out.push(lo, hi);
    next = hi + 1;
  }
  return out;
}

const whiteSpace: CodePointSet = [
  9, 13, 0x20, 0x20, 0x85, 0x85, 0xa0, 0xa0, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x202f, 0x205f,
  0x205f, 0x3000, 0x3000,
];

const cache = new Map<string, CodePointSet | undefined>();

/**
 * The code points that have a Unicode 16.0 property: a general category (`L`, `Lu`, ...), `Alphabetic`, `White_Space`,
 * `Any`, or one of the scripts in unicode-16.ts; undefined for any other name.
 */
export function propertySet(name: string): CodePointSet | undefined {
  if (!cache.has(name)) cache.set(name, computeProperty(name));
  return cache.get(name);
}

function computeProperty(name: string): CodePointSet | undefined {
  if (name === 'Any') return [0, lastCodePoint];
  if (name === 'White_Space') return whiteSpace;
  if (name === 'Cn') return complement(union(...categories(/^[A-Z][a-z]$/), [0xd800, 0xdfff]));
  if (name === 'C') return union(...categories(/^C[a-z]$/), propertySet('Cn') ?? []);
  if (/^[LMNPSZ]$/.test(name)) return union(...categories(new RegExp(`^${name}[a-z]$`)));
  const table = Object.hasOwn(tables, name) ? tables[name] : undefined;
  return table === undefined ? undefined : decodeRanges(table);
}

function categories(pattern: RegExp): CodePointSet[] {
  return Object.keys(tables)
    .filter((name) => pattern.test(name))
    .map((name) => decodeRanges(tables[name] ?? ''));
}

/** The set as a character class for a JavaScript regular expression with the `u` flag. */
export function renderClass(set: CodePointSet): string {
  const hex = (codePoint: number) => `\\u{${codePoint.toString(16)}}`;
  if (set.length === 2 && set[0] === set[1]) return hex(set[0] ?? 0);
  return `[${pairsOf(set)
    .map(([lo, hi]) => (lo === hi ? hex(lo) : `${hex(lo)}-${hex(hi)}`))
    .join('')}]`;
}
