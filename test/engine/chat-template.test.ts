/** Chat templates: what they see, how they are bounded, and one BOS whatever they print. */
import { describe, expect, test } from '@jest/globals';
import { type ChatMessage, renderChats, templateLimits } from '../../engine/chat-template.js';
import type { Tokenizer } from '../../engine/engine.js';
import { encodeChat, encodeText } from '../../engine/prompt-ids.js';

const DEEPSEEK =
  '{{ bos_token }}{% for message in messages %}{% if message.role == "user" %}<｜User｜>{{ message.content }}' +
  '{% else %}<｜Assistant｜>{{ message.content }}{{ eos_token }}{% endif %}{% endfor %}' +
  '{% if add_generation_prompt %}<｜Assistant｜>{% endif %}';

const names: Readonly<Record<number, string>> = { 1: '<bos>', 2: '<end>', 3: '<eos>' };
const withTemplate = (chatTemplate: string | undefined) => ({
  chatTemplate,
  tokenOf: (id: number) => names[id],
  bosId: 1,
  eosIds: [2, 3],
});
const user = (content: string): ChatMessage[] => [{ role: 'user', content }];
const render = (template: string | undefined, limits = templateLimits) =>
  renderChats(withTemplate(template), [user('1 + 1?')], limits).then(([text]) => text);

describe('a chat template', () => {
  test('gets the messages, the names of BOS and EOS, and is asked for the beginning of an answer', async () => {
    expect(await render(DEEPSEEK)).toBe('<bos><｜User｜>1 + 1?<｜Assistant｜>');
    expect(await render('{{ eos_token }}')).toBe('<eos>');
  });

  test('renders each conversation, in order, braces and all', async () => {
    const contents = ['{{ bos_token }}', '{% raw %}', 'x\ny', ''];
    const texts = await renderChats(withTemplate(DEEPSEEK), contents.map(user));
    expect(texts).toEqual(contents.map((content) => `<bos><｜User｜>${content}<｜Assistant｜>`));
    expect(await renderChats(withTemplate(DEEPSEEK), [])).toEqual([]);
  });

  test('has no clock: a prompt is the same on every day', async () => {
    expect(await render('{% if strftime_now is defined %}{{ strftime_now("%Y") }}{% else %}fixed{% endif %}')).toBe(
      'fixed',
    );
  });

  const small = { timeoutMs: 1000, heapMegabytes: 32, maxAddedCharacters: 1000 };
  test.each([
    ['none', undefined, /has none/],
    ['a syntax error', '{% if %}', /found Unexpected token/],
    ['a refusal', '{{ raise_exception("system first") }}', /system first/],
    [
      'an endless loop',
      '{% for i in range(100000000) %}{% for j in range(100000000) %}{% endfor %}{% endfor %}',
      /more than/,
    ],
    [
      'a text that doubles',
      '{% set n = namespace(t="x") %}{% for i in range(22) %}{% set n.t = n.t + n.t %}{% endfor %}{{ n.t }}',
      /adds 4194298 characters/,
    ],
    ['much of its own', '{% for i in range(2000) %}x{% endfor %}', /adds 1994 characters/],
  ])('with %s ends in an error that says what to do', async (_, template, says) => {
    const failed = render(template, small);
    await expect(failed).rejects.toMatchObject({ code: 'tokenizer/chat-template', exitCode: 3 });
    await expect(failed).rejects.toThrow(says);
    await expect(failed).rejects.toThrow(/--chat off/);
  });
});

/** One token per character but for the named ones; `prefix` and `suffix` are what the tokenizer's own rules add. */
function tokenizer(
  prefix: readonly number[],
  suffix: readonly number[] = [],
  bosId: number | undefined = 1,
): Tokenizer {
  const encode = (text: string) =>
    (text.match(/<bos>|<eos>|./gsu) ?? []).map((piece) =>
      piece === '<bos>' ? 1 : piece === '<eos>' ? 3 : 100 + (piece.codePointAt(0) ?? 0),
    );
  return {
    encode: (text, { addSpecialTokens = true } = {}) => {
      const ids = encode(text);
      if (!addSpecialTokens) return ids;
      return [...(ids[0] === 1 ? [] : prefix), ...ids, ...suffix];
    },
    decode: () => '',
    tokenOf: (id) => names[id],
    vocabSize: 1000,
    bosId,
    eosIds: [3],
    chatTemplate: DEEPSEEK,
    sha256: '',
  };
}

describe('a rendered chat has exactly one BOS', () => {
  const a = 100 + 97;
  test.each([
    ['the tokenizer adds one and the template prints none', [1], 'a', [1, a]],
    ['both', [1], '<bos>a', [1, a]],
    ['the template prints two', [1], '<bos><bos>a', [1, a]],
    ['only the template', [], '<bos>a', [1, a]],
  ])('when %s', (_, prefix, text, ids) => {
    expect(encodeChat(tokenizer(prefix), text)).toEqual(ids);
  });

  test('or none where neither the rules nor the template have one', () => {
    expect(encodeChat(tokenizer([]), 'a')).toEqual([a]);
    expect(encodeChat(tokenizer([], [], undefined), 'a')).toEqual([a]);
  });

  test('and no end of text behind it', () => {
    expect(encodeChat(tokenizer([1], [3]), 'a')).toEqual([1, a]);
    expect(encodeText(tokenizer([1], [3]), 'a')).toEqual([1, a]);
    expect(encodeText(tokenizer([1]), 'a<eos>')).toEqual([1, a, 3]);
  });
});
