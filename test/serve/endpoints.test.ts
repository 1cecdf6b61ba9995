/** The endpoints of a real server process, asked by hand and by the official client. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { loadEngine } from '../../engine/load-engine.js';
import type { LocalEngine } from '../../engine/local-engine.js';
import { packageRoot } from '../../package-root.js';
import { post, type ServeProcess, startServe } from './serve-process.js';

let server: ServeProcess;
let client: OpenAI;
let engine: LocalEngine;
beforeAll(async () => {
  server = await startServe();
  client = new OpenAI({ baseURL: server.baseUrl, apiKey: 'none', maxRetries: 0 });
  engine = await loadEngine({ model: path.join(packageRoot, 'models/nano'), kvTokens: 4096 });
});
afterAll(async () => {
  await server.kill();
  await engine.close();
});

const prompt = 'The capital of France is';
const greedy = { model: 'nano', prompt, max_tokens: 12, temperature: 0 };
const question = [{ role: 'user' as const, content: 'What is 2 + 3?' }];

/** The lists of a completion, every one of which is there. */
function listsOf(logprobs: unknown) {
  return logprobs as {
    tokens: string[];
    token_logprobs: (number | null)[];
    top_logprobs: (Record<string, number> | null)[];
    text_offset: number[];
  };
}

async function written(text: string, maxTokens: number, stop: readonly string[] = []) {
  const request = { id: 'x', context: engine.tokenizer.encode(text), maxTokens, stop };
  for await (const result of engine.generate([request])) return result;
  throw new Error('nothing was generated');
}

describe('completions', () => {
  test('are what the engine writes by itself, in one piece and in many', async () => {
    const { text, ids } = await written(prompt, 12);
    const whole = await client.completions.create(greedy);
    expect(whole.choices).toEqual([{ index: 0, text, logprobs: null, finish_reason: 'length', stop_reason: null }]);
    expect(whole.usage).toEqual({ prompt_tokens: 6, completion_tokens: ids.length, total_tokens: 6 + ids.length });
    expect(whole).toMatchObject({ object: 'text_completion', model: 'nano' });
    const pieces: string[] = [];
    let usage: unknown;
    const options = { ...greedy, stream: true as const, stream_options: { include_usage: true } };
    for await (const chunk of await client.completions.create(options)) {
      pieces.push(chunk.choices[0]?.text ?? '');
      usage ??= chunk.usage;
    }
    expect(pieces.join('')).toBe(text);
    expect(pieces.length).toBeGreaterThan(5);
    expect(usage).toEqual(whole.usage);
  });

  test('take text, token ids, and lists of either, and keep their order', async () => {
    const ids = engine.tokenizer.encode(prompt);
    const other = '以下是';
    const one = async (asked: string) =>
      (await client.completions.create({ ...greedy, prompt: asked })).choices[0]?.text;
    const expected = [await one(prompt), await one(other)];
    const texts = await client.completions.create({ ...greedy, prompt: [prompt, other], n: 2 });
    expect(texts.choices.map(({ index, text }) => [index, text])).toEqual(
      [expected[0], expected[0], expected[1], expected[1]].map((text, index) => [index, text]),
    );
    expect((await client.completions.create({ ...greedy, prompt: ids })).choices[0]?.text).toBe(expected[0]);
    const lists = [ids, engine.tokenizer.encode(other)] as unknown as number[][];
    const listed = await client.completions.create({ ...greedy, prompt: lists });
    expect(listed.choices.map(({ text }) => text)).toEqual(expected);
  });

  test('end at a stop string, which is not in the text, and say which it was', async () => {
    const { text } = await written(prompt, 40, ['\n']);
    const asked = { ...greedy, max_tokens: 40, stop: ['never', '\n'] };
    const { body } = await post(`${server.baseUrl}/completions`, { ...asked, logprobs: 1 });
    expect(body.choices[0]).toMatchObject({ text, finish_reason: 'stop', stop_reason: '\n' });
    expect(body.choices[0].logprobs.tokens.join('')).toBe(text);
    let pieces = '';
    for await (const { choices } of await client.completions.create({ ...asked, stream: true }))
      pieces += choices[0]?.text;
    expect(pieces).toBe(text);
  });

  test('tell log-probabilities with the bits of the engine, echo the prompt, and place its tokens', async () => {
    const asked = 'Question: is 7 a prime?\nAnswer: yes. 太阳';
    const { choices } = await client.completions.create({
      ...greedy,
      prompt: asked,
      max_tokens: 0,
      echo: true,
      logprobs: 2,
    });
    const { tokens, token_logprobs, top_logprobs, text_offset } = listsOf(choices[0]?.logprobs);
    const ids = engine.tokenizer.encode(asked);
    expect([choices[0]?.text, tokens.length, token_logprobs[0], top_logprobs[0]]).toEqual([
      asked,
      ids.length,
      null,
      null,
    ]);
    const expected = new Map<number, number>();
    for (let at = 1; at < ids.length; at += 3) {
      const request = { id: String(at), context: ids.slice(0, at), continuations: [[ids[at] as number]] };
      for await (const { logProbs } of engine.score([request])) expected.set(at, logProbs[0] as number);
    }
    for (const [at, logProb] of expected) expect([at, token_logprobs[at]]).toEqual([at, logProb]);
    const characters = [...asked];
    for (const [at, token] of tokens.entries()) {
      if (at === 0 || token.startsWith('bytes:')) continue;
      expect(characters.slice(text_offset[at], (text_offset[at] as number) + [...token].length).join('')).toBe(token);
      const listed = top_logprobs[at] as Record<string, number>;
      expect(listed[token]).toBe(token_logprobs[at]);
      expect(Object.keys(listed).length).toBeLessThanOrEqual(3);
    }
  });

  test('list the token that ends a text, so that a client may always cut the generated one off', async () => {
    const ids = engine.tokenizer.encode(prompt);
    const { ids: next } = await written(prompt, 1);
    const more = { max_tokens: 1, echo: true, logprobs: 1, stop_token_ids: next };
    const { body } = await post(`${server.baseUrl}/completions`, { ...greedy, ...more });
    const { tokens, token_logprobs } = listsOf(body.choices[0].logprobs);
    expect([body.choices[0].text, tokens.length, token_logprobs.length]).toEqual([
      prompt,
      ids.length + 1,
      ids.length + 1,
    ]);
    expect(tokens.at(-1)).toBe(engine.tokenizer.decode(next));
    expect([body.usage.prompt_tokens, body.usage.completion_tokens]).toEqual([ids.length, 0]);
    expect(body.choices[0].finish_reason).toBe('stop');
  });

  test('drawn with a seed are the same every time, alone and together, and differ by number and seed', async () => {
    const drawn = { ...greedy, temperature: 1, seed: 7, n: 3 };
    const texts = async (more: object) =>
      (await client.completions.create({ ...drawn, ...more })).choices.map(({ text }) => text);
    const first = await texts({});
    expect(new Set(first).size).toBe(3);
    expect(await Promise.all([texts({}), texts({}), texts({ prompt: [prompt] })])).toEqual([first, first, first]);
    expect(await texts({ seed: 8 })).not.toEqual(first);
  });
});

describe('chats', () => {
  test('go through the model’s own template, in one piece and in many', async () => {
    const context = engine.tokenizer.encode('<｜begin▁of▁sentence｜><｜User｜>What is 2 + 3?<｜Assistant｜>', {
      addSpecialTokens: false,
    });
    let text = '';
    for await (const result of engine.generate([{ id: 'x', context, maxTokens: 30 }])) text = result.text;
    const asked = { model: 'nano', messages: question, max_completion_tokens: 30, temperature: 0 };
    const whole = await client.chat.completions.create({ ...asked, logprobs: true, top_logprobs: 2 });
    expect(whole.choices[0]?.message).toEqual({ role: 'assistant', content: text, refusal: null });
    expect(whole.usage?.prompt_tokens).toBe(context.length);
    const listed = whole.choices[0]?.logprobs?.content ?? [];
    expect(listed.map(({ token }) => token).join('')).toBe(text);
    expect(listed[0]?.top_logprobs).toHaveLength(2);
    expect(Buffer.from(listed.flatMap(({ bytes }) => bytes ?? [])).toString()).toBe(text);
    let pieces = '';
    for await (const { choices } of await client.chat.completions.create({ ...asked, stream: true })) {
      pieces += choices[0]?.delta.content ?? '';
    }
    expect(pieces).toBe(text);
    const parts = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'What is 2 + 3?' }] }];
    expect((await client.chat.completions.create({ ...asked, messages: parts })).choices[0]?.message.content).toBe(
      text,
    );
  });
});

describe('the rest of the interface', () => {
  test('lists the model with what it is, tells health and metrics', async () => {
    const { data } = await client.models.list();
    expect(data).toEqual([await client.models.retrieve('nano')]);
    expect(data[0]).toMatchObject({ id: 'nano', max_model_len: 8192, evalrun: { dtype: 'bf16' } });
    expect(await (await fetch(`${server.origin}/health`)).json()).toEqual({ status: 'ok', model: 'nano' });
    const metrics = await (await fetch(`${server.origin}/metrics`)).text();
    for (const name of [
      'tokens_total{kind="prompt"}',
      'texts_waiting',
      'step_seconds_count',
      'memory_bytes{part="kv"}',
    ]) {
      expect(metrics).toMatch(new RegExp(`^evalrun_${name.replace(/[{}]/g, '\\$&')} [1-9.]?\\d`, 'm'));
    }
  });

  const bad: [name: string, route: string, body: unknown, status: number, message: RegExp, param: string | null][] = [
    ['malformed JSON', 'completions', '{"prompt": ', 400, /JSON/, null],
    ['a list', 'completions', [], 400, /not a JSON object/, null],
    ['no prompt', 'completions', {}, 400, /"prompt" is not usable/, 'prompt'],
    ['a prompt without tokens', 'completions', { prompt: [[]] }, 400, /has no tokens/, null],
    [
      'a token that is not in the vocabulary',
      'completions',
      { prompt: [1, 4608] },
      400,
      /outside the vocabulary/,
      null,
    ],
    ['another model', 'completions', { prompt, model: 'gpt' }, 404, /"gpt" is not served here/, 'model'],
    ['a suffix', 'completions', { prompt, suffix: 'end' }, 400, /"suffix" is not supported/, 'suffix'],
    ['a penalty', 'completions', { prompt, frequency_penalty: 1 }, 400, /not be what it asks for/, 'frequency_penalty'],
    ['a field that nobody knows', 'completions', { prompt, colour: 'red' }, 400, /"colour" is not supported/, 'colour'],
    ['too many most probable tokens', 'completions', { prompt, logprobs: 101 }, 400, /"logprobs"/, 'logprobs'],
    ['a temperature below 0', 'completions', { prompt, temperature: -1 }, 400, /"temperature"/, 'temperature'],
    ['no tokens without echo', 'completions', { prompt, max_tokens: 0 }, 400, /useful with "echo"/, 'max_tokens'],
    [
      'more tokens than the context',
      'completions',
      { prompt, max_tokens: 9000 },
      400,
      /longer than the model's context/,
      null,
    ],
    ['more texts than a request may ask for', 'completions', { prompt, n: 600 }, 400, /too many texts/, 'prompt'],
    ['tools', 'chat/completions', { messages: question, tools: [{}] }, 400, /"tools" is not supported/, 'tools'],
    [
      'an image',
      'chat/completions',
      { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
      400,
      /"messages/,
      'messages.0.content',
    ],
    [
      'a tool’s turn',
      'chat/completions',
      { messages: [{ role: 'tool', content: '' }] },
      400,
      /tools are not supported/,
      'messages.0.role',
    ],
    [
      'JSON as a format',
      'chat/completions',
      { messages: question, response_format: { type: 'json_object' } },
      400,
      /"response_format"/,
      'response_format',
    ],
    ['no such route', 'embeddings', { input: 'x' }, 404, /There is no POST \/v1\/embeddings/, null],
  ];
  test.each(bad)('refuses %s', async (_, route, body, status, message, param) => {
    const answer = await post(`${server.baseUrl}/${route}`, body);
    expect([answer.status, answer.body.error.param]).toEqual([status, param]);
    expect(answer.body.error.message).toMatch(message);
    expect(answer.body.error.type).toBe(status === 404 ? 'not_found_error' : 'invalid_request_error');
  });

  test('ignores fields that say nothing about the answer, and values that ask for nothing', async () => {
    const ignored = {
      user: 'me',
      metadata: {},
      store: false,
      logit_bias: {},
      frequency_penalty: 0,
      suffix: null,
      best_of: 1,
    };
    const { status, body } = await post(`${server.baseUrl}/completions`, { ...greedy, ...ignored });
    expect([status, body.choices[0].text]).toEqual([200, (await written(prompt, 12)).text]);
  });

  test('takes JSON only, and no foreign host name', async () => {
    const form = await post(`${server.baseUrl}/completions`, JSON.stringify(greedy), { 'content-type': 'text/plain' });
    expect(form.status).toBe(415);
    const { request } = await import('node:http');
    const foreign = await new Promise<number | undefined>((resolve) => {
      request(`${server.baseUrl}/models`, { headers: { host: 'evil.example' } }, (response) =>
        resolve(response.statusCode),
      ).end();
    });
    expect(foreign).toBe(403);
  });
});
