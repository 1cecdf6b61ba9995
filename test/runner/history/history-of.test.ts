import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { historyOf } from '../../../runner/history/history-of.js';
import { readAnswers } from '../../../runner/history/read-answers.js';
import { listRuns } from '../../../runner/run-list.js';
import { runRecord } from '../run-fixture.js';
import { storeRun, temporaryRuns } from '../stored-runs.js';

let folder: string;
beforeEach(() => {
  folder = temporaryRuns();
});
afterEach(() => rmSync(folder, { recursive: true }));

const name = (n: number) => `run-${String(n).padStart(3, '0')}`;
const answers = (wrong: readonly number[]) => Array.from({ length: 60 }, (_, q) => !wrong.includes(q));
const upTo = (n: number) => Array.from({ length: n }, (_, q) => q);

describe('the history of a folder', () => {
  test('has accuracies and intervals as in metrics.json, and names the run of a change, its size and what else changed', async () => {
    for (let n = 0; n < 8; n++) {
      const commit = n < 5 ? 'a'.repeat(40) : 'b'.repeat(40);
      storeRun(folder, {
        name: name(n),
        right: answers(n < 5 ? [50] : upTo(12)),
        record: { evalrun: { version: '0.1.0', commit } },
      });
    }
    const { series } = await historyOf(folder);
    expect(series).toHaveLength(1);
    const { points, changes, paired, unsteady } = series[0] ?? {};
    const { runs } = await listRuns(folder);
    expect(points?.map(({ run, accuracy, low, high }) => [run, accuracy, low, high])).toEqual(
      runs.map((run) => {
        const { accuracy, low, high } = run.metrics?.suites.mmlu ?? {};
        return [run.name, accuracy, low, high];
      }),
    );
    expect([paired, unsteady]).toEqual([true, 13]);
    expect(changes).toMatchObject([{ run: name(5), previous: name(4), gained: 1, lost: 12 }]);
    const [change] = changes ?? [];
    expect(change?.difference).toBeCloseTo(-11 / 60, 12);
    expect(change?.low).toBeLessThan(-11 / 60);
    expect(change?.high).toBeLessThan(0);
    expect(change?.high).toBeGreaterThan(-11 / 60);
    expect(change?.also_changed).toEqual([{ name: 'evalrun commit', before: 'a'.repeat(40), after: 'b'.repeat(40) }]);
  });

  test('counts a subject of a macro average as one, however many questions it has', async () => {
    const suite = { average: 'macro', groups: { large: 50, small: 10 } } as const;
    storeRun(folder, { name: name(0), right: answers([]), suite });
    storeRun(folder, { name: name(1), right: answers([50, 51, 52, 53, 54, 55, 56, 57, 58]), suite });
    const { series } = await historyOf(folder, { alarmRate: 0.05 });
    expect(series[0]?.changes[0]?.difference).toBeCloseTo(-0.45, 12);
  });

  test.each<[string, Parameters<typeof storeRun>[1]]>([
    ['another protocol', { name: name(1), right: answers([]), suite: { protocol: 'lm-eval' } }],
    ['other prompts', { name: name(1), right: answers([]), suite: { prompts_sha256: 'd'.repeat(64) } }],
    ['fewer questions', { name: name(1), right: answers([]).slice(0, 30) }],
    ['other data', { name: name(1), right: answers([]), suite: { datasets: [] } }],
    ['a limit', { name: name(1), right: answers([]), record: { settings: { ...runRecord().settings, limit: 60 } } }],
  ])('keeps a run with %s apart and says why', async (_, other) => {
    storeRun(folder, { name: name(0), right: answers([]) });
    storeRun(folder, other);
    const { series } = await historyOf(folder);
    expect(series.map(({ points }) => points.map(({ run }) => run))).toEqual([[name(0)], [name(1)]]);
    expect(series[0]?.differs).toEqual([]);
    expect(series[1]?.differs.length).toBeGreaterThan(0);
  });

  test.each<[string, Parameters<typeof storeRun>[1]['record']]>([
    ['model', { model: { ...runRecord().model, name: 'other' } }],
    ['dtype', { engine: { ...runRecord().engine, dtype: 'fp8' } }],
  ])('has a family of its own for another %s', async (_, record) => {
    storeRun(folder, { name: name(0), right: answers([]) });
    storeRun(folder, { name: name(1), right: answers([]), record: record ?? {} });
    const { series } = await historyOf(folder);
    expect(series.map(({ differs }) => differs)).toEqual([[], []]);
  });

  test('filters by suite and by part of a model name', async () => {
    storeRun(folder, { name: name(0), right: answers([]) });
    storeRun(folder, { name: name(1), right: answers([]), suite: { suite: 'ceval' } });
    expect((await historyOf(folder, { suite: 'ceval' })).series.map(({ suite }) => suite)).toEqual(['ceval']);
    expect((await historyOf(folder, { model: 'an' })).series).toHaveLength(2);
    expect((await historyOf(folder, { model: 'Llama' })).series).toEqual([]);
  });

  test('shows unfinished, invalid, inconsistent and copied runs hollow and counts none of them', async () => {
    for (const n of [0, 1, 5]) storeRun(folder, { name: name(n), right: answers([]) });
    storeRun(folder, { name: name(2), right: answers(upTo(40)), stopAfter: 50 });
    const stale = storeRun(folder, { name: name(3), right: answers(upTo(40)) });
    const samples = path.join(stale, 'samples.jsonl');
    writeFileSync(samples, readFileSync(samples, 'utf8').replace('"status":"wrong"', '"status":"correct"'));
    const invalid = path.join(storeRun(folder, { name: name(4), right: answers(upTo(40)) }), 'metrics.json');
    const metrics = JSON.parse(readFileSync(invalid, 'utf8'));
    metrics.suites.mmlu.invalid = 'every answer was cut off';
    writeFileSync(invalid, JSON.stringify(metrics));
    storeRun(folder, { name: name(6), id: name(0), right: answers(upTo(40)) });
    const { series } = await historyOf(folder);
    expect(series[0]?.points.map(({ excluded }) => excluded)).toEqual([
      null,
      null,
      'incomplete',
      expect.stringMatching(/does not agree with its samples.jsonl/),
      'invalid: every answer was cut off',
      null,
      `a copy of ${name(0)}`,
    ]);
    expect(series[0]?.points[2]?.accuracy).toBeCloseTo(10 / 50, 12);
    expect(series[0]?.changes).toEqual([]);
    expect(series[0]?.unsteady).toBe(0);
  });

  test('leaves shards out: each is a part of the questions', async () => {
    storeRun(folder, { name: name(0), right: answers([]) });
    storeRun(folder, {
      name: name(1),
      right: answers([]),
      record: { shard: { index: 1, count: 2, places: {}, suites: runRecord().suites } },
    });
    const { series, skipped } = await historyOf(folder);
    expect(series[0]?.points).toHaveLength(1);
    expect(skipped).toEqual([{ name: name(1), reason: expect.stringMatching(/shard/) }]);
  });

  test('compares scores only, and says so, where samples are missing', async () => {
    for (let n = 0; n < 6; n++) storeRun(folder, { name: name(n), right: answers(n < 3 ? [] : upTo(30)) });
    rmSync(path.join(folder, name(1), 'samples.jsonl'));
    const { series } = await historyOf(folder);
    expect(series[0]).toMatchObject({ paired: false, unsteady: null });
    expect(series[0]?.unpaired_because).toMatch(/run-001 has no samples.jsonl/);
    expect(series[0]?.changes).toMatchObject([{ run: name(3), gained: null, lost: null }]);
    expect(series[0]?.changes[0]?.difference).toBeCloseTo(-0.5, 12);
  });

  test('is the same whenever it is asked', async () => {
    for (let n = 0; n < 9; n++) storeRun(folder, { name: name(n), right: answers(n < 4 ? [n] : upTo(14)) });
    expect(await historyOf(folder)).toEqual(await historyOf(folder));
  });
});

describe('readAnswers', () => {
  test('counts answers by suite and question, leaves torn and damaged lines out, reads keys in any order', async () => {
    const file = path.join(storeRun(folder, { name: name(0), right: [true, false] }), 'samples.jsonl');
    const again = '{"status":"correct","group":"anatomy","id":"mmlu/anatomy/1","suite":"mmlu"}';
    const quoted = '{"id":"mmlu/a\\"b/2","suite":"mmlu","group":"a\\"b","repeat":0,"status":"correct"}';
    appendFileSync(
      file,
      `${again}\n\nnothing\n{"id":"x"}\n${quoted}\n{"id":"mmlu/anatomy/3","suite":"mmlu","group":"anatomy","repeat":0,"status":"correct"`,
    );
    expect(await readAnswers(file)).toEqual(
      new Map([
        [
          'mmlu',
          new Map([
            ['mmlu/anatomy/0', { group: 'anatomy', samples: 1, correct: 1 }],
            ['mmlu/anatomy/1', { group: 'anatomy', samples: 2, correct: 1 }],
            ['mmlu/a"b/2', { group: 'a"b', samples: 1, correct: 1 }],
          ]),
        ],
      ]),
    );
    expect(await readAnswers(path.join(folder, 'nowhere'))).toBeUndefined();
  });
});
