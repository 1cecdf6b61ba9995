import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadRunReport } from '../../runner/read-run.js';
import type { SampleLine } from '../../runner/sample-line.js';
import { engineLine, expertsLine, writeRun } from '../reports/made-run.js';
import { sampleLine, suiteRecord } from './run-fixture.js';

const lines: SampleLine[] = [0, 1, 2, 3].map((row) => {
  const isRight = row !== 3;
  return sampleLine({
    id: `mmlu/anatomy/${row}`,
    group: 'anatomy',
    ...(!isRight && { status: 'wrong', answer: 'B', score: 0 }),
  });
});
const record = { suites: [suiteRecord({ groups: { anatomy: 4 }, categories: {} })] };

let home: string;
let made = 0;
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-read-'));
});
afterAll(() => rmSync(home, { recursive: true }));

function makeRun(telemetry: readonly object[] = []): string {
  made += 1;
  return writeRun(path.join(home, `run-${made}`), { record, lines, telemetry });
}

describe('loadRunReport', () => {
  test('reads a finished run, and computes its scores from the samples', async () => {
    const run = await loadRunReport(makeRun([engineLine(1)]));
    expect(run).toMatchObject({ missing: 0, remarks: [], lines: { length: 4 } });
    expect(run.metrics.suites.mmlu?.accuracy).toBe(0.75);
    expect(run.record.model.name).toBe('nano');
  });

  test('changes nothing in the folder, not even a time', async () => {
    const folder = makeRun([engineLine(1)]);
    appendFileSync(path.join(folder, 'samples.jsonl'), '{"id":"torn');
    const picture = () =>
      readdirSync(folder).map((name) => {
        const file = path.join(folder, name);
        return [name, statSync(file).mtimeMs, readFileSync(file, 'utf8')];
      });
    const before = picture();
    await loadRunReport(folder);
    expect(picture()).toEqual(before);
  });

  test('counts what a stopped run has not answered, and leaves a torn line out', async () => {
    const folder = makeRun();
    const file = path.join(folder, 'samples.jsonl');
    truncateSync(file, readFileSync(file, 'utf8').length - 10);
    rmSync(path.join(folder, 'metrics.json'));
    const run = await loadRunReport(folder);
    expect(run.lines).toHaveLength(3);
    expect(run.missing).toBe(1);
    expect(run.remarks).toEqual(['torn-samples']);
    expect(run.metrics.suites.mmlu).toMatchObject({ accuracy: 0.75, missing: 1 });
  });

  test('reads a run that was stopped before its first sample', async () => {
    const folder = makeRun();
    for (const name of ['samples.jsonl', 'metrics.json', 'telemetry.jsonl']) rmSync(path.join(folder, name));
    expect(await loadRunReport(folder)).toMatchObject({ lines: [], missing: 4, telemetry: null, remarks: [] });
  });

  test('says when run.json was changed, or metrics.json says something else', async () => {
    const folder = makeRun();
    const file = path.join(folder, 'run.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"seed": 0', '"seed": 1'));
    const metrics = path.join(folder, 'metrics.json');
    writeFileSync(metrics, readFileSync(metrics, 'utf8').replace('"accuracy": 0.75', '"accuracy": 0.76'));
    expect((await loadRunReport(folder)).remarks).toEqual(['record-changed', 'metrics-differ']);
    writeFileSync(metrics, 'null');
    expect((await loadRunReport(folder)).remarks).toEqual(['record-changed', 'metrics-differ']);
  });

  test('takes metrics.json of a version that wrote fewer or other fields', async () => {
    const folder = makeRun();
    const file = path.join(folder, 'metrics.json');
    const metrics = JSON.parse(readFileSync(file, 'utf8')) as { suites: { mmlu: Record<string, unknown> } };
    delete metrics.suites.mmlu.interval;
    metrics.suites.mmlu.something = 'new';
    writeFileSync(file, JSON.stringify(metrics));
    expect((await loadRunReport(folder)).remarks).toEqual([]);
  });

  const refused: [name: string, spoil: (folder: string) => void, message: RegExp][] = [
    [
      'a folder that is no run',
      (folder) => rmSync(path.join(folder, 'run.json')),
      /There is no run at .*Give the folder of a run/,
    ],
    [
      'a run of another schema',
      (folder) => writeFileSync(path.join(folder, 'run.json'), '{"schema": 7}'),
      /comes from another version of evalrun.*schema 1.*use the version of evalrun that wrote it/,
    ],
    ['a half-written record', (folder) => truncateSync(path.join(folder, 'run.json'), 100), /is damaged.*not JSON/],
    [
      'damage within the samples',
      (folder) => writeFileSync(path.join(folder, 'samples.jsonl'), 'nonsense\n{}\n'),
      /Line 1 of .*samples\.jsonl is damaged.*not JSON/,
    ],
    [
      'a folder where samples should be',
      (folder) => {
        rmSync(path.join(folder, 'samples.jsonl'));
        mkdirSync(path.join(folder, 'samples.jsonl'));
      },
      /samples\.jsonl cannot be read as a part of a run.*a regular file.*a folder/,
    ],
    [
      'samples of more than two gigabytes',
      (folder) => truncateSync(path.join(folder, 'samples.jsonl'), 2 ** 31),
      /samples\.jsonl is too large for one report\. Expected less than 2 GiB, found 2\.0 GiB/,
    ],
  ];
  test.each(refused)('refuses %s, and says what to do', async (_, spoil, message) => {
    const folder = makeRun();
    spoil(folder);
    await expect(loadRunReport(folder)).rejects.toMatchObject({
      name: 'EvalrunError',
      message: expect.stringMatching(message),
    });
  });
});

describe('telemetry', () => {
  test('goes on counting where a resumed run began again at zero', async () => {
    const sample = (seconds: number, id: string) => ({
      type: 'sample',
      seconds,
      id,
      prompt_tokens: 9,
      shared_tokens: 4,
    });
    const { telemetry } = await loadRunReport(
      makeRun([
        engineLine(1),
        engineLine(2.5),
        sample(2.6, 'mmlu/anatomy/0'),
        engineLine(1),
        engineLine(2),
        sample(2.2, 'mmlu/anatomy/1'),
      ]),
    );
    expect(telemetry?.intervals.map(({ seconds }) => Number(seconds.toFixed(3)))).toEqual([1, 2.5, 3.6, 4.6]);
    expect(telemetry?.intervals.map(({ duration }) => Number(duration.toFixed(3)))).toEqual([1, 1.5, 1, 1]);
    expect(telemetry?.seconds).toBeCloseTo(4.8, 9);
    expect(telemetry?.samples.get('mmlu/anatomy/1')).toEqual({
      promptTokens: 9,
      sharedTokens: 4,
      completionTokens: 0,
      sandbox: null,
    });
  });

  test('adds up the expert loads of a subject', async () => {
    const { telemetry } = await loadRunReport(
      makeRun([expertsLine('anatomy'), expertsLine('anatomy'), expertsLine('virology')]),
    );
    expect(telemetry?.experts.map(({ group, tokens }) => [group, tokens])).toEqual([
      ['anatomy', 2000],
      ['virology', 1000],
    ]);
    expect(telemetry?.experts[0]?.counts[1]?.[1]).toBe(1400);
  });

  test('leaves out and counts what it cannot read, but not lines that others read', async () => {
    const folder = makeRun([
      engineLine(1),
      { type: 'routing', id: 'x', experts: [[1]] },
      { type: 'engine', seconds: 'now' },
      { type: 'unheard of' },
    ]);
    appendFileSync(path.join(folder, 'telemetry.jsonl'), '[1]\nnull\n\n{"type":"engi');
    const { telemetry, remarks } = await loadRunReport(folder);
    expect(telemetry?.intervals).toHaveLength(1);
    expect(telemetry?.unreadableLines).toBe(5);
    expect(remarks).toEqual(['damaged-telemetry']);
  });

  test('a line separator of Unicode in what a program said ends no line', async () => {
    const sandbox = { status: 'failed', detail: 'before\u2028behind\u2029end' };
    const sample = { type: 'sample', seconds: 2, id: 'humaneval/1', prompt_tokens: 5, shared_tokens: 0, sandbox };
    const { telemetry, remarks } = await loadRunReport(makeRun([engineLine(1), sample]));
    expect(telemetry?.samples.get('humaneval/1')?.sandbox).toEqual(sandbox);
    expect(remarks).toEqual([]);
  });

  test('a layer without counts is no load', async () => {
    const { telemetry } = await loadRunReport(makeRun([{ ...expertsLine('anatomy'), layers: [1] }]));
    expect(telemetry).toMatchObject({ experts: [], unreadableLines: 1 });
  });

  test('has energy only where it was recorded', async () => {
    const { telemetry } = await loadRunReport(makeRun([engineLine(1, { energy_joules: 12.5 }), engineLine(2)]));
    expect(telemetry?.intervals.map(({ energyJoules }) => energyJoules)).toEqual([12.5, null]);
  });
});
