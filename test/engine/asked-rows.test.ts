/** Rows that nobody asks about end in the last layer: what is asked has the bits that it has where all rows are asked about. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadEngine } from '../../engine/load-engine.js';
import type { LocalEngine } from '../../engine/local-engine.js';
import type { NativeModel, NativeStepResult } from '../../engine/native.js';
import { DTYPES } from '../../engine/numerics.js';
import { StepBuilder } from '../../engine/step-builder.js';
import { TINY_DEEPSEEK, TINY_LLAMA, writeTinyCheckpoint } from './tiny-checkpoint.js';

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'evalrun-asked-rows-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** [first row, rows, position of the first, page of the first]: prompts, one behind a beginning that others share, and decoding. */
const spans = [
  { count: 20, start: 0, pages: [0], decode: false },
  { count: 3, start: 20, pages: [0], decode: false },
  { count: 90, start: 0, pages: [1, 2], decode: false },
  { count: 1, start: 0, pages: [3], decode: true },
  { count: 7, start: 0, pages: [4], decode: false },
];
const total = spans.reduce((sum, { count }) => sum + count, 0);

/** One step of all spans, and one that decodes behind them: it reads what the first left in the cache. */
async function logitsOf(model: NativeModel, asked: readonly number[], wantExperts = false): Promise<Float32Array[]> {
  const builder = new StepBuilder();
  builder.wantLogits = true;
  builder.wantExperts = wantExperts;
  for (const { count, start, pages, decode } of spans) {
    const tokens = Array.from({ length: count }, (_, i) => (start * 7 + i * 31 + count * 5) % 384);
    builder.addSpan({ tokens, start, pages, decode });
  }
  for (const row of asked) builder.addQuery(row, []);
  const first: NativeStepResult = await model.forward(builder.build());
  const later = new StepBuilder();
  later.wantLogits = true;
  for (const { start, count, pages } of [spans[1], spans[2], spans[4]] as typeof spans) {
    later.addQuery(later.addSpan({ tokens: [9], start: start + count, pages, decode: true }), []);
  }
  const second = await model.forward(later.build());
  const width = asked.length === 0 ? 0 : first.logits.length / asked.length;
  return [...asked.map((_, i) => first.logits.slice(i * width, (i + 1) * width)), second.logits];
}

const all = Array.from({ length: total }, (_, row) => row);
/** Of the first span its last row, nothing of the second, several stretches of the third, the decoding one, and one of them twice. */
const some = [19, 23, 24, 60, 112, 113, 60];

describe.each([
  ['grouped-query attention', TINY_LLAMA],
  ['latent attention and experts', TINY_DEEPSEEK],
] as const)('%s', (name, config) => {
  test.each(DTYPES)('%s: the same bits, whatever else is asked', async (dtype) => {
    const engine: LocalEngine = await loadEngine({
      model: writeTinyCheckpoint(path.join(scratch, `${name} ${dtype}`.replaceAll(' ', '-')), config),
      dtype,
      threads: 2,
    });
    try {
      const { model } = engine as unknown as { model: NativeModel };
      const whole = await logitsOf(model, all);
      expect(new Set(whole.map((logits) => logits[0])).size).toBeGreaterThan(100);
      const part = await logitsOf(model, some);
      expect(part).toEqual([...some.map((row) => whole[row]), whole[total]]);
      // Nothing is asked: the cache is filled all the same.
      expect(await logitsOf(model, [])).toEqual([whole[total]]);
      expect(await logitsOf(model, some, config === TINY_DEEPSEEK)).toEqual(part);
    } finally {
      await engine.close();
    }
  });
});
