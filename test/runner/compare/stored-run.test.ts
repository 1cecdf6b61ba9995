/** Run folders that are damaged, hostile or strange: clear words, and nothing is written. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { compareRuns } from '../../../runner/compare/compare-runs.js';
import { temporaryFolders } from '../../datasets/temporary-folder.js';
import { baseline, comparer, only, thrownBy } from './two-runs.js';
import { choiceLines, plainSuite, writeRun } from './write-run.js';

const newFolder = temporaryFolders();
const compare = comparer(newFolder);

test('a shard of a run is refused, with how to make the whole', async () => {
  const folder = newFolder();
  const shard = { index: 1, count: 4, places: {}, suites: [plainSuite({ n: 8 })] };
  const part = writeRun(folder, { record: { suites: [plainSuite({ n: 2 })], shard }, lines: [] });
  const error = await thrownBy(compareRuns(part, part));
  expect(error.code).toBe('run/shard');
  expect(error.message).toMatch(/is shard 1\/4 of a run.*evalrun merge/);
});

describe('folders in any state', () => {
  function twoRuns(): { a: string; b: string; file: (name: string) => string } {
    const folder = newFolder();
    const [a, b] = [writeRun(path.join(folder, 'a'), baseline), writeRun(path.join(folder, 'b'), baseline)];
    return { a, b, file: (name) => path.join(b, name) };
  }
  const damage: [name: string, hurt: (file: (name: string) => string) => void, code: string, said: RegExp][] = [
    ['no run.json', (file) => rmSync(file('run.json')), 'run/not-found', /There is no run at/],
    [
      'a torn run.json',
      (file) => truncateSync(file('run.json'), 100),
      'run/record',
      /is damaged or comes from another version/,
    ],
    [
      'an older schema',
      (file) => writeFileSync(file('run.json'), '{"schema":0}'),
      'run/record',
      /run record of schema 1, found "schema"/,
    ],
    [
      'a changed run.json',
      (file) => writeFileSync(file('run.json'), readFileSync(file('run.json'), 'utf8').replace('"seed":0', '"seed":1')),
      'run/record',
      /was changed after the run began/,
    ],
    [
      'damage in the middle',
      (file) => writeFileSync(file('samples.jsonl'), `nonsense\n${readFileSync(file('samples.jsonl'), 'utf8')}`),
      'run/samples',
      /Line 1 of .*not JSON/,
    ],
    [
      'two results for a sample',
      (file) => appendFileSync(file('samples.jsonl'), `${JSON.stringify({ ...choiceLines(1, () => false)[0] })}\n`),
      'run/samples',
      /a second result for mmlu\/anatomy\/0/,
    ],
    [
      'a sample of another suite',
      (file) =>
        appendFileSync(
          file('samples.jsonl'),
          `${JSON.stringify({ ...choiceLines(1, () => false)[0], suite: '__proto__' })}\n`,
        ),
      'run/samples',
      /suite "__proto__", which run.json does not have/,
    ],
    [
      'a folder for samples.jsonl',
      (file) => {
        rmSync(file('samples.jsonl'));
        mkdirSync(file('samples.jsonl'));
      },
      'run/read',
      /Expected a regular file, found a folder, a pipe or a device/,
    ],
    [
      'a pipe for run.json',
      (file) => {
        rmSync(file('run.json'));
        execFileSync('mkfifo', [file('run.json')]);
      },
      'run/read',
      /a folder, a pipe or a device/,
    ],
    [
      'a pipe for telemetry.jsonl',
      (file) => {
        rmSync(file('telemetry.jsonl'));
        execFileSync('mkfifo', [file('telemetry.jsonl')]);
      },
      'run/read',
      /telemetry\.jsonl/,
    ],
    [
      'a line without end',
      (file) => writeFileSync(file('samples.jsonl'), Buffer.alloc(70 * 2 ** 20, 97)),
      'run/read',
      /Line 1 of .* is longer than any line of a run/,
    ],
  ];
  test.each(damage)('%s is said', async (_, hurt, code, said) => {
    const { a, b, file } = twoRuns();
    hurt(file);
    const error = await thrownBy(compareRuns(a, b));
    expect(error).toMatchObject({ code, exitCode: 3 });
    expect(error.message).toMatch(said);
  });

  test('a torn last line is a missing sample', async () => {
    const { a, b, file } = twoRuns();
    truncateSync(file('samples.jsonl'), statSync(file('samples.jsonl')).size - 30);
    expect(only(await compareRuns(a, b))).toMatchObject({ reason: 'incomplete', defects: { missing: 1 } });
  });

  test('nothing in them is changed, not even a time', async () => {
    const { a, b } = twoRuns();
    const state = () =>
      [a, b].flatMap((folder) =>
        readdirSync(folder).map((name) => {
          const file = path.join(folder, name);
          return [file, createHash('sha256').update(readFileSync(file)).digest('hex'), statSync(file).mtimeMs];
        }),
      );
    const before = state();
    await compareRuns(a, b, { aa: a });
    expect(state()).toEqual(before);
  });

  test('names like those of prototypes are names', async () => {
    const odd = ['__proto__', 'constructor'];
    const record = { suites: odd.map((suite) => plainSuite({ n: 2, suite, groups: { toString: 2 } })) };
    const lines = odd.flatMap((suite) => choiceLines(2, () => true, { suite, group: 'toString' }));
    const comparison = await compare({ record, lines }, { record, lines });
    expect(Object.keys(comparison.suites)).toEqual(odd);
    expect(comparison.suites[odd[1] ?? '']?.groups.toString).toMatchObject({ n: 2 });
  });
});
