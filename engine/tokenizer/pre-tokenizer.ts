/** Builds the cutting of text into pre-tokens, the units inside which byte-pair merges happen. */
import { EvalrunError } from '../../errors.js';
import { type CodePointSet, propertySet, renderClass, union } from './code-point-set.js';
import { compilePattern } from './onig-pattern.js';
import { makeSplitter } from './split-behavior.js';
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
      return makeSplitter(toRegExp(json.pattern), json.behavior, json.invert);
    case 'Digits': {
      const pattern = new RegExp(`${renderClass(numeric)}${json.individual_digits ? '' : '+'}`, 'gu');
      return makeSplitter(pattern, 'Isolated', false);
    }
    case 'ByteLevel': {
      const split = json.use_regex ? makeSplitter(compilePattern(byteLevelPattern), 'Isolated', false) : undefined;
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

/** True when the model must read its pre-tokens as bytes in the byte-level alphabet. */
export function isByteLevel(json: PreTokenizerJson | null | undefined): boolean {
  if (json?.type === 'Sequence') return json.pretokenizers.some(isByteLevel);
  return json?.type === 'ByteLevel';
}

function toRegExp(pattern: Pattern): RegExp {
  if ('Regex' in pattern) return compilePattern(pattern.Regex);
  return new RegExp(pattern.String.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'), 'gu');
}

function makeMetaspace(json: Extract<PreTokenizerJson, { type: 'Metaspace' }>): PreTokenizer {
  const { replacement, prepend_scheme: scheme } = json;
  const split = json.split ? makeSplitter(toRegExp({ String: replacement }), 'MergedWithNext', false) : undefined;
  return (text, isFirst) => {
    const replaced = text.replaceAll(' ', replacement);
    const prepends = (scheme === 'always' || (scheme === 'first' && isFirst)) && !replaced.startsWith(replacement);
    const whole = prepends ? replacement + replaced : replaced;
    return split === undefined ? [whole] : split(whole);
  };
}

function makeSequence(parts: readonly PreTokenizerJson[]): PreTokenizer {
  if (parts.slice(0, -1).some(isByteLevel)) {
    throw new EvalrunError('tokenizer/unsupported', {
      what: 'tokenizer.json cuts text again after its ByteLevel pre-tokenizer',
      expected: 'ByteLevel as the last of the sequence',
      todo: 'report the model, so that its tokenizer can be supported',
    });
  }
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
