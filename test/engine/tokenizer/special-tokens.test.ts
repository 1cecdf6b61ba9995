/** Which special tokens a checkpoint's files put around a text, and what they call the end of one. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { loadTokenizer } from '../../../engine/tokenizer/load-tokenizer.js';
import { EvalrunError } from '../../../errors.js';
import { tokenizerJson, writeFolder } from './small-tokenizer.js';

const base = tokenizerJson();
const [bos, eos, end] = base.added_tokens.map((token) => token.id) as [number, number, number];

const template = (...single: string[]) => ({
  type: 'TemplateProcessing',
  single: single.map((id) =>
    id === '$A' ? { Sequence: { id: 'A', type_id: 0 } } : { SpecialToken: { id, type_id: 0 } },
  ),
  pair: [],
  special_tokens: {
    '<s>': { id: '<s>', ids: [bos], tokens: ['<s>'] },
    '</s>': { id: '</s>', ids: [eos], tokens: ['</s>'] },
  },
});
const byteLevel = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true };
const withBos = { post_processor: { type: 'Sequence', processors: [byteLevel, template('<s>', '$A')] } };
const named = { bos_token: '<s>', eos_token: { __type: 'AddedToken', content: '</s>' } };

const cases: { name: string; parts?: object; config?: object; text?: string; expected: (ids: number[]) => number[] }[] =
  [
    { name: 'no config and no post-processor add nothing', expected: (ids) => ids },
    { name: 'a ByteLevel post-processor adds nothing', parts: { post_processor: byteLevel }, expected: (ids) => ids },
    { name: 'the post-processor adds one BOS without a config', parts: withBos, expected: (ids) => [bos, ...ids] },
    {
      name: 'the config adds a BOS that the file does not',
      config: { ...named, add_bos_token: true },
      expected: (ids) => [bos, ...ids],
    },
    {
      name: 'the BOS may be an AddedToken object',
      config: { bos_token: { content: '<s>', lstrip: false }, add_bos_token: true },
      expected: (ids) => [bos, ...ids],
    },
    {
      name: 'post-processor and config together add one BOS',
      parts: withBos,
      config: { ...named, add_bos_token: true },
      expected: (ids) => [bos, ...ids],
    },
    {
      name: 'add_bos_token false adds none',
      config: { ...named, add_bos_token: false, tokenizer_class: 'LlamaTokenizerFast' },
      expected: (ids) => ids,
    },
    {
      name: 'add_bos_token false leaves the post-processor its BOS',
      parts: withBos,
      config: { ...named, add_bos_token: false },
      expected: (ids) => [bos, ...ids],
    },
    {
      name: 'the Llama classes add a BOS where the config is silent',
      config: { ...named, tokenizer_class: 'LlamaTokenizerFast' },
      expected: (ids) => [bos, ...ids],
    },
    {
      name: 'other classes add none where the config is silent',
      config: { ...named, tokenizer_class: 'Qwen2Tokenizer' },
      expected: (ids) => ids,
    },
    {
      name: 'add_eos_token adds an EOS',
      config: { ...named, add_bos_token: true, add_eos_token: true },
      expected: (ids) => [bos, ...ids, eos],
    },
    {
      name: 'post-processor and config together add one EOS',
      parts: { post_processor: template('<s>', '$A', '</s>') },
      config: { ...named, add_eos_token: true },
      expected: (ids) => [bos, ...ids, eos],
    },
    {
      name: 'a RobertaProcessing wraps the text',
      parts: {
        post_processor: {
          type: 'RobertaProcessing',
          cls: ['<s>', bos],
          sep: ['</s>', eos],
          trim_offsets: true,
          add_prefix_space: true,
        },
      },
      expected: (ids) => [bos, ...ids, eos],
    },
    {
      name: 'a text that begins with the BOS gets no second one from the config',
      config: { ...named, add_bos_token: true },
      text: '<s>the cat',
      expected: (ids) => ids,
    },
    {
      name: 'a text that begins with the BOS gets no second one from the post-processor',
      parts: withBos,
      config: named,
      text: '<s>the cat',
      expected: (ids) => ids,
    },
    {
      name: 'the post-processor alone names the BOS that is not doubled',
      parts: withBos,
      text: '<s>the cat',
      expected: (ids) => ids,
    },
    {
      name: 'a BOS later in the text does not count',
      parts: withBos,
      text: 'the <s>cat',
      expected: (ids) => [bos, ...ids],
    },
    { name: 'an empty text is a BOS', parts: withBos, text: '', expected: () => [bos] },
  ];

async function load(files: Record<string, unknown>) {
  return loadTokenizer(await writeFolder({ 'tokenizer.json': base, ...files }));
}

describe('special tokens around a text', () => {
  test.each(cases)('$name', async ({ parts, config, text = 'the cat sat', expected }) => {
    const files = { 'tokenizer.json': { ...base, ...parts }, ...(config ? { 'tokenizer_config.json': config } : {}) };
    const tokenizer = await load(files);
    const plain = tokenizer.encode(text, { addSpecialTokens: false });
    expect(plain.filter((id) => id === bos).length).toBe(text.split('<s>').length - 1);
    expect(tokenizer.encode(text)).toEqual(expected(plain));
  });

  test('a BOS that must be added but is not in the vocabulary is an error that names it', async () => {
    const loading = load({ 'tokenizer_config.json': { bos_token: '<bos>', add_bos_token: true } });
    await expect(loading).rejects.toThrow(EvalrunError);
    await expect(loading).rejects.toMatchObject({
      code: 'tokenizer/bos-token',
      message: expect.stringContaining('"<bos>"'),
    });
  });

  test('special tokens are left out of decoded text on request only', async () => {
    const tokenizer = await load({ 'tokenizer_config.json': { ...named, add_bos_token: true } });
    const ids = tokenizer.encode('the cat .<|end|>');
    expect(tokenizer.decode(ids)).toBe('<s>the cat .<|end|>');
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe('the cat .');
  });
});

describe('ids that begin and end a text', () => {
  test.each([
    ['none named', {}, undefined, []],
    ['tokenizer_config.json', { 'tokenizer_config.json': named }, bos, [eos]],
    ['config.json', { 'config.json': { bos_token_id: 7, eos_token_id: 9 } }, 7, [9]],
    [
      'a list in generation_config.json',
      { 'generation_config.json': { bos_token_id: 3, eos_token_id: [5, 9, 5] } },
      3,
      [5, 9],
    ],
    [
      'all files, each end-of-sequence id once',
      {
        'generation_config.json': { eos_token_id: [end, eos] },
        'config.json': { eos_token_id: 9, bos_token_id: 4 },
        'tokenizer_config.json': named,
      },
      bos,
      [end, eos, 9],
    ],
    [
      'null and odd BOS entries',
      { 'config.json': { bos_token_id: '', eos_token_id: null }, 'tokenizer_config.json': { bos_token: null } },
      undefined,
      [],
    ],
  ])('%s', async (_name, files, bosId, eosIds) => {
    const tokenizer = await load(files);
    expect([tokenizer.bosId, tokenizer.eosIds]).toEqual([bosId, eosIds]);
  });

  test('an end-of-sequence id that is no id is refused with the name of its file', async () => {
    const loading = load({ 'generation_config.json': { eos_token_id: 'two' } });
    await expect(loading).rejects.toMatchObject({
      code: 'tokenizer/shape',
      message: expect.stringContaining('generation_config.json has an unexpected eos_token_id'),
    });
  });
});

describe('the chat template', () => {
  const list = [
    { name: 'tool_use', template: 'tools' },
    { name: 'default', template: 'plain' },
  ];
  test.each([
    ['is absent', {}, undefined],
    ['is a string', { 'tokenizer_config.json': { chat_template: 'plain' } }, 'plain'],
    ['is the default one of a list', { 'tokenizer_config.json': { chat_template: list } }, 'plain'],
    [
      'is absent from a list without a default',
      { 'tokenizer_config.json': { chat_template: list.slice(0, 1) } },
      undefined,
    ],
    ['is a file of its own', { 'chat_template.jinja': 'file' }, 'file'],
    [
      'is the file where both are there',
      { 'chat_template.jinja': 'file', 'tokenizer_config.json': { chat_template: 'plain' } },
      'file',
    ],
  ])('%s', async (_name, files, expected) => {
    expect((await load(files)).chatTemplate).toBe(expected);
  });
});

test('the fingerprint is the SHA-256 of both tokenizer files, one after the other', async () => {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  expect((await load({})).sha256).toBe(hash(JSON.stringify(base)));
  expect((await load({ 'tokenizer_config.json': named })).sha256).toBe(
    hash(JSON.stringify(base) + JSON.stringify(named)),
  );
});
