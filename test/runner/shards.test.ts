import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mergeRuns } from '../../runner/merge-runs.js';
import type { PlannedSuite } from '../../runner/plan.js';
import { runFiles } from '../../runner/run-folder.js';
import { runSuite } from '../../runner/run-suite.js';
import { parseShard, renderShard } from '../../runner/shard.js';
import { shareOf } from '../../runner/share.js';
import { fakeEngine } from './fake-engine.js';
import { suiteRecord } from './run-fixture.js';
import { writeTinyDatasets } from './tiny-dataset.js';

let home: string;
let data: string;
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-shards-'));
  data = writeTinyDatasets(path.join(home, 'data'), 4);
});
afterAll(() => rmSync(home, { recursive: true }));

const subjects = ['anatomy', 'astronomy', 'college_physics', 'management', 'nutrition', 'virology'];

const read = (file: string) => readFileSync(file, 'utf8');

/** Interrupted and resumed where `stopAfter` samples come before the end. */
async function runShard(options: { shard?: string; suite?: string; stopAfter?: number; seed?: number; out?: string }) {
  const {
    shard,
    suite = 'mmlu',
    stopAfter = Number.POSITIVE_INFINITY,
    seed = 0,
    out = path.join(home, 'runs'),
  } = options;
  const stop = new AbortController();
  let done = 0;
  let folder = '';
  const engine = fakeEngine({ batch: 3, write: ({ id }) => ({ text: `\\boxed{${id.length}}` }) });
  const request = { engine, engineOptions: { model: 'fake' } };
  try {
    const result = await runSuite({
      ...request,
      suite,
      seed,
      out,
      ...(shard !== undefined && { shard }),
      ...(suite === 'mmlu' ? { dataDir: data, subjects } : { dataDir: 'embedded', samples: 3, temperature: 1 }),
      allowModifiedData: true,
      signal: stop.signal,
      onStart: (start) => {
        folder = start.folder;
      },
      onProgress: ({ done: now }) => {
        done = now;
        if (done >= stopAfter) stop.abort();
      },
    });
    return result.folder;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    await runSuite({ ...request, resume: folder });
    return folder;
  }
}

const shardsOf = (count: number, options: Parameters<typeof runShard>[0] = {}) =>
  Promise.all(
    Array.from({ length: count }, (_, i) => runShard({ ...options, shard: renderShard({ index: i + 1, count }) })),
  );

describe('shards of a run', () => {
  test.each([
    { count: 1, suite: 'mmlu' },
    { count: 3, suite: 'mmlu' },
    { count: 8, suite: 'mmlu', stopAfter: 2 },
    { count: 24, suite: 'mmlu' },
    { count: 7, suite: 'math500', stopAfter: 4 },
    { count: 5, suite: 'gsm8k,math500' },
  ])('$count shards of $suite merge to the bytes of the whole run', async ({ count, ...options }) => {
    const whole = await runShard({ suite: options.suite });
    const folders = await shardsOf(count, options);
    const before = folders.map((folder) => read(runFiles(folder).samples));
    const merged = await mergeRuns([...folders].reverse(), { out: path.join(home, 'merged') });
    expect(read(runFiles(merged.folder).samples)).toBe(read(runFiles(whole).samples));
    const metricsOf = (folder: string) => ({ ...JSON.parse(read(runFiles(folder).metrics)), run: '' });
    expect(metricsOf(merged.folder)).toEqual(metricsOf(whole));
    const recordOf = (folder: string) => JSON.parse(read(runFiles(folder).record));
    expect(recordOf(merged.folder).fingerprint).toBe(recordOf(whole).fingerprint);
    expect(recordOf(merged.folder).merged_from).toHaveLength(count);
    expect(folders.map((folder) => read(runFiles(folder).samples))).toEqual(before);
    // Equal work: no shard has more than a question over its share of a suite, times the suites.
    const sizes = before.map((text) => text.split('\n').length - 1);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(Math.ceil(total / count) + 4 * options.suite.split(',').length);
  });

  test('a subject stays in one shard unless it is larger than a share', async () => {
    const folders = await shardsOf(3);
    const home = new Map<string, number>();
    folders.forEach((folder, shard) => {
      for (const line of read(runFiles(folder).samples).trimEnd().split('\n')) {
        const { group } = JSON.parse(line) as { group: string };
        expect(home.get(group) ?? shard).toBe(shard);
        home.set(group, shard);
      }
    });
    expect(home.size).toBe(subjects.length);
  });

  test('all answers to a question stay in one shard', async () => {
    const folders = await shardsOf(7, { suite: 'math500' });
    const home = new Map<string, number>();
    folders.forEach((folder, shard) => {
      for (const line of read(runFiles(folder).samples).trimEnd().split('\n')) {
        const { id } = JSON.parse(line) as { id: string };
        expect(home.get(id) ?? shard).toBe(shard);
        home.set(id, shard);
      }
    });
  });
});

describe('what cannot be merged', () => {
  test.each<[string, (folders: string[]) => string[] | Promise<string[]>, RegExp]>([
    ['a missing shard', (folders) => folders.slice(1), /Of 3 shards 1 are missing/],
    ['a shard named twice', (folders) => [...folders, folders[0] ?? ''], /are both shard 1\/3/],
    [
      'a shard of another division',
      async (folders) => [...folders.slice(1), await runShard({ shard: '1/2' })],
      /is shard 2\/3, others are of 2/,
    ],
    [
      'a shard of a run with another seed',
      async (folders) => [...folders.slice(0, 2), await runShard({ shard: '3/3', seed: 7 })],
      /not shards of the same run \(seed: 0 -> 7\)/,
    ],
    ['a whole run', async (folders) => [...folders, await runShard({})], /is a whole run/],
    [
      'a shard that lost a line',
      (folders) => {
        const { samples } = runFiles(folders[1] ?? '');
        truncateSync(samples, read(samples).lastIndexOf('\n', read(samples).length - 2) + 1);
        return folders;
      },
      /of its \d+ samples of mmlu.*--resume/,
    ],
    [
      'shards that hold the same samples',
      (folders) => {
        const [first, second] = folders.map((folder) => JSON.parse(read(runFiles(folder).record)));
        const places = { ...second, shard: { ...second.shard, places: first.shard.places } };
        writeFileSync(runFiles(folders[1] ?? '').record, JSON.stringify(places));
        return folders;
      },
      /has a sample of mmlu that another shard has as well/,
    ],
    [
      'a shard that has not ended',
      (folders) => {
        rmSync(runFiles(folders[1] ?? '').metrics);
        return folders;
      },
      /is not finished.*--resume/,
    ],
    [
      'a record that was changed',
      (folders) => {
        const { record } = runFiles(folders[1] ?? '');
        writeFileSync(record, read(record).replace('"seed": 0', '"seed": 1'));
        return folders;
      },
      /was changed after the run began/,
    ],
  ])('%s', async (_name, change, message) => {
    const at = mkdtempSync(path.join(home, 'refused-'));
    const folders = (await shardsOf(3)).map((folder, i) => {
      const copy = path.join(at, `shard-${i + 1}`);
      cpSync(folder, copy, { recursive: true });
      return copy;
    });
    await expect(mergeRuns(await change(folders), { out: path.join(at, 'out') })).rejects.toThrow(message);
  });

  test('more shards than questions', async () => {
    await expect(runShard({ shard: '25/25' })).rejects.toThrow(/has no samples.*at most 24 shards/);
  });
});

describe('a share', () => {
  /** Groups of these sizes, one after the other. */
  const planned = (suite: string, sizes: readonly number[]): PlannedSuite => {
    const samples = sizes.flatMap((size, group) =>
      Array.from({ length: size }, (_, row) => {
        const id = `${suite}/${group}/${row}`;
        const request = { id, context: [1], continuations: [[2]] };
        return { id, suite, group: `${group}`, repeat: 0, target: 'A', labels: ['A'], promptSha256: '', request };
      }),
    );
    return { kind: 'choice', record: suiteRecord({ suite }), samples };
  };

  test('is equal in every suite, though another suite could not be divided equally', () => {
    const plan = [planned('few', [3, 3, 3]), planned('many', [1, 1, 1, 1])];
    const sizes = [1, 2].map((index) => shareOf(plan, { index, count: 2 }).suites.map(({ samples }) => samples.length));
    expect(sizes).toEqual([
      [6, 2],
      [3, 2],
    ]);
  });
});

describe('--shard', () => {
  test.each<[string, NodeJS.ProcessEnv, string]>([
    ['3/8', {}, '3/8'],
    ['auto', { SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_TASK_COUNT: '8', SLURM_ARRAY_TASK_MIN: '0' }, '1/8'],
    ['auto', { SLURM_ARRAY_TASK_ID: '8', SLURM_ARRAY_TASK_COUNT: '8', SLURM_ARRAY_TASK_MIN: '1' }, '8/8'],
    [
      'auto',
      {
        SLURM_ARRAY_TASK_ID: '14',
        SLURM_ARRAY_TASK_COUNT: '4',
        SLURM_ARRAY_TASK_MIN: '10',
        SLURM_ARRAY_TASK_STEP: '2',
      },
      '3/4',
    ],
    ['auto/8', { JOB_COMPLETION_INDEX: '7' }, '8/8'],
  ])('%s with %j is share %s', (text, env, expected) => {
    expect(renderShard(parseShard(text, env))).toBe(expected);
  });

  test.each<[string, NodeJS.ProcessEnv]>([
    ['0/8', {}],
    ['9/8', {}],
    ['1', {}],
    ['1/0', {}],
    ['-1/2', {}],
    ['1/8x', {}],
    ['', {}],
    ['auto', {}],
    ['auto', { JOB_COMPLETION_INDEX: '1' }],
    ['auto/4', { JOB_COMPLETION_INDEX: '4' }],
    ['auto', { SLURM_ARRAY_TASK_ID: '3', SLURM_ARRAY_TASK_COUNT: '4', SLURM_ARRAY_TASK_STEP: '2' }],
  ])('%j with %j is refused', (text, env) => {
    expect(() => parseShard(text, env)).toThrow(/names no share/);
  });
});
