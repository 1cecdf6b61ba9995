/** Pre-tokenizer patterns against Oniguruma itself (in the Rust binding), and the Unicode tables they are compiled with. */
import { describe, expect, test } from '@jest/globals';
import rust from 'tokenizers';
import { charBytes } from '../../../engine/tokenizer/byte-alphabet.js';
import { decodeRanges, pairsOf, propertySet, sizeOf } from '../../../engine/tokenizer/code-point-set.js';
import { normalizeNfc } from '../../../engine/tokenizer/normalizer.js';
import { compilePattern } from '../../../engine/tokenizer/onig-pattern.js';
import { makePreTokenizer } from '../../../engine/tokenizer/pre-tokenizer.js';
import { makeSplitter } from '../../../engine/tokenizer/split-behavior.js';
import { nfcUntouched } from '../../../engine/tokenizer/unicode-16.js';
import { fuzzText, seededRandom } from './fuzz-text.js';
import { bpe } from './small-tokenizer.js';

function rustTokenizer(parts: Record<string, unknown>) {
  const empty = { version: '1.0', truncation: null, padding: null, added_tokens: [], normalizer: null };
  const rest = {
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model: bpe({ vocab: { a: 0 }, merges: [] }),
  };
  return rust.Tokenizer.fromString(JSON.stringify({ ...empty, ...rest, ...parts }));
}

function rustSplitter(pattern: string): (text: string) => string[] {
  const preTokenizer = { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
  const splitter = rustTokenizer({ pre_tokenizer: preTokenizer }).getPreTokenizer();
  return (text) => (splitter?.preTokenizeString(text) ?? []).map(([piece]) => piece);
}

/** Every code point but the surrogates, in order, as one text. */
const allScalars = (() => {
  let text = '';
  for (let at = 0; at < 0x110000; at += 0x400) {
    if (at < 0xd800 || at > 0xdfff) text += String.fromCodePoint(...Array.from({ length: 0x400 }, (_, i) => at + i));
  }
  return text;
})();

/** Where the pieces of that text begin, which says everything about them. */
const startsOf = (pieces: readonly string[]) => pieces.map((piece) => piece.codePointAt(0)?.toString(16));

function expectSameStarts(ours: readonly string[], theirs: readonly string[]): void {
  const [ourStarts, theirStarts] = [startsOf(ours), startsOf(theirs)];
  const difference = ourStarts.findIndex((start, index) => start !== theirStarts[index]);
  expect([ours.length, ourStarts[difference]]).toEqual([theirs.length, theirStarts[difference]]);
  expect(ours.length).toBeGreaterThan(10);
}

describe('for every code point the Unicode 16.0 table of', () => {
  test.each(['L', 'Lu', 'Ll', 'M', 'N', 'P', 'S', 'Han'])('%s is what Oniguruma has', (name) => {
    const pattern = `\\p{${name}}+`;
    const ours = makeSplitter(compilePattern(pattern).regexp, 'Isolated', false)(allScalars);
    expectSameStarts(ours, rustSplitter(pattern)(allScalars));
  });

  test('numbers in Digits is what Rust calls numeric, which is newer', () => {
    const json = { type: 'Digits', individual_digits: false } as const;
    const theirs = rustTokenizer({ pre_tokenizer: json }).getPreTokenizer()?.preTokenizeString(allScalars) ?? [];
    expectSameStarts(
      makePreTokenizer(json)(allScalars, true),
      theirs.map(([piece]) => piece),
    );
  });
});

test('a run up to the end of a line is looked for from the beginning of the run only', () => {
  expect(compilePattern('\\s+$').regexp.source).toMatch(/^\(\?<!/);
});

describe('a pattern cuts random texts as Oniguruma does:', () => {
  test.each([
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)",
    '(?i:[k-s]+)',
    '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+',
    '\\s+$',
    '^\\s*\\S',
    '\\s+(?!\\S)|\\s+',
    '\\w+|[^\\w\\s]+',
    '[\\w&&[^a-e]]+',
    '[^[a-c]\\d]+',
    '\\p{N}{1,3}+',
    '\\p{L}{2,}?',
    '\\p{^L}{2}',
    '\\S++\\s?+',
    '(?>a|ab)c|b(?<!ab)',
    '[[:alpha:]]+|[[:^alpha:]-]',
    '\\A.|.\\z|\\b\\h+\\B',
    '[]a]+|[a-]+|[\\]\\-\\^]',
    '\\x{1F642}|\\u4e0d|\\x41|\\t',
    '[一-龥぀-ゟ゠-ヿ]+',
    '',
  ])('%s', (pattern) => {
    const split = makeSplitter(compilePattern(pattern).regexp, 'Isolated', false);
    const expected = rustSplitter(pattern);
    const random = seededRandom(3);
    for (let count = 0; count < 30; count++) {
      const text = fuzzText(random, ['aab abc', 'cab']).replace(/\p{Surrogate}/gu, '');
      expect(split(text)).toEqual(expected(text));
    }
  });
});

test('NFC leaves alone exactly what the Rust library does not know, on random runs of marks', () => {
  const normalizer = rustTokenizer({ normalizer: { type: 'NFC' } }).getNormalizer();
  const unknown = pairsOf(decodeRanges(nfcUntouched)).flat();
  const marks = pairsOf(propertySet('M') ?? []).flat();
  const bases = [...'aeiouśǟ한각ᄒㅏ\u1161\u11a8\u0344\u212b\u0958\u{1d15e}'].map((char) => char.codePointAt(0) ?? 0);
  const random = seededRandom(5);
  expect.hasAssertions();
  expect(normalizer).not.toBeNull();
  const pool = [bases, marks, unknown];
  for (let count = 0; count < 3000; count++) {
    let text = '';
    for (let length = 0; length < 6; length++) {
      const list = pool[Math.floor(random() * pool.length)] ?? [];
      text += String.fromCodePoint(list[Math.floor(random() * list.length)] ?? 0);
    }
    const [ours, theirs] = [normalizeNfc(text), normalizer?.normalizeString(text)];
    if (ours !== theirs) expect({ text, ours }).toEqual({ text, ours: theirs });
  }
});

test('the byte alphabet has 256 characters, printable ASCII as itself', () => {
  expect(new Set(charBytes.values()).size).toBe(256);
  expect([charBytes.get('A'), charBytes.get('Ġ'), charBytes.get('Ċ')]).toEqual([0x41, 0x20, 0x0a]);
  expect(sizeOf(propertySet('Any') ?? [])).toBe(0x110000);
});
