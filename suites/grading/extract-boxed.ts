/** Finds the last \boxed{...} of a text, in time linear in its length. */

export type Boxed =
  | { readonly kind: 'found'; readonly answer: string }
  /** The last box is never closed: the output was cut off inside the answer. */
  | { readonly kind: 'unclosed' }
  | { readonly kind: 'none' };

interface Box {
  readonly start: number;
  readonly end: number;
  readonly content: string;
}

/** Text that may stand between two boxes that are one answer: `\boxed{1}$ and $\boxed{-2}`. "Or" may join two spellings. */
const joint = /^[\s$\\()[\].,;*]*(?:and|和|与)[\s$\\()[\]*]*$/;
const MOST_JOINED = 16;
/** Longest answer without braces. */
const LONGEST = 4000;

/**
 * The last \boxed, or the last \fbox where there is no \boxed. Empty boxes are passed over; boxes joined by "and" are one
 * answer. `\boxed 5` without braces reaches to the next dollar or the end of its line.
 *
 * Source: `last_boxed_only_string` of the MATH dataset, with escaped braces and cut-off boxes told apart.
 */
export function extractBoxed(text: string): Boxed {
  const name = text.includes('\\boxed') ? '\\boxed' : '\\fbox';
  const contents: string[] = [];
  let before = text.length;
  let next: Box | undefined;
  while (before > 0 && contents.length < MOST_JOINED) {
    const start = text.lastIndexOf(name, before - 1);
    if (start < 0) break;
    const box = readBox(text, start, { from: start + name.length, to: before });
    before = start;
    if (box === 'unclosed') {
      // A mention before the answer, such as "put it in \boxed", is no box; the last one of all was cut off.
      if (next === undefined) return { kind: 'unclosed' };
      break;
    }
    if (box === undefined || box.content.trim() === '') continue;
    if (next !== undefined && !(next.start - box.end < 40 && joint.test(text.slice(box.end, next.start)))) break;
    contents.unshift(box.content.trim());
    next = box;
  }
  return contents.length === 0 ? { kind: 'none' } : { kind: 'found', answer: contents.join(', ') };
}

/** The box at `start`; empty where it holds the next box, which begins at `to` and is the answer itself. */
function readBox(
  text: string,
  start: number,
  { from, to }: { from: number; to: number },
): Box | 'unclosed' | undefined {
  let at = from;
  while (text[at] === ' ' && at - from < 20) at += 1;
  if (text[at] !== '{') {
    // "in \\boxed format" speaks of a box.
    if (at === from || /[A-Za-z]{2}/.test(text.slice(at, at + 2))) return undefined;
    const end = endOfLine(text, at);
    return { start, end, content: text.slice(at, end) };
  }
  let depth = 0;
  for (let i = at; i < text.length; i += 1) {
    const character = text[i];
    if (character === '\\') i += 1;
    else if (character === '{') depth += 1;
    else if (character === '}') {
      depth -= 1;
      if (depth === 0) return { start, end: i + 1, content: text.slice(at + 1, i) };
    }
    // Looking beyond the next box for each box would make the search quadratic.
    if (i >= to) return { start, end: at, content: '' };
  }
  return 'unclosed';
}

/** Looking further than an answer is long would make the search quadratic where a text repeats the word. */
function endOfLine(text: string, from: number): number {
  const length = text.slice(from, from + LONGEST).search(/[$\n]/);
  return length < 0 ? Math.min(text.length, from + LONGEST) : from + length;
}
