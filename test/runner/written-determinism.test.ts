/** Written answers of a real engine are the same bytes alone, batched, shuffled, and after a resume. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Engine, GenerateRequest, GenerateResult } from '../../engine/engine.js';
import { loadEngine } from '../../engine/load-engine.js';
import { writeRandomModel } from '../../models/random-model.js';
import { type RunSuiteOptions, runSuite } from '../../runner/run-suite.js';
import { fakePrograms } from './fake-programs.js';

let home: string;
let engine: Engine;
beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-generation-'));
  writeRandomModel(path.join(home, 'model'), 'random');
  engine = await loadEngine({ model: path.join(home, 'model'), dtype: 'bf16', device: 'cpu', batchTokens: 256 });
});
afterAll(async () => {
  await engine.close();
  rmSync(home, { recursive: true });
});

const run = (options: Partial<RunSuiteOptions> = {}) =>
  runSuite({
    engine,
    suite: ['math500', 'humaneval', 'mgsm'],
    dataDir: 'embedded',
    limit: 12,
    maxTokens: 24,
    out: path.join(home, 'runs'),
    openPrograms: async () => fakePrograms(),
    ...options,
  });
const samples = (folder: string) => readFileSync(path.join(folder, 'samples.jsonl'), 'utf8');

/** The same engine, asked in another order and so many at a time. */
function reordered(atOnce: number): Engine {
  return {
    info: engine.info,
    tokenizer: engine.tokenizer,
    onStep: undefined,
    score: (requests) => engine.score(requests),
    async *generate(requests: readonly GenerateRequest[]): AsyncIterable<GenerateResult> {
      const shuffled = [...requests].sort((a, b) =>
        a.id.split('').reverse().join('') < b.id.split('').reverse().join('') ? -1 : 1,
      );
      for (let at = 0; at < shuffled.length; at += atOnce) yield* engine.generate(shuffled.slice(at, at + atOnce));
    },
    memory: () => engine.memory(),
    close: async () => {},
  };
}

test.each([
  ['greedy', {}],
  ['drawn', { temperature: 0.8, topP: 0.9, seed: 3 }],
])('%s', async (_, options) => {
  const batched = samples((await run(options)).folder);
  expect(batched.split('\n')).toHaveLength(37);
  expect(samples((await run({ ...options, engine: reordered(1) })).folder)).toBe(batched);
  expect(samples((await run({ ...options, engine: reordered(5) })).folder)).toBe(batched);

  const controller = new AbortController();
  let folder = '';
  const stopped = run({
    ...options,
    signal: controller.signal,
    onStart: (started) => {
      folder = started.folder;
    },
    onProgress: ({ done }) => {
      if (done >= 15) controller.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: 'run/interrupted' });
  await runSuite({ engine, resume: folder, openPrograms: async () => fakePrograms() });
  expect(samples(folder)).toBe(batched);
});
