/** Servers that are right in their own words: what vLLM, SGLang, llama.cpp and OpenAI's own say differently. */
import { describe, expect, test } from '@jest/globals';
import type { GenerateRequest, GenerateResult, ScoreResult } from '../../../engine/engine.js';
import { messageOfBody } from '../../../engine/remote/error-body.js';
import { openRemoteEngine } from '../../../engine/remote/open-remote-engine.js';
import type { OpenAiEngine } from '../../../engine/remote/openai-engine.js';
import { RemoteFailure } from '../../../engine/remote/remote-failure.js';
import { TroubleNotice } from '../../../engine/remote/trouble-notice.js';
import { type StubOptions, type StubServer, startStub } from './stub-server.js';

const retry = { firstPauseMs: 2, longestPauseMs: 20, patienceMs: 150, brokenTries: 3, slowTries: 2 };

interface Seen {
  readonly engine: OpenAiEngine;
  readonly stub: StubServer;
  readonly notices: string[];
}

async function withStub<T>(options: StubOptions, work: (seen: Seen) => Promise<T>): Promise<T> {
  const stub = await startStub(options);
  const notices: string[] = [];
  const onNotice = (line: string) => {
    notices.push(line);
  };
  const engine = await openRemoteEngine({ baseUrl: stub.baseUrl, retry, timeoutMs: 20_000, onNotice });
  try {
    return await work({ engine, stub, notices });
  } finally {
    await engine.close();
    await stub.close();
  }
}

const letters = [' A', ' B', ' C', ' D'];

async function score(engine: OpenAiEngine): Promise<ScoreResult> {
  const request = { id: 'q', context: [], continuations: [], text: { context: 'Answer:', continuations: letters } };
  for await (const result of engine.score([request])) return result;
  throw new Error('no result');
}

async function write(engine: OpenAiEngine, more: Partial<GenerateRequest> = {}): Promise<GenerateResult> {
  for await (const result of engine.generate([{ id: 'q', context: [], text: 'Q:', maxTokens: 9, ...more }]))
    return result;
  throw new Error('no result');
}

describe('llama.cpp', () => {
  const llama: StubOptions = { words: 'content', ignoresEcho: true, top: 100 };

  test('tells a context per slot, ignores echo without a word, and lists several tokens with one text', async () => {
    const next = { ' A': -0.5, '[1]': -1, '[2]': -2, ' B': -3 };
    await withStub(
      { ...llama, next: () => next, entry: { max_model_len: undefined, meta: { n_ctx: 512 } } },
      async ({ engine }) => {
        expect(engine.info.contextLength).toBe(512);
        expect(engine.info.remote?.abilities).toMatchObject({ echo: false, top_log_probs: 4 });
        expect(await score(engine)).toMatchObject({
          logProbs: [-0.5, -3, Number.NaN, Number.NaN],
          bounds: [null, null, -3, -3],
        });
      },
    );
  });

  test('tells what was in its cache', async () => {
    await withStub({ ...llama, cached: 2 }, async ({ engine }) => {
      expect(await score(engine)).toMatchObject({ promptTokens: 2, sharedTokens: 2 });
      expect(await write(engine)).toMatchObject({ sharedTokens: 2 });
    });
  });
});

describe('a letter that is not listed', () => {
  test('may be made of tokens of which the first is listed, and is bounded by that', async () => {
    const next = { '▁': -0.1, ' B': -3, x: -4 };
    await withStub({ next: () => next, echo: false }, async ({ engine }) => {
      const { logProbs, bounds } = await score(engine);
      expect(logProbs).toEqual([Number.NaN, -3, Number.NaN, Number.NaN]);
      expect(bounds).toEqual([-0.1, null, -0.1, -0.1]);
    });
  });

  test('is bounded by the least listed token where none begins it, an empty text among them', async () => {
    await withStub({ next: () => ({ ' B': -0.05, '': -0.1, A: -3.5, x: -4 }), echo: false }, async ({ engine }) => {
      expect((await score(engine)).bounds).toEqual([-4, null, -4, -4]);
    });
  });
});

describe('vLLM', () => {
  test('lists 20 tokens at most and says its version', async () => {
    const next = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`t${at}`, -1 - at]));
    await withStub({ next: () => next, places: { '/version': { version: '0.11.0' } } }, async ({ engine }) => {
      expect(engine.info.remote).toMatchObject({ version: '0.11.0', abilities: { top_log_probs: 20 } });
    });
  });

  test('that tells numbers of tokens instead of texts is read by echo, or refused where it has none', async () => {
    await withStub({ words: 'token ids' }, async ({ engine }) => {
      expect(engine.info.remote?.abilities).toMatchObject({ top_log_probs: 0, echo: true });
      expect(await score(engine)).toMatchObject({ logProbs: [-0.5, -1.5, -2.5, -3.5] });
    });
    await withStub({ words: 'token ids', echo: false }, async ({ engine }) => {
      await expect(score(engine)).rejects.toThrow(/no log-probabilities of texts/);
    });
  });

  test.each([
    [null, 'eos'],
    ['\n\n', 'stop'],
    [undefined, 'stop'],
  ] as const)('that names %j as what ended a text has ended it by %s', async (stopReason, end) => {
    const wrote = { text: 'x', finish: 'stop', ...(stopReason !== undefined && { stopReason }) };
    await withStub({ write: () => wrote }, async ({ engine }) => {
      expect(await write(engine, { stop: ['\n\n'] })).toMatchObject({ text: 'x', end });
    });
  });
});

describe('SGLang', () => {
  const sglang: StubOptions = { errors: 'flat', leastTokens: 1, topK: (value) => value !== 0 };

  test('says its version elsewhere, takes an echo with one token more, and no top_k of 0', async () => {
    await withStub({ ...sglang, places: { '/server_info': { version: '0.5.3' } } }, async ({ engine, stub }) => {
      expect(engine.info.remote).toMatchObject({ version: '0.5.3', abilities: { echo: true, plain_sampling: true } });
      await write(engine);
      expect(stub.bodies.at(-1)).toMatchObject({ top_k: -1 });
    });
  });

  test.each([
    [1, 'eos'],
    ['\n\n', 'stop'],
  ] as const)('that matched %j has ended a text by %s', async (matchedStop, end) => {
    await withStub({ ...sglang, write: () => ({ text: 'x', finish: 'stop', matchedStop }) }, async ({ engine }) => {
      expect(await write(engine, { stop: ['\n\n'] })).toMatchObject({ end });
    });
  });

  test('is heard where its errors have no "error" around them, which tells about a bound on stop strings', async () => {
    const fault = ({ body }: { body: Record<string, unknown> }) =>
      (body.stop as string[]).length > 4
        ? ({ kind: 'status', status: 400, body: '{"object":"error","message":"stop: at most 4","code":400}' } as const)
        : undefined;
    await withStub({ ...sglang, fault }, async ({ engine, stub }) => {
      expect(await write(engine, { stop: ['1', '2', '3', '4', '5'] })).not.toHaveProperty('error');
      expect(stub.bodies.map(({ stop }) => (stop as string[]).length)).toEqual([5, 4]);
    });
  });

  test('that gave an answer up is asked again', async () => {
    let tries = 0;
    await withStub(
      { write: () => ({ text: 'x', finish: ++tries % 3 === 0 ? 'stop' : 'abort' }) },
      async ({ engine }) => {
        tries = 0;
        expect(await write(engine)).toMatchObject({ text: 'x', end: 'eos' });
        expect(tries).toBe(3);
      },
    );
    await withStub({ write: () => ({ text: 'x', finish: 'abort' }) }, async ({ engine }) => {
      expect(await write(engine)).toMatchObject({ error: 'broken: the server gave the answer up half-way (abort)' });
    });
  });
});

describe("a server's own defaults of sampling", () => {
  const off = { top_k: -1, min_p: 0, repetition_penalty: 1 };

  test('are switched off in every question, greedy ones too, and leave what was asked for', async () => {
    await withStub({}, async ({ engine, stub, notices }) => {
      await score(engine);
      await write(engine);
      for (const body of stub.bodies) expect(body).toMatchObject({ ...off, temperature: 0 });
      await write(engine, { sampling: { temperature: 0.5, topK: 7, topP: 0.9 } });
      expect(stub.bodies.at(-1)).toMatchObject({ ...off, top_k: 7, top_p: 0.9, temperature: 0.5 });
      expect(notices.join()).not.toMatch(/the server's own/);
    });
  });

  test('of chats are switched off, too', async () => {
    await withStub({ completions: false }, async ({ engine, stub }) => {
      await write(engine, { messages: [{ role: 'user', content: 'Q' }] });
      expect(stub.bodies.at(-1)).toMatchObject(off);
    });
  });

  test('stay where the server knows no such fields, which is said and recorded', async () => {
    await withStub({ topK: () => false }, async ({ engine, stub, notices }) => {
      await write(engine);
      expect(stub.bodies.at(-1)).not.toHaveProperty('top_k');
      expect(notices.join()).toMatch(/top_k, min_p and penalties, where not asked for, are the server's own/);
      expect(engine.info.remote?.abilities).toMatchObject({ plain_sampling: false });
    });
  });

  test('are switched off with 0 where -1 is refused', async () => {
    await withStub({ topK: (value) => value === 0 }, async ({ engine, stub }) => {
      await write(engine);
      expect(stub.bodies.at(-1)).toMatchObject({ ...off, top_k: 0 });
    });
  });
});

describe('the words of an error', () => {
  test.each([
    ['{"error":{"message":"a","code":400}}', 'a'],
    ['{"error":"a","error_type":"validation"}', 'a'],
    ['{"object":"error","message":"a"}', 'a'],
    ['{"detail":"Not Found"}', 'Not Found'],
    ['{"detail":[{"loc":["body","n"],"msg":"too many"},{"msg":"b"}]}', 'body.n: too many; b'],
    ['{"detail":[null]}', 'null'],
    ['{"error":null}', undefined],
    ['null', undefined],
    ['<html>', undefined],
  ])('in %s are %j', (body, message) => {
    expect(messageOfBody(body)).toBe(message);
  });
});

describe('a server that does not answer', () => {
  test('is said once, and that it answers again, unless it was over at once', () => {
    let clock = 0;
    const lines: string[] = [];
    const notice = new TroubleNotice(
      (line) => lines.push(line),
      180_000,
      () => clock,
    );
    const failure = new RemoteFailure('unreachable', 'connect ECONNREFUSED');
    notice.onPause(failure);
    clock = 1000;
    notice.onAnswer();
    notice.onPause(new RemoteFailure('broken', 'boom'));
    expect(lines).toEqual([]);
    for (clock = 5000; clock < 9000; clock += 500) notice.onPause(failure);
    expect(lines).toEqual(['server: unreachable (connect ECONNREFUSED); every request is asked again for up to 180 s']);
    clock = 29_000;
    notice.onAnswer();
    notice.onAnswer();
    expect(lines.slice(1)).toEqual(['server: answers again after 24 s']);
  });
});
