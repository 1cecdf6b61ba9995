/**
 * Texts that begin as the one before did, as the prompts of a benchmark do with their examples: what they have in common is not cut and
 * merged again. Ids are those of every text alone.
 */
import type { FirstCut } from './pre-tokenizer.js';

/** Shorter ones are not worth it, and longer ones not kept. */
const least = 512;
const most = 1 << 20;
/** Characters between two places from which a text can be gone on with. */
const spacing = 128;

/** A place where two pieces meet. */
interface Mark {
  /** Characters before it. */
  readonly end: number;
  /** Ids before it. */
  readonly count: number;
}

interface Known {
  readonly text: string;
  readonly isFirst: boolean;
  readonly ids: readonly number[];
  readonly marks: readonly Mark[];
}

export class CommonBeginning {
  readonly #first: FirstCut;
  readonly #encodeWord: (word: string, out: number[]) => void;
  readonly #least: number;
  readonly #spacing: number;
  #known: Known | undefined;

  /** Appends the ids of a word by `encodeWord`. `sizes`: as above by default. */
  constructor(
    first: FirstCut,
    encodeWord: (word: string, out: number[]) => void,
    sizes: { readonly least?: number; readonly spacing?: number } = {},
  ) {
    this.#first = first;
    this.#encodeWord = encodeWord;
    this.#least = sizes.least ?? least;
    this.#spacing = sizes.spacing ?? spacing;
  }

  /** Appends the ids of a text. `isFirst`: it begins the input. */
  encodeInto(text: string, isFirst: boolean, out: number[]): void {
    if (text.length < this.#least || text.length > most) {
      this.#encodeFrom({ end: 0, count: 0 }, text, isFirst, out);
      return;
    }
    const before = out.length;
    const known = this.#known?.isFirst === isFirst ? this.#known : undefined;
    const kept = known === undefined ? [] : this.#inCommon(known, text);
    const start = kept.at(-1) ?? { end: 0, count: 0 };
    for (let index = 0; index < start.count; index++) out.push(known?.ids[index] ?? 0);
    const marks = [...kept, ...this.#encodeFrom(start, text, isFirst, out)];
    this.#known = { text, isFirst, ids: out.slice(before), marks };
  }

  /** The marks of the known text in front of which this one has the same pieces. */
  #inCommon({ text, marks }: Known, other: string): readonly Mark[] {
    const decided = placeBefore(other, commonLength(text, other), this.#first.reach);
    let count = marks.length;
    while (count > 0 && (marks[count - 1]?.end ?? 0) > decided) count--;
    return marks.slice(0, count);
  }

  /** Appends the ids of what lies behind a mark. */
  #encodeFrom(start: Mark, text: string, isFirst: boolean, out: number[]): Mark[] {
    const { cut, rest } = this.#first;
    const marks: Mark[] = [];
    const before = out.length - start.count;
    let end = start.end;
    let last = end;
    for (const piece of cut(end === 0 ? text : text.slice(end))) {
      if (rest === undefined) this.#encodeWord(piece, out);
      else for (const word of rest(piece, isFirst && end === 0)) this.#encodeWord(word, out);
      end += piece.length;
      if (end - last < this.#spacing) continue;
      marks.push({ end, count: out.length - before });
      last = end;
    }
    return marks;
  }
}

function commonLength(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  const step = 64;
  let same = 0;
  while (same + step <= length && a.slice(same, same + step) === b.slice(same, same + step)) same += step;
  while (same < length && a.charCodeAt(same) === b.charCodeAt(same)) same++;
  return same;
}

/** The last place behind which `edges` line edges lie in front of `end`; negative where there is none. */
function placeBefore(text: string, end: number, edges: number): number {
  let left = edges;
  for (let place = end - 2; place >= 0; place--) {
    if (!isLineEdge(text.charCodeAt(place), text.charCodeAt(place + 1))) continue;
    if (--left === 0) return place;
  }
  return -1;
}

function isLineEdge(before: number, after: number): boolean {
  return (before === 10 && isLetter(after)) || (after === 10 && isLetter(before));
}

function isLetter(unit: number): boolean {
  const lower = unit | 32;
  return lower >= 97 && lower <= 122;
}
