/** The engine in float32 against the equations in float64, on random checkpoints of every family. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadEngine } from '../../../engine/load-engine.js';
import type { LocalEngine } from '../../../engine/local-engine.js';
import { type CheckpointSpec, makeCheckpoint } from './checkpoint-maker.js';
import { engineLogits, maxDifference, top } from './engine-logits.js';
import { fixtures, fp8Fixtures, randomIds } from './fixtures.js';
import { forward } from './forward.js';
import { at, item, logSumExp } from './vectors.js';

/** Four times the worst that was seen, 5e-5 (logits have a deviation of 2); the mistakes of mutations.test.ts exceed 0.05. */
const TOLERANCE = 2e-4;
/** A lead of this much no float32 rounding turns round. */
const CLEAR = 1e-3;
/** Routers of the fixtures stay this far from choosing other experts; at ties the lower one is taken exactly. */
const ROUTER_MARGIN = 2e-5;
/** Longer than two pages of the cache. */
const LENGTH = 131;

const folder = mkdtempSync(path.join(tmpdir(), 'evalrun-agreement-'));
afterAll(() => rmSync(folder, { recursive: true }));

const specs: readonly CheckpointSpec[] = [...Object.values(fixtures), fp8Fixtures.v3];

describe.each(specs)('$name', (spec) => {
  const checkpoint = makeCheckpoint(spec, folder);
  const ids = randomIds(spec, LENGTH);
  const truth = forward(checkpoint, ids);
  let engine: LocalEngine;
  beforeAll(async () => {
    engine = await loadEngine({ model: checkpoint.folder, dtype: 'f32', withoutTokenizer: true, threads: 2 });
  });
  afterAll(() => engine.close());

  test('the fixture is well away from other choices of experts, or exactly at a tie', () => {
    expect(truth.margin === 0 || truth.margin > ROUTER_MARGIN).toBe(true);
  });

  test.each([
    { form: 'in one piece', options: {} },
    { form: 'seven tokens at a time', options: { chunk: 7 } },
    { form: 'token by token in the form of decoding', options: { chunk: 1, decode: true } },
  ])('logits and drafts are those of the equations $form', async ({ options }) => {
    const ours = await engineLogits(engine, ids, options);
    expect(maxDifference(ours.logits, truth.logits)).toBeLessThanOrEqual(TOLERANCE);
    expect(maxDifference(ours.drafts, truth.drafts)).toBeLessThanOrEqual(TOLERANCE);
    const wrong = ours.logits.filter((row, t) => {
      const { place, lead } = top(item(truth.logits, t));
      return lead > CLEAR && top(row).place !== place;
    });
    expect(wrong).toHaveLength(0);
  });

  test('log-probabilities are those of the equations', async () => {
    const cuts = [1, 64, 65, LENGTH - 1];
    const requests = cuts.map((cut) => ({
      id: String(cut),
      context: ids.slice(0, cut),
      continuations: [[item(ids, cut)], [0]],
    }));
    for await (const { id, logProbs } of engine.score(requests)) {
      const row = item(truth.logits, Number(id) - 1);
      const expected = [item(ids, Number(id)), 0].map((token) => at(row, token) - logSumExp(row));
      logProbs.forEach((value, i) => {
        expect(Math.abs(value - at(expected, i))).toBeLessThanOrEqual(2 * TOLERANCE);
      });
    }
  });

  test('greedy tokens are the largest logits of the equations', async () => {
    const contexts = [ids.slice(0, 60), ids.slice(0, 1)];
    const requests = contexts.map((context, i) => ({ id: String(i), context, maxTokens: 8, stopIds: [] }));
    for await (const { id, ids: answer } of engine.generate(requests)) {
      const context = item(contexts, Number(id));
      const { logits } = forward(checkpoint, [...context, ...answer]);
      expect(answer).toHaveLength(8);
      answer.forEach((token, i) => {
        const { place, lead } = top(item(logits, context.length - 1 + i));
        if (lead > CLEAR) expect(token).toBe(place);
      });
    }
  });
});
