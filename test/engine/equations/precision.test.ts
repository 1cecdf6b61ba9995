/** The engine in fp8 and bf16 against the equations: the W8A8 arithmetic exactly, bfloat16 as near as its eight bits allow. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { DType } from '../../../engine/engine.js';
import { loadEngine } from '../../../engine/load-engine.js';
import type { LogitsOptions } from '../../../engine/sequence-logits.js';
import { type CheckpointSpec, makeCheckpoint } from './checkpoint-maker.js';
import { type EngineLogits, engineLogits, median, rowRms, top } from './engine-logits.js';
import { fixtures, fp8Fixtures, randomIds, shortPrompts } from './fixtures.js';
import { forward } from './forward.js';
import { at, item } from './vectors.js';

const folder = mkdtempSync(path.join(tmpdir(), 'evalrun-precision-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Logits of each prompt, computed on its own. */
async function throughEngine(model: string, prompts: readonly number[][], options: LogitsOptions & { dtype: DType }) {
  const { dtype, ...how } = options;
  const engine = await loadEngine({ model, dtype, withoutTokenizer: true, threads: 2 });
  try {
    const out: EngineLogits[] = [];
    for (const ids of prompts) out.push(await engineLogits(engine, ids, how));
    return out;
  } finally {
    await engine.close();
  }
}

const fp8Cases: readonly CheckpointSpec[] = [
  ...Object.values(fp8Fixtures),
  { ...fp8Fixtures.v3, name: 'fp8 deepseek-v3: quantised at load', storage: 'bf16' },
];

describe.each(fp8Cases)('$name', (spec) => {
  const checkpoint = makeCheckpoint(spec, folder);
  const prompts = shortPrompts(spec);
  const quantized = prompts.map((ids) => forward(checkpoint, ids, { arithmetic: 'w8a8' }));
  const weightsOnly = prompts.map((ids) => forward(checkpoint, ids));

  // Measured: the typical row is 3e-7 from W8A8 and 5e-2 from the weights alone, a ratio of 1.5e5. Longer prompts follow from
  // these and from the bitwise invariance of chunks.
  test.each([
    { form: 'in one piece', options: {} },
    { form: 'three tokens at a time', options: { chunk: 3 } },
    { form: 'token by token in the form of decoding', options: { chunk: 1, decode: true } },
  ])('fp8 logits and drafts are those of W8A8 arithmetic, not of the weights alone, $form', async ({ options }) => {
    const ours = await throughEngine(checkpoint.folder, prompts, { dtype: 'fp8', ...options });
    const near = ours.flatMap(({ logits }, i) => rowRms(logits, item(quantized, i).logits));
    const far = ours.flatMap(({ logits }, i) => rowRms(logits, item(weightsOnly, i).logits));
    expect(median(near)).toBeLessThan(1e-5);
    expect(median(far)).toBeGreaterThan(1000 * median(near));
    if (!spec.config.num_nextn_predict_layers) return;
    const nearDrafts = ours.flatMap(({ drafts }, i) => rowRms(drafts, item(quantized, i).drafts));
    const farDrafts = ours.flatMap(({ drafts }, i) => rowRms(drafts, item(weightsOnly, i).drafts));
    expect(median(nearDrafts)).toBeLessThan(1e-5);
    expect(median(farDrafts)).toBeGreaterThan(1000 * median(nearDrafts));
  });

  test.each([
    { form: 'in one piece', options: {} },
    { form: 'in the form of decoding', options: { chunk: 1, decode: true } },
  ])('fp8-bf16 keeps the direction of W8A8 arithmetic, $form', async ({ options }) => {
    const ours = await throughEngine(checkpoint.folder, prompts, { dtype: 'fp8-bf16', ...options });
    const apart = ours.flatMap(({ logits }, i) =>
      logits.map((row, t) => cosineDifference(row, item(item(quantized, i).logits, t))),
    );
    // Measured: 2.5e-4 to 5.5e-4, and no row less than 7e-5.
    expect(median(apart)).toBeLessThan(1e-3);
    expect(Math.min(...apart)).toBeGreaterThan(1e-7);
  });
});

/** 1 - 2 x.y / (x.x + y.y). */
function cosineDifference(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; ++i) {
    xy += at(x, i) * at(y, i);
    xx += at(x, i) ** 2;
    yy += at(y, i) ** 2;
  }
  return 1 - (2 * xy) / (xx + yy);
}

describe.each([fixtures.v3, fixtures.v2Lite, fixtures.llama, fixtures.mistral, fixtures.qwen3, fixtures.qwen3Moe])(
  'bf16 $name',
  (spec) => {
    const checkpoint = makeCheckpoint(spec, folder);
    const ids = randomIds(spec, 100);
    const { logits } = forward(checkpoint, ids);

    // Measured: median cosine difference 4e-5 to 4e-4, top token the same in 90 % to 100 % of the rows.
    test.each([
      { form: 'in one piece', options: {} },
      { form: 'in the form of decoding', options: { chunk: 1, decode: true } },
    ])('logits keep their direction and mostly their top token $form', async ({ options }) => {
      const [ours] = await throughEngine(checkpoint.folder, [ids], { dtype: 'bf16', ...options });
      const rows = ours?.logits ?? [];
      expect(rows).toHaveLength(ids.length);
      expect(median(rows.map((row, t) => cosineDifference(row, item(logits, t))))).toBeLessThan(2e-3);
      const same = rows.filter((row, t) => top(row).place === top(item(logits, t)).place).length;
      expect(same / ids.length).toBeGreaterThan(0.8);
    });
  },
);
