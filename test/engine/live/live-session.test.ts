import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { GenerateRequest } from '../../../engine/engine.js';
import type { LiveRequest, LiveResult, TokenLogProbs } from '../../../engine/live/live-request.js';
import type { LiveSession } from '../../../engine/live/live-session.js';
import { WaitingLine } from '../../../engine/live/waiting-line.js';
import { loadEngine } from '../../../engine/load-engine.js';
import type { LocalEngine } from '../../../engine/local-engine.js';
import { sampleKey } from '../../../engine/sample-key.js';
import { packageRoot } from '../../../package-root.js';

let engine: LocalEngine;
let texts: readonly number[][];
beforeAll(async () => {
  engine = await loadEngine({ model: path.join(packageRoot, 'models/nano'), kvTokens: 4096, batchTokens: 96 });
  texts = [
    'The capital of France is',
    'Question: What is 12 + 30?\nA. 40\nB. 42\nC. 44\nD. 46\nAnswer:',
    '以下是关于天文学的单项选择题，请选出其中的正确答案。\n\n太阳是一颗',
    `def f(x):\n    return x\n\n${'# a comment that fills the page\n'.repeat(12)}`,
  ].map((text) => engine.tokenizer.encode(text));
});
afterAll(() => engine.close());

interface Seen {
  readonly result: LiveResult;
  readonly tokens: { readonly id: number; readonly logProbs: TokenLogProbs | undefined }[];
  readonly prompt: readonly TokenLogProbs[];
}

function ask(session: LiveSession, request: LiveRequest): { seen: Promise<Seen>; cancel: () => void } {
  const tokens: Seen['tokens'] = [];
  let prompt: readonly TokenLogProbs[] = [];
  let cancel = () => {};
  const seen = new Promise<Seen>((resolve, reject) => {
    cancel = session.add(request, {
      onPrompt: (logProbs) => {
        prompt = logProbs;
      },
      onToken: (id, logProbs) => tokens.push({ id, logProbs }),
      onEnd: (result) => resolve({ result, tokens, prompt }),
      onFailure: reject,
    });
  });
  return { seen, cancel };
}

async function inSession<T>(work: (session: LiveSession) => Promise<T>): Promise<T> {
  const session = await engine.openSession();
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

const live = (context: readonly number[], more: Partial<LiveRequest> = {}): LiveRequest => ({
  owner: 'test',
  context,
  maxTokens: 12,
  ...more,
});

describe('a live session', () => {
  test('writes what the engine writes, though requests come while others are computed', async () => {
    const asked: GenerateRequest[] = texts.flatMap((context, i) =>
      [0, 0.8].map((temperature) => ({
        id: `${i}/${temperature}`,
        context,
        maxTokens: 20 + 3 * i,
        sampling: { temperature, seed: 5 },
        stop: ['\n\n'],
      })),
    );
    const expected = new Map<string, unknown>();
    for await (const { id, ids, text, end } of engine.generate(asked)) expected.set(id, { ids, text, end });
    await inSession(async (session) => {
      const running: Promise<unknown>[] = [];
      for (const request of asked) {
        const key = sampleKey(5, request.id, 0);
        const { seen } = ask(session, {
          ...request,
          context: [...request.context],
          owner: request.id,
          key,
          logProbs: 3,
        });
        running.push(
          seen.then(({ result: { ids, text, end }, tokens }) => {
            expect({ ids, text, end }).toEqual(expected.get(request.id));
            expect(tokens.map(({ id }) => id)).toEqual(ids);
          }),
        );
        // Others are some tokens ahead by then.
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
      await Promise.all(running);
    });
  });

  test("tells log-probabilities with the bits of the engine's own scores, in a prompt and behind it", async () => {
    const expected = new Map<string, number>();
    const contexts = texts.map((context) => context.slice(0, 40));
    const places = contexts.flatMap((context, i) => context.slice(1).map((_, at) => ({ i, at: at + 1 })));
    const requests = places.map(({ i, at }) => ({
      id: `${i}/${at}`,
      context: (contexts[i] as number[]).slice(0, at),
      continuations: [[(contexts[i] as number[])[at] as number]],
    }));
    for await (const { id, logProbs } of engine.score(requests, { sharePrefixes: false }))
      expected.set(id, logProbs[0] as number);
    await inSession(async (session) => {
      for (const promptLogProbs of [0, 4]) {
        const all = await Promise.all(
          contexts.map((context) => ask(session, live(context, { maxTokens: 0, promptLogProbs, logProbs: 0 })).seen),
        );
        for (const { i, at } of places) {
          const told = all[i]?.prompt[at - 1];
          expect([told?.id, told?.logProb]).toEqual([contexts[i]?.[at], expected.get(`${i}/${at}`)]);
          expect(told?.top).toHaveLength(promptLogProbs);
        }
      }
    });
  });

  test('lists the most probable tokens as the logits order them, and as the engine scores them', async () => {
    const context = texts[1] as number[];
    let logits = new Float32Array();
    for await (const chunk of engine.logits(context)) {
      logits = chunk.logits.slice(-engine.arch.vocabSize) as Float32Array<ArrayBuffer>;
    }
    const order = [...logits.keys()]
      .sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b)
      .slice(0, 20);
    const { tokens } = await inSession((session) => ask(session, live(context, { maxTokens: 1, logProbs: 20 })).seen);
    const top = tokens[0]?.logProbs?.top ?? [];
    expect(top.map(({ id }) => id)).toEqual(order);
    const [scored] = await collect(engine.score([{ id: 'x', context, continuations: order.map((id) => [id]) }]));
    expect(top.map(({ logProb }) => logProb)).toEqual(scored?.logProbs);
    expect(tokens[0]?.logProbs).toMatchObject({ id: order[0], logProb: scored?.logProbs[0] });
  });

  test('computes what prompts have in common once, with the same bits', async () => {
    const common = engine.tokenizer.encode('# a line that many prompts have in common\n'.repeat(20));
    const asked = Array.from({ length: 4 }, (_, i) => live([...common, 300 + i], { maxTokens: 8, logProbs: 5 }));
    let prefilled = 0;
    engine.onStep = ({ prefillTokens }) => {
      prefilled += prefillTokens;
    };
    const alone: Seen[] = [];
    for (const request of asked) alone.push(await inSession((session) => ask(session, request).seen));
    const whole = prefilled;
    await inSession(async (session) => {
      const first = await ask(session, asked[0] as LiveRequest).seen;
      const others = await Promise.all(asked.slice(1).map((request) => ask(session, request).seen));
      expect([first, ...others]).toEqual(alone);
      // More than the cache has free pages for: what nobody reads makes room.
      const many = Array.from({ length: 12 }, (_, i) => live([i, ...common], { maxTokens: 100, stopIds: [] }));
      await Promise.all(many.map((request) => ask(session, request).seen));
      expect((await ask(session, asked[2] as LiveRequest).seen).result).toEqual(alone[2]?.result);
    });
    engine.onStep = undefined;
    expect(whole).toBe(4 * (common.length + 1));
    const again = prefilled - whole - 12 * (common.length + 1);
    expect(again).toBeLessThanOrEqual(2 * (common.length + 1) + 3 * 65);
  });

  test('gives a cancelled request up, its pages back, and the others their answers', async () => {
    await inSession(async (session) => {
      const long = texts[3] as number[];
      const doomed = Array.from({ length: 6 }, () => ask(session, live(long, { maxTokens: 400, stopIds: [] })));
      let heard = 0;
      for (const { seen } of doomed) {
        seen.then(() => {
          heard += 1;
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
      const kept = ask(session, live(texts[0] as number[]));
      for (const { cancel } of doomed) cancel();
      expect((await kept.seen).result.ids.length).toBeGreaterThan(0);
      expect([session.running, session.waiting, session.kvPages.used, heard]).toEqual([0, 0, 0, 0]);
    });
  });

  test('refuses at once what could never be computed', async () => {
    await inSession(async (session) => {
      const refusals: [LiveRequest, RegExp][] = [
        [live([]), /has no tokens/],
        [live([5, 4608]), /outside the model's vocabulary/],
        [live([5], { maxTokens: 9000 }), /longer than the model's context/],
        [live([5], { maxTokens: 5000 }), /does not fit into the KV cache/],
        [live([5], { sampling: { topP: 0 } }), /topP is not usable/],
      ];
      for (const [request, message] of refusals) await expect(ask(session, request).seen).rejects.toThrow(message);
    });
  });

  test('that is closed fails what is left and gives the cache back', async () => {
    const session = await engine.openSession();
    const { seen } = ask(session, live(texts[0] as number[], { maxTokens: 1000, stopIds: [] }));
    const failed = expect(seen).rejects.toThrow(/was closed before/);
    await session.close();
    await failed;
    await expect(ask(session, live([1])).seen).rejects.toThrow(/was closed/);
    expect(await collect(engine.score([{ id: 'x', context: [1, 2], continuations: [[3]] }]))).toHaveLength(1);
  });
});

describe('the waiting line', () => {
  test('takes one of each owner in turn', () => {
    const line = new WaitingLine<string>();
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) line.add(item.charAt(0), item);
    expect(line.remove('c', 'c1')).toBe(true);
    expect(line.remove('c', 'c1')).toBe(false);
    expect([line.peek(), line.length]).toEqual(['a1', 5]);
    expect(Array.from({ length: 6 }, () => line.take())).toEqual(['a1', 'b1', 'c2', 'a2', 'a3', undefined]);
    expect(line.length).toBe(0);
  });
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
