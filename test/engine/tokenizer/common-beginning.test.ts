// Texts that begin alike are encoded from where they part (engine/tokenizer/common-beginning.ts): the words are those of each text alone,
// whatever the pattern looks at, and the beginning is not cut again.
import { describe, expect, test } from '@jest/globals';
import { CommonBeginning } from '../../../engine/tokenizer/common-beginning.js';
import { compilePattern } from '../../../engine/tokenizer/onig-pattern.js';
import { firstCutOf, makePreTokenizer } from '../../../engine/tokenizer/pre-tokenizer.js';
import type { PreTokenizerJson } from '../../../engine/tokenizer/tokenizer-json.js';

const split = (pattern: string): PreTokenizerJson => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
});
const digits: PreTokenizerJson = { type: 'Digits', individual_digits: true };
const byteLevel = (cuts: boolean, prefix = false): PreTokenizerJson => ({
  type: 'ByteLevel',
  add_prefix_space: prefix,
  use_regex: cuts,
});
const metaspace: PreTokenizerJson = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true };
const sequence = (...pretokenizers: PreTokenizerJson[]): PreTokenizerJson => ({ type: 'Sequence', pretokenizers });

const gpt4 =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** Pre-tokenizers of published models, and some that look as far as they can. */
const known: readonly (readonly [string, PreTokenizerJson])[] = [
  ['GPT-2', byteLevel(true)],
  ['Llama 3', sequence(split(gpt4), byteLevel(false))],
  [
    'DeepSeek-V2',
    sequence(split('[\\r\\n]'), split('\\s?\\p{L}+'), split('\\s?\\p{P}+'), split('\\s+$'), digits, byteLevel(false)),
  ],
  ['DeepSeek-V3', sequence(split('\\p{N}{1,3}'), split('[一-龥]+'), split(gpt4), byteLevel(false))],
  ['digits first', sequence(digits, byteLevel(true, true))],
  ['a step that asks for the first piece', sequence(split('\\n'), metaspace)],
  ['a string', { type: 'Split', pattern: { String: 'b\nc' }, behavior: 'Isolated', invert: false }],
  ['a literal of many lines', split('a\\nb\\nc\\nd|[a-z]|\\n')],
  ['one that looks ahead over lines', split('[a-z](?=\\n[a-z]\\n[a-z]\\n(?!c))|\\s+')],
  ['a possessive run', split('[a-c]++\\n|[^\\n]+')],
  ['an atomic group', split('(?>[a-b]+\\n|[a-z])c?')],
  ['the end of the text', split('[a-z]+\\n?\\Z|[a-z]+')],
];

/** Every word has a number of its own. */
function numbers() {
  const ids = new Map<string, number>();
  let asked = 0;
  return {
    encodeWord: (word: string, out: number[]) => {
      asked++;
      const id = ids.get(word) ?? ids.size;
      ids.set(word, id);
      out.push(id);
    },
    asked: () => asked,
  };
}

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const characters = [...'abcdabcdabcd\n\n\n\n\n\n  12.,\'"', '\r\n', '一', 'é', '\u0301', '🙂', '\t'];

describe.each(known)('%s', (name, json) => {
  test('words are those of each text alone, whatever the one before was', () => {
    const first = firstCutOf(json);
    if (first === undefined) throw new Error('its first cut is not known');
    const { encodeWord } = numbers();
    const common = new CommonBeginning(first, encodeWord, { least: 0, spacing: 1 });
    const cut = makePreTokenizer(json);
    const pick = random(name.length);
    let text = '';
    for (let turn = 0; turn < 4000; turn++) {
      // What follows the place where texts part is longer, shorter or another, and sometimes nothing.
      const kept = text.slice(0, pick(text.length + 1));
      const more = Array.from({ length: pick(60) }, () => characters[pick(characters.length)]).join('');
      text = turn % 50 === 0 ? more : kept + more;
      const isFirst = turn % 7 !== 0;
      const ours: number[] = [-1];
      common.encodeInto(text, isFirst, ours);
      const alone: number[] = [-1];
      for (const word of cut(text, isFirst)) encodeWord(word, alone);
      if (ours.join() !== alone.join())
        throw new Error(`turn ${turn}: ${JSON.stringify(text)} is ${ours}, not ${alone}`);
      if (text.length > 400) text = text.slice(0, 100);
    }
  });
});

test('what texts have in common is not cut again', () => {
  const first = firstCutOf(split(gpt4));
  if (first === undefined) throw new Error('its first cut is not known');
  const { encodeWord, asked } = numbers();
  const common = new CommonBeginning(first, encodeWord);
  const examples = 'Which of these is a fruit?\nA. stone\nB. apple\nC. water\nD. iron\nAnswer: B\n\n'.repeat(40);
  const out: number[] = [];
  common.encodeInto(`${examples}What is one and one?\nA. 2\nB. 3\nAnswer:`, true, out);
  const whole = asked();
  expect(whole).toBe(out.length);
  common.encodeInto(`${examples}What is two and two?\nA. 2\nB. 4\nAnswer:`, true, out);
  expect(asked() - whole).toBeLessThan(whole / 10);
  // Another place of the input may be cut otherwise.
  common.encodeInto(`${examples}What is two and two?\nA. 2\nB. 4\nAnswer:`, false, out);
  expect(asked() - whole).toBeGreaterThan(whole);
});

describe('how far a pattern looks', () => {
  test.each([
    ['[\\r\\n]', 2],
    ['\\p{L}+', 2],
    ['\\p{N}{1,3}', 2],
    [gpt4, 4],
    ['a\\nb', 4],
    ['(?:a\\n){3}b', 8],
    ['a(?=\\nb)', 4],
    ['[^\\n]+', 2],
    ['[a-z]++', 3],
    ['a[A-Z]+$', 5],
    ['a|b(?:c|d\\n)', 4],
  ])('%s: %d line edges', (pattern, reach) => {
    expect(compilePattern(pattern).reach).toBe(reach);
  });

  test.each([
    ['a set with letters and line feeds', '[^0-9]+'],
    ['a repeated group', '(?:a\\n)+b'],
    ['what may be empty', 'a*'],
    ['what may be empty in one of its ways', 'a|b?'],
    ['looking behind', '(?<=a)b'],
    ['not behind', '(?<!a)b'],
    ['the beginning of a line', '^a'],
    ['the edge of a word', 'a\\b'],
    ['a run to the end of its line, which is only found where it begins', '\\s+$'],
  ])('%s: nobody knows', (_, pattern) => {
    expect(compilePattern(pattern).reach).toBe(Infinity);
    expect(firstCutOf(split(pattern))).toBeUndefined();
  });

  test.each([
    ['a prefix', byteLevel(true, true)],
    ['a byte-level step that does not cut', byteLevel(false)],
    ['pieces that are joined', { ...split('a'), behavior: 'MergedWithNext' } as PreTokenizerJson],
    ['sequences in sequences', sequence(sequence(digits, split('a')), byteLevel(false))],
  ])('%s: not gone on with', (_, json) => {
    expect(firstCutOf(json)).toBeUndefined();
  });
});
