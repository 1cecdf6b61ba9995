import { expect, test } from '@jest/globals';
import type { ScoreResult } from '../../../engine/engine.js';
import { shuffledEngine, shuffledOpening } from '../../../runner/compare/shuffled-engine.js';
import { fakeEngine } from '../fake-engine.js';

const requests = Array.from({ length: 20 }, (_, at) => ({
  id: `q/${at}`,
  context: [1, at + 2],
  continuations: [[5], [6]],
}));

async function all<T>(results: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const result of results) found.push(result);
  return found;
}

test('a shuffled engine is asked in another order, the same for the same seed, and answers the same', async () => {
  const orders: string[][] = [];
  const engine = fakeEngine({ onScore: (asked) => orders.push(asked.map(({ id }) => id)) });
  const byId = (results: ScoreResult[]) => new Map(results.map(({ id, logProbs }) => [id, logProbs]));
  const plain = byId(await all(engine.score(requests)));
  const shuffled = byId(await all(shuffledEngine(engine, 1).score(requests)));
  await all(shuffledEngine(engine, 1).score(requests));
  await all(shuffledEngine(engine, 2).score(requests));
  expect(new Map([...shuffled].sort())).toEqual(new Map([...plain].sort()));
  const [asked, first, again, other] = orders;
  expect(first).not.toEqual(asked);
  expect([...(first ?? [])].sort()).toEqual([...(asked ?? [])].sort());
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});

test('a shuffled engine tells its listener about steps, and closes', async () => {
  const engine = fakeEngine();
  const shuffled = shuffledEngine(engine, 1);
  let steps = 0;
  shuffled.onStep = () => {
    steps += 1;
  };
  await all(shuffled.generate(requests.map(({ id, context }) => ({ id, context, maxTokens: 1 }))));
  expect(steps).toBe(20);
  await shuffled.close();
  expect(engine.closed).toBe(true);
});

test('what is asked of a shuffled engine besides answers is asked of the engine', async () => {
  const asked: unknown[] = [];
  const engine = fakeEngine();
  const { generate } = engine;
  engine.generate = (requests, options) => {
    asked.push(options);
    return generate.call(engine, requests, options);
  };
  const shuffled = shuffledEngine(Object.assign(engine, { sampleGpu: () => ({ powerMilliwatts: 5 }) }), 1);
  shuffled.recordRouting = true;
  expect(engine.recordRouting).toBe(true);
  expect(shuffled.recordRouting).toBe(true);
  expect(shuffled.sampleGpu?.()).toEqual({ powerMilliwatts: 5 });
  await all(shuffled.generate([{ id: 'q', context: [1], maxTokens: 1 }], { mtp: true }));
  expect(asked).toEqual([{ mtp: true }]);
});

test('an engine that is being loaded is shuffled when it is there', async () => {
  const orders: string[][] = [];
  const engine = fakeEngine({ onScore: (asked) => orders.push(asked.map(({ id }) => id)) });
  const opening = { info: engine.info, tokenizer: engine.tokenizer, loaded: Promise.resolve(engine) };
  const shuffled = shuffledOpening({ ...opening, close: () => engine.close() }, 1);
  expect(shuffled.info).toBe(engine.info);
  await all((await shuffled.loaded).score(requests));
  await all(shuffledEngine(engine, 1).score(requests));
  expect(orders[0]).toEqual(orders[1]);
  await shuffled.close();
  expect(engine.closed).toBe(true);
});
