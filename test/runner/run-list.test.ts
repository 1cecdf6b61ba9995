import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findRun, listRuns } from '../../runner/run-list.js';
import { storeRun, temporaryRuns } from './stored-runs.js';

let folder: string;
beforeEach(() => {
  folder = temporaryRuns();
});
afterEach(() => rmSync(folder, { recursive: true }));

const right = [true, false, true, true];
const namesOf = async () => (await listRuns(folder)).runs.map(({ name }) => name);

describe('listRuns', () => {
  test('finds runs in folders of folders, oldest first, and one run when the folder is one', async () => {
    storeRun(path.join(folder, 'nightly'), { name: 'run-002', right });
    const first = storeRun(folder, { name: 'run-001', right });
    storeRun(path.join(folder, '.hidden'), { name: 'run-003', right });
    expect(await namesOf()).toEqual(['run-001', 'nightly/run-002']);
    expect((await listRuns(first)).runs).toMatchObject([{ name: 'run-001', folder: first }]);
  });

  test('tells complete, incomplete, invalid and running runs apart', async () => {
    storeRun(folder, { name: 'run-1', right });
    storeRun(folder, { name: 'run-2', right, stopAfter: 2 });
    const invalid = storeRun(folder, { name: 'run-3', right });
    const metrics = path.join(invalid, 'metrics.json');
    const stored = JSON.parse(readFileSync(metrics, 'utf8'));
    stored.suites.mmlu.invalid = 'every answer was cut off';
    writeFileSync(metrics, JSON.stringify(stored));
    const running = storeRun(folder, { name: 'run-4', right, stopAfter: 3 });
    writeFileSync(path.join(running, 'lock'), JSON.stringify({ pid: 1, host: `not-${hostname()}`, start: null }));
    const dead = storeRun(folder, { name: 'run-5', right, stopAfter: 3 });
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(path.join(dead, 'lock'), JSON.stringify({ pid, host: hostname(), start: null }));
    expect((await listRuns(folder)).runs.map(({ status }) => status)).toEqual([
      'complete',
      'incomplete',
      'invalid',
      'running',
      'incomplete',
    ]);
  });

  test.each([
    ['text that is no JSON', '{', /not JSON/],
    ['nothing', '', /not JSON/],
    ['another schema', '{"schema":99}', /another version/],
  ])('leaves a run.json with %s out and says why', async (_, text, reason) => {
    const broken = storeRun(folder, { name: 'run-1', right });
    writeFileSync(path.join(broken, 'run.json'), text);
    storeRun(folder, { name: 'run-2', right });
    const { runs, skipped } = await listRuns(folder);
    expect(runs.map(({ name }) => name)).toEqual(['run-2']);
    expect(skipped).toEqual([{ name: 'run-1', reason: expect.stringMatching(reason) }]);
  });

  test('takes the metrics of another run, or of another version, for none', async () => {
    const [one, two] = ['run-1', 'run-2'].map((name) => storeRun(folder, { name, right }));
    copyFileSync(path.join(String(one), 'metrics.json'), path.join(String(two), 'metrics.json'));
    writeFileSync(path.join(String(one), 'metrics.json'), '{"schema":2}');
    const { runs } = await listRuns(folder);
    expect(runs.map(({ status, metrics }) => [status, metrics])).toEqual([
      ['incomplete', null],
      ['incomplete', null],
    ]);
  });

  test('follows no symbolic link, and says so of those that lead out', async () => {
    const outside = temporaryRuns();
    try {
      storeRun(outside, { name: 'run-9', right });
      storeRun(folder, { name: 'run-1', right });
      symlinkSync(path.join(outside, 'run-9'), path.join(folder, 'out'));
      symlinkSync(path.join(folder, 'run-1'), path.join(folder, 'latest'));
      symlinkSync('nowhere', path.join(folder, 'dangling'));
      mkdirSync(path.join(folder, 'run-2'));
      symlinkSync(path.join(outside, 'run-9', 'run.json'), path.join(folder, 'run-2', 'run.json'));
      const { runs, skipped } = await listRuns(folder);
      expect(runs.map(({ name }) => name)).toEqual(['run-1']);
      expect(skipped.map(({ name }) => name)).toEqual(['dangling', 'out', 'run-2/run.json']);
      expect(await findRun(folder, 'out')).toBeUndefined();
      expect(await findRun(folder, 'latest')).toBeUndefined();
    } finally {
      rmSync(outside, { recursive: true });
    }
  });

  test('does not wait at named pipes', async () => {
    const run = storeRun(folder, { name: 'run-1', right });
    rmSync(path.join(run, 'metrics.json'));
    spawnSync('mkfifo', [path.join(run, 'metrics.json'), path.join(run, 'lock')]);
    expect((await listRuns(folder)).runs).toMatchObject([{ name: 'run-1', status: 'incomplete' }]);
  }, 10_000);

  test('reads names with quotes, line breaks and brackets', async () => {
    const names = ["it's", 'two\nlines', '[a]*?', '中文 空格'];
    for (const name of names) storeRun(folder, { name, right });
    expect((await namesOf()).sort()).toEqual(names.sort());
    for (const name of names) expect(await findRun(folder, name)).toMatchObject({ name });
  });

  test('reads again only what changed', async () => {
    const run = storeRun(folder, { name: 'run-1', right });
    const known = new Map();
    const first = (await listRuns(folder, known)).runs[0];
    expect((await listRuns(folder, known)).runs[0]?.record).toBe(first?.record);
    rmSync(path.join(run, 'metrics.json'));
    expect((await listRuns(folder, known)).runs[0]).toMatchObject({ status: 'incomplete' });
    renameSync(run, path.join(folder, 'run-7'));
    expect((await listRuns(folder, known)).runs.map(({ name }) => name)).toEqual(['run-7']);
  });

  test.each(['nowhere', 'a-file'])('throws run/not-found for %s', async (name) => {
    writeFileSync(path.join(folder, 'a-file'), '');
    await expect(listRuns(path.join(folder, name))).rejects.toMatchObject({ code: 'run/not-found' });
  });
});

describe('findRun', () => {
  test.each([
    '',
    '.',
    '..',
    '../x',
    'run-1/..',
    './run-1',
    '/etc',
    'run-1/',
    'a\0b',
    '.git',
    'run-1/../run-1',
    'a/b/c/d/e',
  ])('finds nothing for %j', async (name) => {
    storeRun(folder, { name: 'run-1', right });
    expect(await findRun(folder, name)).toBeUndefined();
  });
});
