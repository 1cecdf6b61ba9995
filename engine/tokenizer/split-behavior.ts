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
  if (behavior === 'Isolated') return (text) => isolate(text, pattern);
  return (text) => merge(segments(text, pattern, invert), behavior);
}

function isolate(text: string, pattern: RegExp): readonly string[] {
  // Most patterns match every character of a text, and then the list of matches is the answer; match() makes that list
  // several times faster than exec() makes its match objects.
  pattern.lastIndex = 0;
  const matches = text.match(pattern);
  if (matches === null) return text === '' ? [] : [text];
  let covered = 0;
  let hasEmpty = false;
  for (const match of matches) {
    covered += match.length;
    hasEmpty ||= match.length === 0;
  }
  if (covered === text.length && !hasEmpty) return matches;
  return segments(text, pattern, false).map((segment) => segment.text);
}

interface Segment {
  readonly text: string;
  readonly isMatch: boolean;
}

function segments(text: string, pattern: RegExp, invert: boolean): Segment[] {
  const out: Segment[] = [];
  let end = 0;
  const push = (piece: string, isMatch: boolean) => {
    if (piece !== '') out.push({ text: piece, isMatch: isMatch !== invert });
  };
  for (const match of text.matchAll(pattern)) {
    push(text.slice(end, match.index), false);
    push(match[0], true);
    end = match.index + match[0].length;
  }
  push(text.slice(end), false);
  return out;
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
