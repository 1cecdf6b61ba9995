/** Builds the cutting of text into pre-tokens, the units inside which byte-pair merges happen. */
import { EvalrunError } from '../../errors.js';
import { type CodePointSet, propertySet, renderClass, union } from './code-point-set.js';
import { type CompiledPattern, compilePattern } from './onig-pattern.js';
import { makeSplitter, type Splitter } from './split-behavior.js';
import type { Pattern, PreTokenizerJson } from './tokenizer-json.js';

/** `isFirst` says that the text begins the input (Metaspace's `first` scheme asks). */
export type PreTokenizer = (text: string, isFirst: boolean) => readonly string[];

/** GPT-2's pattern, which a ByteLevel pre-tokenizer with use_regex cuts by. */
const byteLevelPattern = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/**
 * Digits asks Rust's char::is_numeric instead of the pattern engine, and the binding's Rust knows Unicode 17's numbers.
 */
const numeric: CodePointSet = union(propertySet('N') ?? [], [0x11de0, 0x11de9, 0x16ff4, 0x16ff6]);

/**
 * Pre-tokens stay text: the byte-level alphabet is applied by the model, so `ByteLevel` only cuts here.
 *
 * @throws EvalrunError `tokenizer/unsupported` when something follows ByteLevel; others from compilePattern.
 */
export function makePreTokenizer(json: PreTokenizerJson): PreTokenizer {
  switch (json.type) {
    case 'Split':
      return makeSplitter(toPattern(json.pattern).regexp, json.behavior, json.invert);
    case 'Digits': {
      return makeSplitter(digits(json.individual_digits), 'Isolated', false);
    }
    case 'ByteLevel': {
      const split = json.use_regex
        ? makeSplitter(compilePattern(byteLevelPattern).regexp, 'Isolated', false)
        : undefined;
      return (text) => {
        const prefixed = json.add_prefix_space && !text.startsWith(' ') ? ` ${text}` : text;
        return split === undefined ? [prefixed] : split(prefixed);
      };
    }
    case 'Metaspace':
      return makeMetaspace(json);
    case 'Sequence':
      return makeSequence(json.pretokenizers);
  }
}

/**
 * The first cut of a pre-tokenizer and what is done with each of its pieces. What lies in front of a place where two pieces meet is cut
 * the same whatever follows the `reach`th line edge behind that place (onig-pattern.ts), and what lies behind it as if the text began there.
 */
export interface FirstCut {
  readonly cut: Splitter;
  readonly reach: number;
  /** Undefined where pieces are words already. */
  readonly rest: PreTokenizer | undefined;
}

/** Undefined where no such `reach` is known. Throws what makePreTokenizer does. */
export function firstCutOf(json: PreTokenizerJson): FirstCut | undefined {
  switch (json.type) {
    case 'Split': {
      const { regexp, reach } = toPattern(json.pattern);
      return json.behavior === 'Isolated' ? isolating(regexp, reach) : undefined;
    }
    case 'Digits':
      return isolating(digits(json.individual_digits), 2);
    case 'ByteLevel': {
      const { regexp, reach } = compilePattern(byteLevelPattern);
      return json.use_regex && !json.add_prefix_space ? isolating(regexp, reach) : undefined;
    }
    case 'Metaspace':
      return undefined;
    case 'Sequence': {
      checkOrder(json.pretokenizers);
      const [first, ...others] = json.pretokenizers;
      const cut = first && firstCutOf(first);
      if (cut === undefined || others.length === 0) return cut;
      return cut.rest === undefined ? { ...cut, rest: makeSequence(others) } : undefined;
    }
  }
}

function isolating(pattern: RegExp, reach: number): FirstCut | undefined {
  return reach === Infinity ? undefined : { cut: makeSplitter(pattern, 'Isolated', false), reach, rest: undefined };
}

/** True when the model must read its pre-tokens as bytes in the byte-level alphabet. */
export function isByteLevel(json: PreTokenizerJson | null | undefined): boolean {
  if (json?.type === 'Sequence') return json.pretokenizers.some(isByteLevel);
  return json?.type === 'ByteLevel';
}

function digits(individual: boolean): RegExp {
  return new RegExp(`${renderClass(numeric)}${individual ? '' : '+'}`, 'gu');
}

function toPattern(pattern: Pattern): CompiledPattern {
  if ('Regex' in pattern) return compilePattern(pattern.Regex);
  const text = pattern.String;
  const regexp = new RegExp(text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'), 'gu');
  return { regexp, reach: text === '' ? Infinity : text.length + 1 };
}

function makeMetaspace(json: Extract<PreTokenizerJson, { type: 'Metaspace' }>): PreTokenizer {
  const { replacement, prepend_scheme: scheme } = json;
  const split = json.split
    ? makeSplitter(toPattern({ String: replacement }).regexp, 'MergedWithNext', false)
    : undefined;
  return (text, isFirst) => {
    const replaced = text.replaceAll(' ', replacement);
    const prepends = (scheme === 'always' || (scheme === 'first' && isFirst)) && !replaced.startsWith(replacement);
    const whole = prepends ? replacement + replaced : replaced;
    return split === undefined ? [whole] : split(whole);
  };
}

/** Throws where something follows ByteLevel. */
function checkOrder(parts: readonly PreTokenizerJson[]): void {
  if (parts.slice(0, -1).some(isByteLevel)) {
    throw new EvalrunError('tokenizer/unsupported', {
      what: 'tokenizer.json cuts text again after its ByteLevel pre-tokenizer',
      expected: 'ByteLevel as the last of the sequence',
      todo: 'report the model, so that its tokenizer can be supported',
    });
  }
}

function makeSequence(parts: readonly PreTokenizerJson[]): PreTokenizer {
  checkOrder(parts);
  const steps = parts.map(makePreTokenizer);
  return (text, isFirst) => {
    let pieces: readonly string[] = [text];
    for (const step of steps) pieces = applyStep(step, pieces, isFirst);
    return pieces;
  };
}

function applyStep(step: PreTokenizer, pieces: readonly string[], isFirst: boolean): readonly string[] {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return step(only, isFirst);
  const out: string[] = [];
  for (let index = 0; index < pieces.length; index++) {
    for (const piece of step(pieces[index] ?? '', isFirst && index === 0)) out.push(piece);
  }
  return out;
}
