/** Several samples of a question: keys, files, resumption, metrics, refusals. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { renderRunJson, renderRunText } from '../../cli/run-report.js';
import type { Engine } from '../../engine/engine.js';
import { loadEngine } from '../../engine/load-engine.js';
import { writeRandomModel } from '../../models/random-model.js';
import { passAtK } from '../../runner/pass-at-k.js';
import { rescoreRun } from '../../runner/rescore.js';
import { type RunSuiteOptions, runSuite } from '../../runner/run-suite.js';
import { type GenerativeLine, keyOf } from '../../runner/sample-line.js';
import { clusteredWilson } from '../../runner/statistics.js';
import { fakeEngine } from './fake-engine.js';
import { fakePrograms } from './fake-programs.js';

let home: string;
let model: Engine;
beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-samples-'));
  writeRandomModel(path.join(home, 'model'), 'random');
  model = await loadEngine({ model: path.join(home, 'model'), dtype: 'f32', device: 'cpu', batchTokens: 256 });
});
afterAll(async () => {
  await model.close();
  rmSync(home, { recursive: true });
});

const openPrograms = async () => fakePrograms();
const start = (options: Partial<RunSuiteOptions> = {}) =>
  runSuite({
    engine: model,
    suite: 'humaneval',
    dataDir: 'embedded',
    limit: 5,
    maxTokens: 12,
    temperature: 1,
    out: path.join(home, 'runs'),
    openPrograms,
    ...options,
  });
const read = (folder: string, name = 'samples.jsonl') => readFileSync(path.join(folder, name), 'utf8');
const linesOf = (folder: string): GenerativeLine[] =>
  read(folder)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('samples of a question', () => {
  test('differ, and each is the same however many there are', async () => {
    const [one, two, four] = await Promise.all(
      [start({ samples: 1 }), start({ samples: 2 }), start({ samples: 4 })].map((run) =>
        run.then(({ folder }) => linesOf(folder)),
      ),
    );
    expect([one, two, four].map((lines) => lines?.length)).toEqual([5, 10, 20]);
    const texts = new Map(four?.map((line) => [keyOf(line), line]));
    expect(texts.size).toBe(20);
    for (const line of [...(one ?? []), ...(two ?? [])]) expect(line).toEqual(texts.get(keyOf(line)));
    for (const id of new Set(four?.map((line) => line.id))) {
      const repeats = four?.filter((line) => line.id === id);
      expect(repeats?.map(({ repeat }) => repeat)).toEqual([0, 1, 2, 3]);
      expect(new Set(repeats?.map(({ output }) => output)).size).toBe(4);
    }
  });

  test('of a run that stopped between two of them are those of an uninterrupted run', async () => {
    const whole = await start({ samples: 3 });
    for (const stopAt of [1, 7]) {
      const controller = new AbortController();
      let folder = '';
      const stopped = start({
        samples: 3,
        signal: controller.signal,
        engine: { ...model, generate: (requests) => oneByOne(requests), onStep: undefined } as Engine,
        onStart: (started) => {
          folder = started.folder;
        },
        onProgress: ({ done }) => {
          if (done >= stopAt) controller.abort();
        },
      });
      await expect(stopped).rejects.toMatchObject({ code: 'run/interrupted' });
      const done = linesOf(folder).length;
      expect(done % 3).not.toBe(0);
      const { work } = await runSuite({ engine: model, resume: folder, openPrograms });
      expect(work.samples).toBe(15 - done);
      expect(read(folder)).toBe(read(whole.folder));
    }
  });

  test('are in run.json, and a resumption with another number names it', async () => {
    const { folder, record } = await start({ samples: 2 });
    expect(record.settings.samples).toBe(2);
    expect(record.suites[0]).toMatchObject({ groups: { all: 10 }, generation: { samples: 2 } });
    const failed = runSuite({ engine: model, resume: folder, openPrograms, samples: 4 });
    await expect(failed).rejects.toThrow(/\(humaneval samples: 2 -> 4\)/);
    expect((await start({ samples: 4 })).record.fingerprint).not.toBe(record.fingerprint);
  });
});

describe('scores of several samples', () => {
  /** Task t of five is right in its first t of four samples. */
  const engine = () => {
    const tasks: string[] = [];
    return fakeEngine({
      write: ({ id, repeat = 0 }) => {
        if (!tasks.includes(id)) tasks.push(id);
        return { text: repeat < tasks.indexOf(id) ? '    return 1 # passed' : '    return 0' };
      },
    });
  };
  const counts = [0, 1, 2, 3, 4].map((correct) => ({ correct, n: 4 }));

  test('are over all samples with questions as clusters, and pass@k over tasks', async () => {
    const { folder, metrics } = await start({ engine: engine(), samples: 4 });
    const suite = metrics.suites.humaneval;
    expect(suite).toMatchObject({ ...clusteredWilson(counts), accuracy: 0.5, n: 20, missing: 0 });
    expect(suite?.interval).toMatch(/samples of a question are a cluster/);
    expect(Object.keys(suite?.pass_at_k ?? {})).toEqual(['1', '2', '4']);
    for (const [k, { mean, standard_error: error, tasks }] of Object.entries(suite?.pass_at_k ?? {})) {
      const values = counts.map((count) => passAtK(count, Number(k)));
      const expected = values.reduce((sum, value) => sum + value, 0) / 5;
      const variance = values.reduce((sum, value) => sum + (value - expected) ** 2, 0) / 4;
      expect([mean, error, tasks]).toEqual([
        expect.closeTo(expected, 12),
        expect.closeTo(Math.sqrt(variance / 5), 12),
        5,
      ]);
    }
    const before = read(folder, 'metrics.json');
    expect(JSON.parse(before).suites.humaneval.pass_at_k).toEqual(suite?.pass_at_k);
    await rescoreRun(folder, { openPrograms });
    expect(read(folder, 'metrics.json')).toBe(before);
  });

  test('are in the table and in the JSON; one sample has no rows of its own', async () => {
    const result = await start({ engine: engine(), samples: 4 });
    const text = renderRunText(result, { verbose: false, columns: 80 });
    expect(text).toMatch(/│ category +│ samples │/);
    expect(text).toMatch(/│ pass@1 +│ 5 tasks │ +50\.0 % │ +SE 17\.7 points │/);
    expect(text).toMatch(/│ pass@4 +│ 5 tasks │ +80\.0 % │ +SE 20\.0 points │/);
    expect(text).toMatch(/│ all questions +│ +20 │ +50\.0 %/);
    const { pass_at_k: passes } = (renderRunJson(result).suites as typeof result.metrics.suites).humaneval ?? {};
    expect(passes).toEqual(result.metrics.suites.humaneval?.pass_at_k);
    expect(renderRunText(await start({ engine: engine() }), { verbose: false })).not.toContain('pass@');
    const math = await start({ engine: engine(), suite: 'math500', samples: 2 });
    expect(math.metrics.suites.math500).not.toHaveProperty('pass_at_k');
    expect(math.metrics.suites.math500?.n).toBe(10);
  });
});

test.each([
  ['greedy', { temperature: 0 }, /greedy samples are all the same/],
  ['from log-probabilities', { suite: 'mmlu' }, /mmlu reads its answers from log-probabilities/],
  ['no whole number', { samples: 1.5 }, /from 1, found 1.5/],
])('several samples that are %s are refused', async (_, options, says) => {
  const failed = start({ engine: fakeEngine(), samples: 4, ...options });
  await expect(failed).rejects.toMatchObject({ code: 'usage/samples', message: expect.stringMatching(says) });
});

/** Answers in the order of the questions, so that a run can stop between the samples of one. */
async function* oneByOne(requests: Parameters<Engine['generate']>[0]): ReturnType<Engine['generate']> {
  for (const request of requests) yield* model.generate([request]);
}
