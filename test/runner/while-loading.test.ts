import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Engine, OpeningEngine } from '../../engine/engine.js';
import { whileLoading } from '../../runner/while-loading.js';
import { fakeEngine } from './fake-engine.js';

const engine = fakeEngine({});
const never = new Promise<never>(() => {});

function opening(loaded: Promise<Engine>): OpeningEngine {
  return { info: engine.info, tokenizer: engine.tokenizer, loaded, close: async () => {} };
}

test('an open engine is not waited for', async () => {
  await expect(whileLoading({ opened: engine }, async () => 5)).resolves.toEqual({ engine, result: 5 });
});

test('the work begins before the model is there, and both are waited for', async () => {
  let load = (_: Engine) => {};
  const loaded = new Promise<Engine>((resolve) => {
    load = resolve;
  });
  let finish = (_: number) => {};
  const work = jest.fn(() => new Promise<number>((resolve) => (finish = resolve)));
  const ended = jest.fn();
  const both = whileLoading({ opened: opening(loaded) }, work).finally(ended);
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
  const failing = whileLoading({ opened: opening(Promise.reject(new Error('no memory'))) }, (signal) => {
    asked = signal;
    return never;
  });
  await expect(failing).rejects.toThrow('no memory');
  expect(asked?.aborted).toBe(true);
});

test('work that fails does not wait for the model', async () => {
  const failing = whileLoading({ opened: opening(never) }, () => Promise.reject(new Error('no such suite')));
  await expect(failing).rejects.toThrow('no such suite');
});

test('who is interrupted does not wait for the model', async () => {
  const interrupt = new AbortController();
  let asked: AbortSignal | undefined;
  const waiting = whileLoading({ opened: opening(never), signal: interrupt.signal }, async (signal) => {
    asked = signal;
  });
  interrupt.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'run/interrupted' });
  expect(asked?.aborted).toBe(true);
});

describe('the wait for the model', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('is told when it is long and the work is done', async () => {
    let load = (_: Engine) => {};
    const loaded = new Promise<Engine>((resolve) => {
      load = resolve;
    });
    let finish = () => {};
    const work = () => new Promise<void>((resolve) => (finish = resolve));
    const onWait = jest.fn();
    const both = whileLoading({ opened: opening(loaded), onWait }, work);
    await jest.advanceTimersByTimeAsync(5000);
    finish();
    await jest.advanceTimersByTimeAsync(900);
    expect(onWait).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(200);
    expect(onWait).toHaveBeenCalledTimes(1);
    load(engine);
    await both;
  });

  test.each(['loaded', 'interrupted'])('is not told once it is over: %s', async (how) => {
    const interrupt = new AbortController();
    const onWait = jest.fn();
    const loaded = how === 'loaded' ? Promise.resolve(engine) : never;
    const both = whileLoading({ opened: opening(loaded), signal: interrupt.signal, onWait }, async () => {});
    if (how === 'interrupted') {
      await jest.advanceTimersByTimeAsync(100);
      interrupt.abort();
    }
    await both.catch(() => {});
    await jest.advanceTimersByTimeAsync(5000);
    expect(onWait).not.toHaveBeenCalled();
  });
});
