/** A score is a function of weights and prompt alone: the same bits whatever else is computed beside it, and how. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DType, ScoreRequest } from '../../../engine/engine.js';
import { loadEngine } from '../../../engine/load-engine.js';
import type { LocalEngine } from '../../../engine/local-engine.js';
import { DTYPES } from '../../../engine/numerics.js';
import { type CheckpointSpec, makeCheckpoint } from './checkpoint-maker.js';
import { engineLogits } from './engine-logits.js';
import { fixtures, randomIds } from './fixtures.js';
import { SeededRandom } from './seeded-random.js';
import { at, item } from './vectors.js';

const folder = mkdtempSync(path.join(tmpdir(), 'evalrun-invariance-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Scores = ReadonlyMap<string, readonly number[]>;

async function scores(engine: LocalEngine, requests: readonly ScoreRequest[], sharePrefixes = true): Promise<Scores> {
  const out = new Map<string, readonly number[]>();
  for await (const { id, logProbs } of engine.score(requests, { sharePrefixes })) out.set(id, logProbs);
  return out;
}

/** Ids of the requests whose log-probabilities differ in any bit. */
function changed(before: Scores, after: Scores): string[] {
  return [...before.keys()].filter((id) => {
    const [a, b] = [before.get(id) ?? [], after.get(id) ?? []];
    return a.length !== b.length || a.some((value, i) => !Object.is(value, b[i]));
  });
}

/** Twelve prompts on three prefixes that part inside, at and behind the first page; one prompt is the beginning of another. */
function requestsFor(spec: CheckpointSpec): ScoreRequest[] {
  const ids = randomIds(spec, 90);
  const random = new SeededRandom(7 + spec.seed);
  const some = (length: number) => Array.from({ length }, () => random.below(spec.config.vocab_size));
  const prefixes = [ids.slice(0, 41), ids.slice(0, 64), ids.slice(0, 70)];
  return Array.from({ length: 12 }, (_, i) => ({
    id: `prompt ${i}`,
    context: [...item(prefixes, i % 3), ...some([5, 0, 1, 23, 9, 62][i % 6] as number)],
    continuations: [some(1), some(1), some(3), some(2), some(1)],
  }));
}

const models: readonly CheckpointSpec[] = [fixtures.v3, fixtures.mistral];
const cases = models.flatMap((spec) => DTYPES.map((dtype) => ({ name: spec.name, spec, dtype })));
const folders = new Map(models.map((spec) => [spec.name, makeCheckpoint(spec, folder).folder]));

describe.each(cases)('$name in $dtype', ({ spec, dtype }) => {
  const requests = requestsFor(spec);
  const open = (options: { threads?: number; batchTokens?: number; dtype?: DType } = {}) =>
    loadEngine({
      model: folders.get(spec.name) as string,
      dtype,
      withoutTokenizer: true,
      threads: 2,
      batchTokens: 1024,
      ...options,
    });
  let engine: LocalEngine;
  let usual: Scores;
  beforeAll(async () => {
    engine = await open();
    usual = await scores(engine, requests);
  });
  afterAll(() => engine.close());

  test('every log-probability is a number below zero', () => {
    expect(usual.size).toBe(requests.length);
    for (const logProbs of usual.values()) for (const value of logProbs) expect(value).toBeLessThan(0);
  });

  test('alone', async () => {
    for (const request of requests) expect(changed(await scores(engine, [request]), usual)).toEqual([]);
  });

  test('in another order', async () => {
    expect(changed(usual, await scores(engine, new SeededRandom(3).shuffled(requests)))).toEqual([]);
  });

  test('without sharing prefixes', async () => {
    expect(changed(usual, await scores(engine, requests, false))).toEqual([]);
  });

  test.each([{ batchTokens: 1 }, { batchTokens: 7 }, { batchTokens: 64 }, { threads: 1 }, { threads: 3 }])(
    'with %j',
    async (options) => {
      const other = await open(options);
      try {
        expect(changed(usual, await scores(other, requests))).toEqual([]);
      } finally {
        await other.close();
      }
    },
  );

  test('a continuation of several tokens is the sum of its single steps', async () => {
    const steps = requests.flatMap(({ id, context, continuations }) =>
      continuations.flatMap((continuation, c) =>
        continuation.map((token, k) => ({
          id: `${id}/${c}/${k}`,
          context: [...context, ...continuation.slice(0, k)],
          continuations: [[token]],
        })),
      ),
    );
    const single = await scores(engine, steps);
    const sums = new Map(
      requests.map(({ id, continuations }) => [
        id,
        continuations.map((tokens, c) =>
          tokens.reduce((sum, _, k) => sum + at(single.get(`${id}/${c}/${k}`) ?? [], 0), 0),
        ),
      ]),
    );
    expect(changed(usual, sums)).toEqual([]);
  });

  test('logits in chunks are the logits in one piece, bit for bit, in either form', async () => {
    const ids = randomIds(spec, 131);
    for (const decode of [false, true]) {
      const whole = await engineLogits(engine, ids, { decode });
      for (const chunk of [1, 7, 64]) {
        const chunked = await engineLogits(engine, ids, { chunk, decode });
        expect(Buffer.compare(bytes(whole.logits), bytes(chunked.logits))).toBe(0);
        expect(Buffer.compare(bytes(whole.drafts), bytes(chunked.drafts))).toBe(0);
      }
    }
  });
});

function bytes(rows: readonly Float32Array[]): Buffer {
  return Buffer.concat(rows.map((row) => Buffer.from(row.buffer, row.byteOffset, row.byteLength)));
}
