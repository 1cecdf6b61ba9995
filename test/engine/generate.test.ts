import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { GenerateRequest, GenerateResult } from '../../engine/engine.js';
import { loadEngine } from '../../engine/load-engine.js';
import type { LocalEngine } from '../../engine/local-engine.js';
import { sampleKey } from '../../engine/sample-key.js';
import { StopMatcher } from '../../engine/stop-matcher.js';
import { writeRandomModel } from '../../models/random-model.js';

let scratch: string;
let engine: LocalEngine;
beforeAll(async () => {
  scratch = mkdtempSync(path.join(tmpdir(), 'evalrun-generate-'));
  writeRandomModel(path.join(scratch, 'model'), 'random');
  engine = await open({});
});
afterAll(async () => {
  await engine.close();
  rmSync(scratch, { recursive: true, force: true });
});

const open = (options: { batchTokens?: number; threads?: number; kvTokens?: number }) =>
  loadEngine({ model: path.join(scratch, 'model'), dtype: 'f32', ...options });

async function generate(on: LocalEngine, requests: readonly GenerateRequest[]): Promise<Map<string, GenerateResult>> {
  const results = new Map<string, GenerateResult>();
  // What was shared depends on the company; nothing else may.
  for await (const { sharedTokens: _, ...result } of on.generate(requests))
    results.set(`${result.id}/${result.repeat}`, result);
  expect(results.size).toBe(requests.length);
  return results;
}

/** 24 prompts of many lengths, sampled in many ways. */
const requests: GenerateRequest[] = Array.from({ length: 24 }, (_, i) => ({
  id: `sample/${i % 8}`,
  repeat: Math.floor(i / 8),
  context: Array.from({ length: 1 + (((i % 8) * 23) % 140) }, (_, t) => (t * 7 + (i % 8)) % 256),
  maxTokens: 1 + (i % 5) * 6,
  stopIds: [],
  sampling: {
    temperature: (i % 3) * 0.7,
    topP: i % 2 ? 0.9 : 1,
    topK: i % 4 ? 0 : 20,
    minP: i % 5 ? 0 : 0.02,
    seed: 3,
  },
}));

describe('sampling', () => {
  test('a text is the same alone, in a crowd, shuffled, in small steps, and on one thread', async () => {
    const together = await generate(engine, requests);
    for (const request of requests.filter((_, i) => i % 5 === 0)) {
      const key = `${request.id}/${request.repeat}`;
      expect((await generate(engine, [request])).get(key)).toEqual(together.get(key));
    }
    expect(await generate(engine, [...requests].reverse())).toEqual(together);
    const other = await open({ batchTokens: 17, threads: 1, kvTokens: 1024 });
    expect(await generate(other, requests)).toEqual(together);
    await other.close();
  });

  test('repeats and seeds draw differently, temperature 0 does not', async () => {
    const [request] = requests as [GenerateRequest];
    const draw = async (change: Partial<GenerateRequest>) => {
      const [result] = [...(await generate(engine, [{ ...request, maxTokens: 20, ...change }])).values()];
      return result?.ids;
    };
    const warm = { temperature: 1, seed: 1 };
    const texts = await Promise.all([
      draw({ sampling: warm }),
      draw({ sampling: warm }),
      draw({ sampling: warm, repeat: 5 }),
      draw({ sampling: { temperature: 1, seed: 2 } }),
      draw({}),
      draw({ repeat: 9, sampling: { seed: 8 } }),
      draw({ sampling: { temperature: 1, topK: 1 } }),
      draw({ sampling: { temperature: 1, topP: 1e-9 } }),
      draw({ sampling: { temperature: 1, minP: 1 } }),
    ]);
    expect(texts[1]).toEqual(texts[0]);
    expect(texts[2]).not.toEqual(texts[0]);
    expect(texts[3]).not.toEqual(texts[0]);
    for (const greedy of texts.slice(5)) expect(greedy).toEqual(texts[4]);
  });

  test('draws follow the distribution that temperature, top-k and top-p leave', async () => {
    const context = [10, 20, 30];
    let logits = new Float32Array();
    for await (const chunk of engine.logits(context))
      logits = chunk.logits.slice(-engine.arch.vocabSize) as Float32Array<ArrayBuffer>;
    const temperature = 0.5;
    const order = [...logits.keys()].sort((a, b) => (logits[b] as number) - (logits[a] as number)).slice(0, 12);
    const weights = order.map((id) =>
      Math.exp(((logits[id] as number) - (logits[order[0] as number] as number)) / temperature),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let kept = 0;
    for (let mass = 0; mass < 0.8 * total; ++kept) mass += weights[kept] as number;
    const mass = weights.slice(0, kept).reduce((sum, weight) => sum + weight, 0);
    const draws = 4000;
    const counts = new Map<number, number>();
    const asked = Array.from({ length: draws }, (_, repeat) => ({
      id: 'draw',
      repeat,
      context,
      maxTokens: 1,
      stopIds: [],
      sampling: { temperature, topK: 12, topP: 0.8 },
    }));
    for (const { ids } of (await generate(engine, asked)).values())
      counts.set(ids[0] as number, (counts.get(ids[0] as number) ?? 0) + 1);
    expect([...counts.keys()].every((id) => order.slice(0, kept).includes(id))).toBe(true);
    // Chi-square over the kept tokens; the seed is fixed, so this is a fact and not a chance.
    const chiSquare = order.slice(0, kept).reduce((sum, id, i) => {
      const expected = (draws * (weights[i] as number)) / mass;
      return sum + ((counts.get(id) ?? 0) - expected) ** 2 / expected;
    }, 0);
    expect(kept).toBeGreaterThan(2);
    expect(chiSquare).toBeLessThan(kept - 1 + 4 * Math.sqrt(2 * (kept - 1)));
  });

  test.each([
    [{ temperature: -1 }, /temperature .*a number from 0, found -1/],
    [{ temperature: Number.NaN }, /temperature .*found NaN/],
    [{ topP: 0 }, /topP .*above 0/],
    [{ topK: 1.5 }, /topK .*whole number/],
    [{ minP: 2 }, /minP .*from 0 to 1/],
  ])('refuses %j', async (sampling, message) => {
    await expect(generate(engine, [{ id: 'x', context: [1], maxTokens: 1, sampling }])).rejects.toThrow(message);
  });

  test.each([1, 3])('a request for no tokens gets none, among %i requests', async (count) => {
    const asked = Array.from({ length: count }, (_, i) => ({
      id: String(i),
      context: [1, 2],
      maxTokens: i * 2,
      stopIds: [],
    }));
    const results = await generate(engine, asked);
    expect(results.get('0/0')).toMatchObject({ ids: [], text: '', end: 'truncated' });
    for (const { id, maxTokens } of asked) expect(results.get(`${id}/0`)?.ids).toHaveLength(maxTokens);
  });

  test('keys differ wherever seed, id or repeat differ', () => {
    const keys = [
      sampleKey(0, 'a', 0),
      sampleKey(1, 'a', 0),
      sampleKey(0, 'b', 0),
      sampleKey(0, 'a', 1),
      sampleKey(0, '["a",0', 0),
    ];
    expect(new Set(keys.map(String)).size).toBe(keys.length);
  });
});

describe('StopMatcher', () => {
  const bytes = (ids: readonly number[]) => Buffer.from(ids).toString('utf8');
  const feed = (stop: readonly string[], text: string) => {
    const matcher = new StopMatcher(stop, { decode: bytes });
    let taken = 0;
    for (const byte of Buffer.from(text)) {
      taken += 1;
      if (matcher.add(byte)) return { stopped: true, text: matcher.text(), taken };
    }
    return { stopped: false, text: matcher.text(), taken };
  };

  test.each([
    [['\n\n'], 'one\n\ntwo', true, 'one'],
    [['def', '\nclass'], 'x = 1\nclass A: def', true, 'x = 1'],
    [['。'], '答案是甲。还有', true, '答案是甲'],
    [['STOP'], 'S ST STO STO', false, 'S ST STO STO'],
    [['aab'], 'aaab', true, 'a'],
    [[''], 'nothing stops this', false, 'nothing stops this'],
    [['b', 'ab'], 'xab', true, 'x'],
  ] as const)('%j in %j', (stop, text, stopped, left) => {
    expect(feed(stop, text)).toMatchObject({ stopped, text: left });
  });

  test('a token that holds more than the end of the stop string is cut inside', () => {
    const words = ['one', '):\n  two', 'three'];
    const matcher = new StopMatcher(['\n'], { decode: (ids) => ids.map((id) => words[id]).join('') });
    expect(matcher.add(0)).toBe(false);
    expect(matcher.add(1)).toBe(true);
    expect(matcher.text()).toBe('one):');
  });

  test('bytes that never become a character do not hold the text back for ever', () => {
    const matcher = new StopMatcher(['z'], { decode: bytes });
    for (let i = 0; i < 40; ++i) expect(matcher.add(0xff)).toBe(false);
    expect(matcher.add('z'.charCodeAt(0))).toBe(true);
  });
});
