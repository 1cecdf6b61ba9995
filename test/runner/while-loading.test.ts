import { expect, jest, test } from '@jest/globals';
import type { Engine, OpeningEngine } from '../../engine/engine.js';
import { whileLoading } from '../../runner/while-loading.js';
import { fakeEngine } from './fake-engine.js';

const engine = fakeEngine({});
const never = new Promise<never>(() => {});

function opening(loaded: Promise<Engine>): OpeningEngine {
  return { info: engine.info, tokenizer: engine.tokenizer, loaded, close: async () => {} };
}

test('an open engine is not waited for', async () => {
  await expect(whileLoading(engine, undefined, async () => 5)).resolves.toEqual({ engine, result: 5 });
});

test('the work begins before the model is there, and both are waited for', async () => {
  let load = (_: Engine) => {};
  const loaded = new Promise<Engine>((resolve) => {
    load = resolve;
  });
  let finish = (_: number) => {};
  const work = jest.fn(() => new Promise<number>((resolve) => (finish = resolve)));
  const ended = jest.fn();
  const both = whileLoading(opening(loaded), undefined, work).finally(ended);
  expect(work).toHaveBeenCalledTimes(1);
  load(engine);
  await loaded;
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).not.toHaveBeenCalled();
  finish(7);
  await expect(both).resolves.toEqual({ engine, result: 7 });
});

test('a model that cannot be loaded is told at once, and the work is asked to stop', async () => {
  let asked: AbortSignal | undefined;
  const failing = whileLoading(opening(Promise.reject(new Error('no memory'))), undefined, (signal) => {
    asked = signal;
    return never;
  });
  await expect(failing).rejects.toThrow('no memory');
  expect(asked?.aborted).toBe(true);
});

test('work that fails does not wait for the model', async () => {
  const failing = whileLoading(opening(never), undefined, () => Promise.reject(new Error('no such suite')));
  await expect(failing).rejects.toThrow('no such suite');
});

test('who is interrupted does not wait for the model', async () => {
  const interrupt = new AbortController();
  let asked: AbortSignal | undefined;
  const waiting = whileLoading(opening(never), interrupt.signal, async (signal) => {
    asked = signal;
  });
  interrupt.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'run/interrupted' });
  expect(asked?.aborted).toBe(true);
});
