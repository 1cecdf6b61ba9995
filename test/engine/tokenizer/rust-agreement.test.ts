/** Our tokenizer against the Rust `tokenizers` binding, id by id, on seeded random texts. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import rust from 'tokenizers';
import { loadTokenizer } from '../../../engine/tokenizer/load-tokenizer.js';
import { packageRoot } from '../../../package-root.js';
import { fuzzText, seededRandom } from './fuzz-text.js';
import { addedToken, bpe, byteFallbackModel, byteLevelModel, tokenizerJson, writeFolder } from './small-tokenizer.js';

const shared = process.env.EVALRUN_SHARED ?? path.join(packageRoot, '..', 'shared');

/** Encodes and decodes `count` texts in both and expects equality; also decodes random ids. */
async function expectAgreement(folder: string, count: number, seed: number): Promise<void> {
  expect.hasAssertions();
  const text = readFileSync(path.join(folder, 'tokenizer.json'), 'utf8');
  const theirs = rust.Tokenizer.fromString(text);
  const ours = await loadTokenizer(folder);
  const special = (JSON.parse(text) as { added_tokens: { content: string }[] }).added_tokens.map(
    ({ content }) => content,
  );
  const random = seededRandom(seed);
  const texts = Array.from({ length: count }, () => fuzzText(random, special));
  const encodings = await theirs.encodeBatch(texts, { addSpecialTokens: false });
  const expected = encodings.map((encoding) => encoding.getIds());
  expect(expected.flat().length).toBeGreaterThan(count);
  for (const [index, input] of texts.entries()) {
    const ids = ours.encode(input, { addSpecialTokens: false });
    if (ids.join() !== expected[index]?.join()) expect({ input, ids }).toEqual({ input, ids: expected[index] });
  }
  const idLists = [...expected, ...expected.map((ids) => ids.map(() => Math.floor(random() * ours.vocabSize)))];
  for (const skipSpecialTokens of [false, true]) {
    const decoded = await theirs.decodeBatch(idLists, skipSpecialTokens);
    for (const [index, ids] of idLists.entries()) {
      const output = ours.decode(ids, { skipSpecialTokens });
      if (output !== decoded[index]) expect({ ids, output }).toEqual({ ids, output: decoded[index] });
    }
  }
}

const llama3Pattern =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const o200kPattern =
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?+\\p{Lu}++|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const kimiPattern =
  '[\\p{Han}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}&&[^\\p{Han}]]+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
const cutBy = (Regex: string, behavior = 'Isolated', invert = false) => ({
  type: 'Sequence',
  pretokenizers: [{ type: 'Split', pattern: { Regex }, behavior, invert }, byteLevel],
});
const digits = (individual_digits: boolean) => ({
  type: 'Sequence',
  pretokenizers: [{ type: 'Digits', individual_digits }, byteLevel],
});
const nfc = { type: 'NFC' };
const flagged = tokenizerJson().added_tokens.concat(
  addedToken(1000, 'dog', { single_word: true, special: false }),
  addedToken(1001, '<l>', { lstrip: true }),
  addedToken(1002, '<r>', { rstrip: true }),
  addedToken(1003, '<r><l>', { lstrip: true, rstrip: true, single_word: true }),
  addedToken(1004, 'a\u0308', { normalized: true, special: false }),
  addedToken(1005, 'ő', { normalized: true, special: false }),
);
const renumbered = flagged.map((token, index) => ({ ...token, id: (flagged[0]?.id ?? 0) + index }));

function withWords(...words: string[]) {
  const { vocab, merges } = byteLevelModel();
  const size = Object.keys(vocab).length;
  return { vocab: { ...vocab, ...Object.fromEntries(words.map((word, index) => [word, size + index])) }, merges };
}

const sentencePiece = byteFallbackModel();
const pieces = [addedToken(0, '<unk>'), addedToken(1, '<s>'), addedToken(2, '</s>')];
const sentencePieceModel = (flags: Record<string, unknown>) => bpe({ ...sentencePiece, unk_token: '<unk>', ...flags });
const prepend = { type: 'Prepend', prepend: '▁' };
const replaceSpaces = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
const decodeSpaces = { type: 'Replace', pattern: { String: '▁' }, content: ' ' };
const llamaDecoder = {
  type: 'Sequence',
  decoders: [
    decodeSpaces,
    { type: 'ByteFallback' },
    { type: 'Fuse' },
    { type: 'Strip', content: ' ', start: 1, stop: 0 },
  ],
};
const metaspace = (prepend_scheme: string, split: boolean) => ({
  type: 'Metaspace',
  replacement: '▁',
  prepend_scheme,
  split,
});
const llama = { added_tokens: pieces, pre_tokenizer: null, decoder: llamaDecoder };

const variants: [string, Record<string, unknown>][] = [
  ['GPT-2 cutting', {}],
  ['a space put before the text', { pre_tokenizer: { ...byteLevel, add_prefix_space: true, use_regex: true } }],
  [
    'the Llama 3 pattern and ignore_merges',
    // Two whole words that no merges make; without ignore_merges they would never be found.
    {
      pre_tokenizer: cutBy(llama3Pattern),
      added_tokens: [],
      model: bpe({ ...withWords('class', 'Ġmultiple'), ignore_merges: true }),
    },
  ],
  ['the o200k pattern with possessive repeats', { pre_tokenizer: cutBy(o200kPattern) }],
  ['a pattern with class intersections', { pre_tokenizer: cutBy(kimiPattern) }],
  ['single digits', { pre_tokenizer: digits(true) }],
  ['runs of digits', { pre_tokenizer: digits(false) }],
  ['white space at the ends of lines', { pre_tokenizer: cutBy('\\s+$') }],
  ['a cut before each capital', { pre_tokenizer: cutBy('(?=\\p{Lu})') }],
  ['words and word edges', { pre_tokenizer: cutBy('\\b\\w+\\b|^[[:punct:]]+|\\h{2}\\z') }],
  ['atomic groups', { pre_tokenizer: cutBy('(?>\\p{L}+|\\p{N})s|(?<=a)[^\\W\\d_]') }],
  ...['Removed', 'Contiguous', 'MergedWithPrevious', 'MergedWithNext'].flatMap((behavior) =>
    [false, true].map((invert): [string, Record<string, unknown>] => [
      `matches that are ${behavior}${invert ? ', inverted' : ''}`,
      { pre_tokenizer: cutBy('\\p{L}|\\s+', behavior, invert) },
    ]),
  ),
  ['NFC', { normalizer: nfc }],
  ['added tokens with every flag', { added_tokens: renumbered }],
  [
    'added tokens with every flag after NFC',
    { added_tokens: renumbered, normalizer: { type: 'Sequence', normalizers: [nfc] } },
  ],
  [
    'a normaliser that replaces by a pattern',
    { normalizer: { type: 'Replace', pattern: { Regex: '[ \\t]+' }, content: '$& ' } },
  ],
  ['no decoder', { decoder: null }],
  [
    'Llama 2: byte fallback without cutting',
    {
      ...llama,
      normalizer: { type: 'Sequence', normalizers: [prepend, replaceSpaces] },
      model: sentencePieceModel({ byte_fallback: true, fuse_unk: true }),
    },
  ],
  ['unknown characters fused', { ...llama, model: sentencePieceModel({ fuse_unk: true }) }],
  ['unknown characters one by one', { ...llama, model: sentencePieceModel({ fuse_unk: false }) }],
  ['unknown characters dropped', { ...llama, model: sentencePieceModel({ unk_token: null }) }],
  ...['always', 'first', 'never'].flatMap((scheme) =>
    [false, true].map((split): [string, Record<string, unknown>] => [
      `Metaspace ${scheme}, ${split ? 'split' : 'whole'}`,
      {
        ...llama,
        pre_tokenizer: metaspace(scheme, split),
        decoder: metaspace(scheme, split),
        model: sentencePieceModel({ byte_fallback: true }),
      },
    ]),
  ),
];

describe('a small tokenizer with', () => {
  test.each(variants)('%s agrees with the Rust library on random texts', async (_name, parts) => {
    await expectAgreement(await writeFolder({ 'tokenizer.json': tokenizerJson(parts) }), 120, 7);
  });
});

describe('a published tokenizer', () => {
  const folders = [
    'tokenizers/deepseek-v3',
    'tokenizers/deepseek-v2',
    'tokenizers/llama-3.1',
    'tokenizers/qwen2.5',
    'models/minimind2-small',
    'models/stories260K',
  ];
  const present = folders.filter((folder) => existsSync(path.join(shared, folder, 'tokenizer.json')));
  if (present.length === 0) test.skip(`the shared reference folder is absent at ${shared}`, () => {});
  else {
    test.each(present)(
      '%s agrees with the Rust library on random texts',
      async (folder) => {
        await expectAgreement(path.join(shared, folder), 250, 20);
      },
      60_000,
    );
  }
});
