/** Cuts a text at the matches of a pattern, in each of the ways that a Split pre-tokenizer knows. */

export type SplitBehavior = 'Isolated' | 'Removed' | 'Contiguous' | 'MergedWithPrevious' | 'MergedWithNext';

/** The pieces of a text, in order, none of them empty. */
export type Splitter = (text: string) => readonly string[];

/**
 * A splitter for a global pattern. `invert` swaps what counts as a match and what counts as the text between matches.
 *
 * Source: `NormalizedString::split` of the Rust tokenizers.
 */
export function makeSplitter(pattern: RegExp, behavior: SplitBehavior, invert: boolean): Splitter {
  if (behavior === 'Isolated') return isolating(pattern);
  return (text) => merge(segments(text, pattern, invert), behavior);
}

function isolating(pattern: RegExp): Splitter {
  // Most patterns match every character of a text, and then the list of matches is the answer; match() makes that list
  // several times faster than exec() makes its match objects. Where a text had gaps, the next one will have some.
  let covers = true;
  return (text) => {
    if (covers) {
      const matches = text.match(pattern);
      if (matches === null) return text === '' ? [] : [text];
      covers = isWhole(matches, text.length);
      if (covers) return matches;
    }
    const out: string[] = [];
    covers = true;
    cutAtMatches(text, pattern, (piece, isMatch) => {
      out.push(piece);
      covers &&= isMatch;
    });
    return out;
  };
}

function isWhole(matches: readonly string[], length: number): boolean {
  let covered = 0;
  for (const match of matches) {
    if (match.length === 0) return false;
    covered += match.length;
  }
  return covered === length;
}

interface Segment {
  readonly text: string;
  readonly isMatch: boolean;
}

function segments(text: string, pattern: RegExp, invert: boolean): Segment[] {
  const out: Segment[] = [];
  cutAtMatches(text, pattern, (piece, isMatch) => out.push({ text: piece, isMatch: isMatch !== invert }));
  return out;
}

/** Gives the matches of a global pattern and what lies between them, in order, none of them empty. */
function cutAtMatches(text: string, pattern: RegExp, give: (piece: string, isMatch: boolean) => void): void {
  let end = 0;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const [found] = match;
    if (match.index > end) give(text.slice(end, match.index), false);
    end = match.index + found.length;
    if (found !== '') give(found, true);
    // As matchAll() goes on behind an empty match: by a code point.
    else pattern.lastIndex += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  if (end < text.length) give(text.slice(end), false);
}

function merge(parts: readonly Segment[], behavior: Exclude<SplitBehavior, 'Isolated'>): string[] {
  const out: string[] = [];
  let previousMatch = false;
  for (const [index, { text, isMatch }] of parts.entries()) {
    const joins =
      index > 0 &&
      ((behavior === 'Contiguous' && isMatch === previousMatch) ||
        (behavior === 'MergedWithPrevious' && isMatch && !previousMatch) ||
        (behavior === 'MergedWithNext' && previousMatch && !isMatch));
    if (joins) out[out.length - 1] += text;
    else if (behavior !== 'Removed' || !isMatch) out.push(text);
    previousMatch = isMatch;
  }
  return out;
}
