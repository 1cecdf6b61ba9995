/** Malformed and hostile tokenizer files: each a clear EvalrunError; hostile texts: an answer. */
import { describe, expect, test } from '@jest/globals';
import { byteChars } from '../../../engine/tokenizer/byte-alphabet.js';
import { loadTokenizer } from '../../../engine/tokenizer/load-tokenizer.js';
import { EvalrunError } from '../../../errors.js';
import { addedToken, bpe, byteLevelModel, tokenizerJson, writeFolder } from './small-tokenizer.js';

const { vocab, merges } = byteLevelModel();
const withModel = (model: Record<string, unknown>) => tokenizerJson({ model: bpe({ vocab, merges, ...model }) });
const splitBy = (Regex: string) =>
  tokenizerJson({ pre_tokenizer: { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false } });
const words = (single: unknown[]) => ({ post_processor: { type: 'TemplateProcessing', single, special_tokens: {} } });

const files: [string, unknown, string, string][] = [
  ['text that is not JSON', '{"model": ', 'tokenizer/json', 'tokenizer.json is not valid JSON'],
  ['a list', [], 'tokenizer/json', 'does not hold a JSON object'],
  ['an object without a model', {}, 'tokenizer/shape', 'model'],
  ['a vocabulary that is a list', withModel({ vocab: ['a'] }), 'tokenizer/shape', 'model.vocab'],
  ['merges that are an object', withModel({ merges: {} }), 'tokenizer/shape', 'model.merges'],
  ['a negative id', withModel({ vocab: { ...vocab, zz: -1 } }), 'tokenizer/vocab', '"zz"'],
  ['an id that is too large', withModel({ vocab: { ...vocab, zz: 2 ** 31 } }), 'tokenizer/vocab', '2147483648'],
  ['an id that is no whole number', withModel({ vocab: { ...vocab, zz: 0.5 } }), 'tokenizer/vocab', '0.5'],
  [
    'an id given twice',
    withModel({ vocab: { ...vocab, zz: 5 } }),
    'tokenizer/vocab',
    `5, which ${JSON.stringify(byteChars[5])} has`,
  ],
  ['a merge of an unknown piece', withModel({ merges: [['q', 'qqq']] }), 'tokenizer/merges', 'merge 0'],
  [
    'a merge whose result is unknown',
    withModel({ merges: [...merges, 'x 9'] }),
    'tokenizer/merges',
    `merge ${merges.length}`,
  ],
  ['a merge of three pieces', withModel({ merges: ['a b c'] }), 'tokenizer/merges', 'two pieces'],
  ['a merge that is a number', withModel({ merges: [7] }), 'tokenizer/merges', 'two pieces'],
  ['random dropout', withModel({ dropout: 0.1 }), 'tokenizer/shape', 'model.dropout'],
  ['an unknown token outside the vocabulary', withModel({ unk_token: '<unk>' }), 'tokenizer/unk-token', '"<unk>"'],
  ['added tokens that are numbers', tokenizerJson({ added_tokens: [1] }), 'tokenizer/shape', 'added_tokens.0'],
  [
    'an added token with the id of a piece',
    tokenizerJson({ added_tokens: [addedToken(5, '<x>')] }),
    'tokenizer/added-token',
    JSON.stringify(byteChars[5]),
  ],
  [
    'an added token with two ids',
    tokenizerJson({ added_tokens: [addedToken(900, 'q!'), addedToken(901, 'q!')] }),
    'tokenizer/added-token',
    'id 900',
  ],
  ['a template without the text', tokenizerJson(words([])), 'tokenizer/post-processor', 'exactly once'],
  [
    'a template with an unknown token',
    tokenizerJson(words([{ SpecialToken: { id: 'toString' } }, { Sequence: { id: 'A' } }])),
    'tokenizer/post-processor',
    'toString',
  ],
  ['a pattern that does not compile', splitBy('(a'), 'tokenizer/regex', 'does not end'],
  ['a pattern with a back reference', splitBy('(a)\\1'), 'tokenizer/regex', '\\1'],
  ['a pattern with an unknown property', splitBy('\\p{Nonsense}'), 'tokenizer/regex', '\\p{Nonsense}'],
  ['a pattern with an empty class', splitBy('[^]'), 'tokenizer/regex', 'does not end'],
  ['a pattern with a backward range', splitBy('[z-a]'), 'tokenizer/regex', 'backwards'],
  ['a pattern that repeats nothing', splitBy('|*'), 'tokenizer/regex', 'nothing to repeat'],
  ['a pattern nested beyond reason', splitBy('('.repeat(5000)), 'tokenizer/regex', 'nest deeper'],
  ['classes nested beyond reason', splitBy('['.repeat(5000)), 'tokenizer/regex', 'nest deeper'],
  ['a repeat inside a repeat', splitBy('(a+)+$'), 'tokenizer/regex-unsafe', '(a+)+$'],
  ['a repeated choice', splitBy('(?:a|aa)*b'), 'tokenizer/regex-unsafe', 'choice'],
  ['optional parts counted many times', splitBy('(?:a?){30}a{30}'), 'tokenizer/regex-unsafe', 'repeat'],
  ['a chain of overlapping repeats', splitBy('\\s*\\s*\\s*\\s*x'), 'tokenizer/regex-unsafe', 'overlapping'],
  [
    'a cut after ByteLevel',
    tokenizerJson({
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'ByteLevel', add_prefix_space: false },
          { type: 'Digits', individual_digits: true },
        ],
      },
    }),
    'tokenizer/unsupported',
    'ByteLevel',
  ],
  ['a model of an unknown type', tokenizerJson({ model: { type: 'Oracle' } }), 'tokenizer/unsupported', 'Oracle'],
];

describe('tokenizer.json with', () => {
  test.each(files)('%s is refused', async (_name, content, code, words) => {
    const loading = loadTokenizer(await writeFolder({ 'tokenizer.json': content }));
    await expect(loading).rejects.toThrow(EvalrunError);
    await expect(loading).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
  });
});

test('a folder without tokenizer.json is refused with its name', async () => {
  const folder = await writeFolder({});
  await expect(loadTokenizer(folder)).rejects.toMatchObject({
    code: 'tokenizer/missing',
    message: expect.stringContaining(folder),
  });
});

test('a tokenizer_config.json of the wrong shape is refused', async () => {
  const folder = await writeFolder({
    'tokenizer.json': tokenizerJson(),
    'tokenizer_config.json': { add_bos_token: 'yes' },
  });
  await expect(loadTokenizer(folder)).rejects.toMatchObject({
    code: 'tokenizer/shape',
    message: expect.stringContaining('tokenizer_config.json has an unexpected add_bos_token'),
  });
});

describe('hostile texts', () => {
  test('lone surrogates count as U+FFFD', async () => {
    const tokenizer = await loadTokenizer(await writeFolder({ 'tokenizer.json': tokenizerJson() }));
    expect(tokenizer.encode('a\ud800b\udc00\ud83d\ude42')).toEqual(tokenizer.encode('a\ufffdb\ufffd\u{1f642}'));
  });

  test('ids outside the vocabulary decode to nothing and have no token', async () => {
    const tokenizer = await loadTokenizer(await writeFolder({ 'tokenizer.json': tokenizerJson() }));
    const [a] = tokenizer.encode('a') as [number];
    expect(tokenizer.decode([a, tokenizer.vocabSize, -1, a])).toBe('aa');
    expect([tokenizer.tokenOf(a), tokenizer.tokenOf(tokenizer.vocabSize)]).toEqual(['a', undefined]);
    expect(tokenizer.decode([])).toBe('');
  });

  const lineEnds = {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: '\\s+$' }, behavior: 'Isolated', invert: false },
      { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
    ],
  };
  // Anything quadratic would not come back from these.
  test.each([
    ['one word', 'ab'.repeat(500_000), {}],
    ['white space before a digit', `${' '.repeat(1_000_000)}1`, {}],
    ['white space that no line ends in', `${' '.repeat(1_000_000)}1`, { pre_tokenizer: lineEnds }],
    ['beginnings of special tokens', '<'.repeat(1_000_000), {}],
    ['combining marks', `a${'\u0301'.repeat(1_000_000)}`, { normalizer: { type: 'NFC' } }],
  ])('a million characters of %s survive the round trip', async (_name, text, parts) => {
    const tokenizer = await loadTokenizer(await writeFolder({ 'tokenizer.json': tokenizerJson(parts) }));
    expect(tokenizer.decode(tokenizer.encode(text)) === text.normalize('NFC')).toBe(true);
  });
});

test('a WordPiece tokenizer, which our pipeline does not run, is left to the library', async () => {
  const json = {
    added_tokens: [addedToken(0, '[UNK]'), addedToken(1, '[CLS]')],
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: false },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: { '[UNK]': 0, '[CLS]': 1, the: 2, cat: 3, '##s': 4 },
    },
  };
  const tokenizer = await loadTokenizer(
    await writeFolder({ 'tokenizer.json': json, 'tokenizer_config.json': { bos_token: '[CLS]', add_bos_token: true } }),
  );
  expect(tokenizer.encode('The CATS dog')).toEqual([1, 2, 3, 4, 0]);
  expect(tokenizer.decode([2, 3, 4])).toBe('the cats');
  expect([tokenizer.vocabSize, tokenizer.tokenOf(4)]).toEqual([5, '##s']);
});
