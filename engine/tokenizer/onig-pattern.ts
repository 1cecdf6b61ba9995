/** Translates the Oniguruma patterns of tokenizer.json into JavaScript regular expressions that match the same text. */
import { EvalrunError } from '../../errors.js';
import { type Cursor, maxDepth, PatternDefect, readClass, readEscape, word } from './character-class.js';
import { type CodePointSet, complement, intersection, pairsOf, renderClass, sizeOf, union } from './code-point-set.js';

/** One piece of a pattern with what the safety rules need to know about it. */
interface Atom {
  readonly source: string;
  readonly kind: 'set' | 'group' | 'assertion';
  readonly set?: CodePointSet;
  /** A group that can match one text in more than one way: it holds an alternation or a repeat. */
  readonly ambiguous?: boolean;
  readonly anchor?: '$';
  readonly extent: Extent;
}

/** How far a part of a pattern gets from where it begins. */
interface Extent {
  /** The least code points that it takes. */
  readonly least: number;
  /** The most line edges (see CompiledPattern) that it touches; Infinity where nobody knows, or it looks at what is before it. */
  readonly edges: number;
}

export interface CompiledPattern {
  /** Global. */
  readonly regexp: RegExp;
  /**
   * A line edge is a line feed beside a letter of ASCII. Whether and what the pattern matches at a place is decided in front of the
   * `reach`th line edge behind that place, whatever follows it: a repeat of a set that does not have both characters ends at the
   * first one, and everything else takes one character. Infinity where that is not so, where a match may be empty, and where it
   * depends on the text before it.
   */
  readonly reach: number;
}

interface Quantifier {
  readonly least: number;
  readonly most: number;
  /** '' greedy, '?' lazy, '+' possessive. */
  readonly mode: '' | '?' | '+';
}

interface State extends Cursor {
  foldCase: boolean;
  atomicGroups: number;
}

const letters: CodePointSet = [0x41, 0x5a, 0x61, 0x7a];
const lineFeed: CodePointSet = [10, 10];
const oneCharacter: Extent = { least: 1, edges: 1 };
/** As far as the end of the text, a line feed in front of it included. */
const lookAhead: Extent = { least: 0, edges: 2 };
const lookBehind: Extent = { least: 0, edges: Infinity };

const edgeOfText = '(?![\\s\\S])';
const lineEnd = `(?=\\n|${edgeOfText})`;
const wordClass = renderClass(word);
const anchors: Readonly<Record<string, string>> = {
  A: '(?<![\\s\\S])',
  z: edgeOfText,
  Z: `(?=\\n?${edgeOfText})`,
  b: `(?:(?<=${wordClass})(?!${wordClass})|(?<!${wordClass})(?=${wordClass}))`,
  B: `(?:(?<=${wordClass})(?=${wordClass})|(?<!${wordClass})(?!${wordClass}))`,
};

/**
 * A JavaScript regular expression that finds what Oniguruma (Ruby syntax) finds for `pattern`, with Unicode 16.0
 * properties whatever the running Node has.
 *
 * @throws EvalrunError `tokenizer/regex` for what is malformed or not supported, `tokenizer/regex-unsafe` for a repeat
 *   around an ambiguous group or three overlapping repeats, which can take exponential time on a hostile text.
 */
export function compilePattern(pattern: string): CompiledPattern {
  const state: State = { pattern, at: 0, depth: 0, foldCase: false, atomicGroups: 0 };
  try {
    const { source, extent } = readAlternatives(state);
    if (state.at < pattern.length) throw new PatternDefect(`unmatched ) at ${state.at}`);
    return { regexp: new RegExp(source, 'gu'), reach: extent.least > 0 ? extent.edges + 1 : Infinity };
  } catch (error) {
    if (error instanceof EvalrunError) throw error;
    if (!(error instanceof PatternDefect || error instanceof SyntaxError)) throw error;
    throw new EvalrunError('tokenizer/regex', {
      what: `the pre-tokenizer pattern ${JSON.stringify(pattern)} cannot be used: ${error.message}`,
      expected: 'an Oniguruma pattern without back references, conditions or subroutine calls',
      todo: 'take tokenizer.json from the publisher again',
      cause: error,
    });
  }
}

function unsafe(state: State, why: string): EvalrunError {
  return new EvalrunError('tokenizer/regex-unsafe', {
    what: `the pre-tokenizer pattern ${JSON.stringify(state.pattern)} is refused: before character ${state.at} ${why}`,
    expected: 'a pattern whose matching time cannot explode',
    todo: 'take tokenizer.json from the publisher again, or rewrite the repeat as one character class',
  });
}

interface Part {
  readonly source: string;
  readonly ambiguous: boolean;
  readonly extent: Extent;
}

function readAlternatives(state: State): Part {
  const sources = [readSequence(state)];
  while (state.pattern[state.at] === '|') {
    state.at++;
    sources.push(readSequence(state));
  }
  return {
    source: sources.map((sequence) => sequence.source).join('|'),
    ambiguous: sources.length > 1 || sources.some((sequence) => sequence.ambiguous),
    extent: {
      least: Math.min(...sources.map(({ extent }) => extent.least)),
      edges: Math.max(...sources.map(({ extent }) => extent.edges)),
    },
  };
}

function readSequence(state: State): Part {
  let source = '';
  let ambiguous = false;
  let extent: Extent = { least: 0, edges: 0 };
  const repeats: CodePointSet[] = [];
  const start = state.at;
  while (state.at < state.pattern.length && state.pattern[state.at] !== '|' && state.pattern[state.at] !== ')') {
    const atomStart = state.at;
    const atom = readAtom(state);
    const quantifier = readQuantifier(state);
    extent = sum(extent, quantifier === undefined ? atom.extent : repeated(atom, quantifier));
    if (quantifier === undefined) {
      source += atom.source;
      ambiguous ||= atom.ambiguous === true;
      continue;
    }
    if (atom.kind === 'assertion') throw new PatternDefect(`a repeat of an assertion at ${atomStart}`);
    if (atom.ambiguous && quantifier.most > 1)
      throw unsafe(state, 'a group with a repeat or a choice in it is repeated');
    ambiguous ||= quantifier.least !== quantifier.most || atom.ambiguous === true;
    if (atom.set && quantifier.most > 64) {
      const { set } = atom;
      repeats.push(set);
      if (repeats.filter((other) => intersection(other, set).length > 0).length > 2)
        throw unsafe(state, 'three repeats of overlapping character sets follow each other');
    }
    const rendered = renderRepeat(state, atom, quantifier, atomStart === start);
    if (rendered.startsWith('(?<!')) extent = sum(extent, lookBehind);
    source += rendered;
  }
  return { source, ambiguous, extent };
}

function sum(a: Extent, b: Extent): Extent {
  return { least: a.least + b.least, edges: a.edges + b.edges };
}

function repeated({ set, extent }: Atom, { least, most, mode }: Quantifier): Extent {
  const runs = set !== undefined && most > extent.edges && !touchesBoth(set);
  // Nothing times infinity is no number.
  const edges = runs ? extent.edges : most === 0 || extent.edges === 0 ? 0 : extent.edges * most;
  return { least: extent.least * least, edges: edges + (mode === '+' ? 1 : 0) };
}

function touchesBoth(set: CodePointSet): boolean {
  return intersection(set, letters).length > 0 && intersection(set, lineFeed).length > 0;
}

function readAtom(state: State): Atom {
  const char = state.pattern[state.at];
  switch (char) {
    case '(':
      return readGroup(state);
    case '[':
      return setAtom(state, readClass(state));
    case '.':
      state.at++;
      return { kind: 'set', source: '[^\\n]', set: complement(lineFeed), extent: oneCharacter };
    case '^':
      state.at++;
      return { kind: 'assertion', source: '(?<![^\\n])', extent: lookBehind };
    case '$':
      state.at++;
      return { kind: 'assertion', source: lineEnd, anchor: '$', extent: lookAhead };
    case '*':
    case '+':
    case '?':
      throw new PatternDefect(`nothing to repeat at ${state.at}`);
    case '\\': {
      const name = state.pattern[state.at + 1] ?? '';
      const anchor = anchors[name];
      if (anchor === undefined) return setAtom(state, readEscape(state, false));
      state.at += 2;
      return { kind: 'assertion', source: anchor, extent: 'zZ'.includes(name) ? lookAhead : lookBehind };
    }
  }
  const codePoint = state.pattern.codePointAt(state.at) ?? 0;
  state.at += codePoint > 0xffff ? 2 : 1;
  return setAtom(state, [codePoint, codePoint]);
}

function setAtom(state: State, set: CodePointSet): Atom {
  const folded = state.foldCase ? foldCase(set) : set;
  if (folded.length === 0) return { kind: 'set', source: '(?!)', set: folded, extent: oneCharacter };
  return { kind: 'set', source: renderClass(folded), set: folded, extent: oneCharacter };
}

/**
 * The set with the other case of each of its characters. Oniguruma folds by Unicode, so (?i:s) also matches U+017F and
 * (?i:k) the Kelvin sign. Sets too large to list (whole categories) already hold both cases of what they are used for.
 */
function foldCase(set: CodePointSet): CodePointSet {
  if (sizeOf(set) > 512) return set;
  const variants: [number, number][] = [];
  for (const [lo, hi] of pairsOf(set)) {
    for (let codePoint = lo; codePoint <= hi; codePoint++) {
      const char = String.fromCodePoint(codePoint);
      const folded = char.toLowerCase().toUpperCase().toLowerCase();
      const extra = { s: '\u017f', k: '\u212a', å: '\u212b' }[folded] ?? '';
      for (const variant of [char.toLowerCase(), char.toUpperCase(), folded, extra]) {
        const variantPoint = variant.codePointAt(0);
        if (variantPoint !== undefined && String.fromCodePoint(variantPoint) === variant)
          variants.push([variantPoint, variantPoint]);
      }
    }
  }
  return union(set, ...variants);
}

function readGroup(state: State): Atom {
  const open = /^\((?:\?(?:<[=!]|[:=!>]|i:|<[A-Za-z_]\w*>)|(?!\?))/.exec(
    state.pattern.slice(state.at, state.at + 64),
  )?.[0];
  if (open === undefined) throw new PatternDefect(`this kind of group is not supported at ${state.at}`);
  if (++state.depth > maxDepth) throw new PatternDefect(`classes and groups nest deeper than ${maxDepth}`);
  const start = state.at;
  state.at += open.length;
  const outerFold = state.foldCase;
  if (open === '(?i:') state.foldCase = true;
  const { source, ambiguous, extent } = readAlternatives(state);
  state.foldCase = outerFold;
  state.depth--;
  if (state.pattern[state.at] !== ')') throw new PatternDefect(`the group at ${start} does not end`);
  state.at++;
  if (/^\(\?<[=!]/.test(open)) return { kind: 'assertion', source: `${open}${source})`, extent: lookBehind };
  if (/^\(\?[=!]/.test(open))
    return { kind: 'assertion', source: `${open}${source})`, extent: { least: 0, edges: extent.edges } };
  if (open === '(?>') return { kind: 'group', source: renderAtomic(state, source), ambiguous, extent };
  return { kind: 'group', source: `(?:${source})`, ambiguous, extent };
}

/** JavaScript has no atomic groups, but what a lookahead matched is never tried again. */
function renderAtomic(state: State, source: string): string {
  const name = `atomic${state.atomicGroups++}`;
  return `(?:(?=(?<${name}>${source}))\\k<${name}>)`;
}

function readQuantifier(state: State): Quantifier | undefined {
  const text = /^(?:[*+?]|\{(?:\d{1,6}(?:,\d{0,6})?|,\d{1,6})\})/.exec(
    state.pattern.slice(state.at, state.at + 16),
  )?.[0];
  if (text === undefined) return undefined;
  state.at += text.length;
  const counted = text.startsWith('{');
  const [low, high] = counted ? text.slice(1, -1).split(',') : [];
  const least = counted ? Number(low || 0) : text === '+' ? 1 : 0;
  const most = counted
    ? Number(high === undefined ? low : high || Number.POSITIVE_INFINITY)
    : text === '?'
      ? 1
      : Infinity;
  if (least > most) throw new PatternDefect(`the counts of ${text} are reversed`);
  const suffix = state.pattern[state.at];
  if (suffix !== '?' && suffix !== '+' && suffix !== '*') return { least, most, mode: '' };
  // In Ruby's syntax a + after {n,m} repeats again instead of being possessive, and {n}? makes the whole optional.
  if (counted || suffix === '*') {
    if (suffix === '+' && least <= 1) {
      state.at++;
      return { least, most: Infinity, mode: '' };
    }
    if (suffix === '?' && least !== most) {
      state.at++;
      return { least, most, mode: '?' };
    }
    throw new PatternDefect(`a repeat of a repeat at ${state.at}`);
  }
  state.at++;
  return { least, most, mode: suffix };
}

function renderRepeat(state: State, atom: Atom, { least, most, mode }: Quantifier, isFirst: boolean): string {
  const counts = most === Infinity ? (least < 2 ? '*+'[least] : `{${least},}`) : `{${least},${most}}`;
  if (mode === '+') {
    // Everything of the set must be taken: a set's possessive repeat is a greedy one that the set does not follow.
    if (atom.kind === 'set' && most === Infinity) return `${atom.source}${counts}(?!${atom.source})`;
    return renderAtomic(state, `${atom.source}${counts}`);
  }
  const rest = state.pattern.slice(state.at);
  // "set+ then end of line" is tried again from every character of a run that does not end there, quadratic in the run.
  // Its leftmost match always begins where the run begins, so saying that changes nothing but the time.
  if (
    isFirst &&
    atom.kind === 'set' &&
    mode === '' &&
    most === Infinity &&
    least === 1 &&
    rest === '$' &&
    state.depth === 0
  )
    return `(?<!${atom.source})${atom.source}+`;
  return `${atom.source}${counts}${mode}`;
}
