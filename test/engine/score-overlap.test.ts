// Answers of a step are handed out while the next one computes, and none is lost when that one fails.
import { describe, expect, test } from '@jest/globals';
import { archSpecOf } from '../../engine/architectures/registry.js';
import { LocalEngine, type LocalEngineParts } from '../../engine/local-engine.js';
import type { NativeStep } from '../../engine/native.js';
import { NO_TOKENIZER } from '../../engine/tokenizer/no-tokenizer.js';
import { TINY_LLAMA } from './tiny-checkpoint.js';

/** Steps that end when they are told to. */
class SteppedModel {
  begun = 0;
  private readonly ends: ((fails: boolean) => void)[] = [];

  forward({ ids }: NativeStep): Promise<unknown> {
    this.begun++;
    return new Promise((resolve, reject) => {
      this.ends.push((fails) =>
        fails ? reject(new Error('it broke')) : resolve({ logProbs: Float32Array.from(ids, (id) => -id) }),
      );
    });
  }

  async end(fails = false): Promise<void> {
    // The engine begins a step some promises later.
    for (let turn = 0; turn < 20 && this.ends.length === 0; turn++) await new Promise(setImmediate);
    const end = this.ends.shift();
    if (end === undefined) throw new Error('no step is under way');
    end(fails);
  }
}

/** Two tokens a step, and a page for each sequence. */
function engineOf(model: SteppedModel, kvPages = 8): LocalEngine {
  const parts = {
    info: { device: 'cpu' },
    tokenizer: NO_TOKENIZER,
    arch: archSpecOf(TINY_LLAMA),
    model,
    plan: { kvPages, mappedBytes: 0 },
    batchTokens: 2,
  };
  return new LocalEngine(parts as unknown as LocalEngineParts);
}

const asked = [1, 2, 3].map((id) => ({ id: `q${id}`, context: [id, id + 3], continuations: [[id]] }));

describe('scores', () => {
  test('of a step are handed out while the next one computes', async () => {
    const model = new SteppedModel();
    const results = engineOf(model).score(asked)[Symbol.asyncIterator]();
    const seen: [unknown, number][] = [];
    for (let at = 0; at < asked.length; at++) {
      const next = results.next();
      await model.end();
      seen.push([(await next).value, model.begun]);
    }
    expect(seen).toEqual([
      [expect.objectContaining({ id: 'q1', logProbs: [-1] }), 2],
      [expect.objectContaining({ id: 'q2', logProbs: [-2] }), 3],
      [expect.objectContaining({ id: 'q3', logProbs: [-3] }), 3],
    ]);
    expect((await results.next()).done).toBe(true);
  });

  test('of the steps before one that fails are not lost', async () => {
    const model = new SteppedModel();
    const ids: string[] = [];
    const reading = (async () => {
      for await (const { id } of engineOf(model).score(asked)) ids.push(id);
    })();
    await model.end();
    await model.end(true);
    await expect(reading).rejects.toThrow('it broke');
    expect(ids).toEqual(['q1']);
    expect(model.begun).toBe(2);
  });

  test('of the steps before one that cannot be made are not lost', async () => {
    const model = new SteppedModel();
    const long = { id: 'long', context: Array.from({ length: 200 }, () => 9), continuations: [[1]] };
    const ids: string[] = [];
    const reading = (async () => {
      for await (const { id } of engineOf(model, 2).score([...asked.slice(0, 1), long])) ids.push(id);
    })();
    await model.end();
    await expect(reading).rejects.toMatchObject({ code: 'memory/kv-cache' });
    expect(ids).toEqual(['q1']);
  });

  test('are handed out before anything else is begun for one who will stop reading', async () => {
    const model = new SteppedModel();
    const stop = new AbortController();
    const results = engineOf(model).score(asked, { signal: stop.signal })[Symbol.asyncIterator]();
    const one = results.next();
    stop.abort();
    await model.end();
    expect((await one).value).toMatchObject({ id: 'q1' });
    expect(model.begun).toBe(1);
    await results.return?.(undefined);
    expect(model.begun).toBe(1);
  });

  test('whoever stops reading is let go when the step under way has ended, and the next call has the cache', async () => {
    const model = new SteppedModel();
    const engine = engineOf(model);
    const first = engine.score(asked)[Symbol.asyncIterator]();
    const one = first.next();
    await model.end();
    await one;
    const stopped = first.return?.(undefined);
    const second = engine.score(asked.slice(2))[Symbol.asyncIterator]().next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(model.begun).toBe(2);
    await model.end();
    await stopped;
    await model.end();
    expect((await second).value).toMatchObject({ id: 'q3' });
  });
});
