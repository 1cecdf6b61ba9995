import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rescoreRun } from '../../runner/rescore.js';
import type { RunRecord } from '../../runner/run-record.js';
import { type RunSuiteOptions, runSuite } from '../../runner/run-suite.js';
import type { RunMetrics } from '../../runner/run-summary.js';
import type { SampleLine } from '../../runner/sample-line.js';
import { fakeEngine, fakeInfo } from './fake-engine.js';
import { writeTinyDatasets } from './tiny-dataset.js';

let home: string;
let dataDir: string;
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-run-'));
  dataDir = writeTinyDatasets(path.join(home, 'data'), 10, ['mmlu', 'ceval', 'cmmlu']);
});
afterAll(() => rmSync(home, { recursive: true }));

const subjects = ['abstract_algebra', 'anatomy', 'marketing'];
const start = (options: Partial<RunSuiteOptions> = {}) =>
  runSuite({
    engine: fakeEngine(),
    suite: 'mmlu',
    subjects,
    dataDir,
    allowModifiedData: true,
    out: path.join(home, 'runs'),
    ...options,
  });
const resume = (folder: string, options: Partial<RunSuiteOptions> = {}) =>
  runSuite({ engine: fakeEngine(), resume: folder, ...options });

const read = (folder: string, name: string) => readFileSync(path.join(folder, name), 'utf8');
const jsonLines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** metrics.json names its run; the rest must be the same. */
function results(folder: string): { samples: string; metrics: RunMetrics } {
  const metrics = JSON.parse(read(folder, 'metrics.json')) as RunMetrics;
  return { samples: read(folder, 'samples.jsonl'), metrics: { ...metrics, run: '' } };
}

/** A run that stopped after `failAfter` samples; its folder. */
async function stoppedRun(failAfter = 13): Promise<string> {
  let folder = '';
  const onStart: RunSuiteOptions['onStart'] = (started) => {
    folder = started.folder;
  };
  await expect(start({ engine: fakeEngine({ failAfter }), onStart })).rejects.toThrow('the fake engine broke');
  return folder;
}

describe('a run', () => {
  test('leaves exactly the files of a run folder, samples in plan order', async () => {
    const { folder, metrics } = await start({ engine: fakeEngine({ reverse: true, batch: 7 }) });
    expect(readdirSync(folder).sort()).toEqual(['metrics.json', 'run.json', 'samples.jsonl', 'telemetry.jsonl']);
    const lines = jsonLines(read(folder, 'samples.jsonl')) as SampleLine[];
    const planned = subjects.flatMap((subject) => Array.from({ length: 10 }, (_, row) => `mmlu/${subject}/${row}`));
    expect(lines.map((line) => line.id)).toEqual(planned);
    expect(metrics.suites.mmlu?.n).toBe(30);
    const correct = lines.filter((line) => line.answer === line.target).length;
    expect(metrics.suites.mmlu?.accuracy).toBe(correct / 30);
    expect(JSON.parse(read(folder, 'metrics.json'))).toEqual(metrics);
  });

  test('is the same bytes whatever the batch size and the order of results', async () => {
    const [a, b, c] = await Promise.all([
      start({ engine: fakeEngine({ batch: 1 }) }),
      start({ engine: fakeEngine({ batch: 100, reverse: true }) }),
      start({ engine: fakeEngine({ batch: 7, info: { threads: 9 } }), engineOptions: { threads: 9, batchTokens: 64 } }),
    ]);
    expect(results(b.folder)).toEqual(results(a.folder));
    expect(results(c.folder)).toEqual(results(a.folder));
  });

  test('records what determines it', async () => {
    const { folder } = await start({ limit: 12, seed: 7, shots: 2, command: ['evalrun', '--suite', 'mmlu'] });
    const record = JSON.parse(read(folder, 'run.json')) as RunRecord;
    expect(record.settings).toMatchObject({ suites: ['mmlu'], limit: 12, seed: 7, shots: 2, subjects, data: dataDir });
    expect(record.model.weight_fingerprint).toBe(fakeInfo.weightFingerprint);
    expect(record.engine.kernels).toEqual(fakeInfo.kernels);
    const [suite] = record.suites;
    expect(suite?.few_shot_ids.anatomy).toEqual(['mmlu/anatomy/dev/0', 'mmlu/anatomy/dev/1']);
    expect(suite?.datasets[0]?.files.map((file) => file.path)).toContain('mmlu/test/anatomy_test.csv');
    expect(Object.values(suite?.groups ?? {}).reduce((sum, n) => sum + n)).toBe(12);
  });

  test('keeps times and shared tokens in telemetry only', async () => {
    const { folder } = await start();
    const telemetry = jsonLines(read(folder, 'telemetry.jsonl'));
    const samples = telemetry.filter((entry) => entry.type === 'sample');
    expect(samples).toHaveLength(30);
    expect(samples.some((entry) => entry.shared_tokens > 0)).toBe(true);
    const engine = telemetry.find((entry) => entry.type === 'engine');
    expect(engine).toMatchObject({ weight_bytes: 1, kv_pages_total: 2, sequences_per_step: 7.5 });
    expect(read(folder, 'samples.jsonl')).not.toMatch(/second|shared/);
  });

  test('runs a suite that two names stand for once, says so, and measures the gaps between languages', async () => {
    const notices: string[] = [];
    const { metrics } = await runSuite({
      engine: fakeEngine({ write: () => ({ text: 'so \\boxed{24}' }) }),
      suite: ['mmlu', 'bilingual'],
      dataDir: 'embedded',
      limit: 6,
      out: path.join(home, 'runs'),
      onNotice: (line) => notices.push(line),
    });
    expect(Object.keys(metrics.suites)).toEqual(['mmlu', 'ceval', 'cmmlu', 'mgsm', 'cmath']);
    expect(notices).toContain('mmlu is part of bilingual and is run once');
    expect(metrics.language_gap).not.toBeNull();
    expect(metrics.paired_language_gap).toMatchObject({ suite: 'mgsm', pairs: 3, difference: 0 });
  });

  test('names a NaN as an engine error, counts it as not correct, and goes on', async () => {
    const engine = fakeEngine({ nanFor: (id) => id === 'mmlu/anatomy/3' });
    const { folder, metrics } = await start({ engine });
    expect(metrics.suites.mmlu?.statuses.engine_error).toBe(1);
    expect(metrics.suites.mmlu?.n).toBe(30);
    const line = jsonLines(read(folder, 'samples.jsonl')).find(({ id }) => id === 'mmlu/anatomy/3');
    expect(line).toMatchObject({ status: 'engine_error', answer: null, error: 'log-probability of A is NaN' });
  });

  test('measures its prompts as a prefix tree', async () => {
    const { record } = await start();
    const tokens = record.suites[0]?.prompt_tokens;
    expect(tokens?.shared).toBe((tokens?.asked ?? 0) - (tokens?.computed ?? 0));
    // 5 shots before each of 10 questions per subject: most of a prompt is shared.
    expect((tokens?.asked ?? 0) / (tokens?.computed ?? 1)).toBeGreaterThan(4);
  });
});

describe('an engine that breaks its contract', () => {
  test.each([
    ['leaves results out', (ids: string[]) => ids.slice(1)],
    ['gives a result twice', (ids: string[]) => [...ids, ids[0] ?? '']],
    ['gives results nobody asked for', (ids: string[]) => [...ids, 'mmlu/x/0']],
  ])('and %s is an internal error', async (_, change) => {
    const engine = fakeEngine();
    engine.score = async function* (requests) {
      for (const id of change(requests.map((request) => request.id))) {
        yield { id, logProbs: [-1, -2, -3, -4], promptTokens: 1, sharedTokens: 0 };
      }
    };
    await expect(start({ engine })).rejects.toMatchObject({ code: 'internal/engine-results', exitCode: 4 });
  });
});

describe('a run that stopped', () => {
  test('keeps what was finished, and its resumption equals an uninterrupted run', async () => {
    const folder = await stoppedRun();
    expect(jsonLines(read(folder, 'samples.jsonl'))).toHaveLength(13);
    expect(readdirSync(folder)).not.toContain('lock');
    const asked: string[] = [];
    await resume(folder, {
      engine: fakeEngine({ onScore: (requests) => asked.push(...requests.map(({ id }) => id)) }),
    });
    expect(asked).toHaveLength(17);
    expect(results(folder)).toEqual(results((await start()).folder));
  });

  test('is resumed after a torn line', async () => {
    const folder = await stoppedRun();
    appendFileSync(path.join(folder, 'samples.jsonl'), '{"id":"mmlu/marketing/9","suite":"mm');
    await resume(folder);
    expect(results(folder)).toEqual(results((await start()).folder));
  });

  test('by an abort signal says so and can be resumed', async () => {
    const controller = new AbortController();
    let folder = '';
    const interrupted = start({
      signal: controller.signal,
      onStart: (started) => {
        folder = started.folder;
      },
      onProgress: ({ done }) => {
        if (done === 10) controller.abort();
      },
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'run/interrupted' });
    const done = jsonLines(read(folder, 'samples.jsonl')).length;
    expect(done).toBeGreaterThanOrEqual(10);
    expect(done).toBeLessThan(30);
    await resume(folder);
    expect(results(folder)).toEqual(results((await start()).folder));
  });

  const changes: [what: string, options: Partial<RunSuiteOptions>, message: RegExp][] = [
    ['the dtype', { engine: fakeEngine({ info: { dtype: 'bf16' } }) }, /dtype: f32 -> bf16/],
    [
      'the weights',
      { engine: fakeEngine({ info: { weightFingerprint: 'b'.repeat(64) } }) },
      /model weights: a{12} -> b{12}/,
    ],
    ['the shots', { shots: 1 }, /mmlu shots: 5 -> 1/],
    ['the protocol', { protocol: 'lm-eval' }, /mmlu protocol: official -> lm-eval/],
    ['the seed and the limit', { seed: 3, limit: 4 }, /seed: 0 -> 3; limit: none -> 4/],
    ['the suite', { suite: 'ceval', subjects: ['accountant'] }, /suites: mmlu -> ceval/],
  ];
  test.each(changes)('is not resumed when %s differ, and the difference is named', async (_, options, message) => {
    const folder = await stoppedRun();
    const before = read(folder, 'samples.jsonl');
    await expect(resume(folder, options)).rejects.toMatchObject({
      code: 'run/settings-differ',
      exitCode: 3,
      message: expect.stringMatching(message),
    });
    expect(read(folder, 'samples.jsonl')).toBe(before);
    expect(readdirSync(folder)).not.toContain('lock');
  });

  test('is not resumed when a data file has changed', async () => {
    const own = writeTinyDatasets(path.join(home, 'changing'), 10);
    const { folder } = await start({ dataDir: own });
    appendFileSync(path.join(own, 'mmlu', 'test', 'anatomy_test.csv'), 'new,one,two,three,four,A\n');
    await expect(resume(folder)).rejects.toThrow(
      /mmlu file mmlu\/test\/anatomy_test.csv: [0-9a-f]{12} -> [0-9a-f]{12}/,
    );
  });

  test('is not resumed when somebody edited run.json', async () => {
    const folder = await stoppedRun();
    const record = JSON.parse(read(folder, 'run.json')) as RunRecord;
    writeFileSync(
      path.join(folder, 'run.json'),
      JSON.stringify({ ...record, engine: { ...record.engine, dtype: 'bf16' } }),
    );
    await expect(resume(folder)).rejects.toThrow(/changed after the run began/);
  });

  test.each([
    ['a folder without a run', '', /There is no run at/],
    ['an unreadable record', '{', /not JSON/],
    ['a record with a hole', '{"schema":1}', /"id"/],
    ['a record of the future', '{"schema":2}', /schema/],
  ])('is not resumed from %s', async (_, text, message) => {
    const folder = mkdtempSync(path.join(home, 'broken-'));
    if (text !== '') writeFileSync(path.join(folder, 'run.json'), text);
    await expect(resume(folder)).rejects.toThrow(message);
  });

  test('can be scored as far as it came, and missing samples count', async () => {
    const folder = await stoppedRun();
    const { metrics } = await rescoreRun(folder);
    expect(metrics.suites.mmlu).toMatchObject({ n: 30, missing: 17 });
  });
});

describe('a finished run', () => {
  test('resumed again computes nothing and stays the same', async () => {
    const { folder } = await start();
    const before = results(folder);
    const asked: string[] = [];
    const { work } = await resume(folder, { engine: fakeEngine({ onScore: () => asked.push('score') }) });
    expect(asked).toEqual([]);
    expect(work.samples).toBe(0);
    expect(results(folder)).toEqual(before);
  });

  test('has metrics that rescoring gives again, byte for byte', async () => {
    const { folder } = await start();
    const before = read(folder, 'metrics.json');
    writeFileSync(path.join(folder, 'metrics.json'), 'lost');
    await rescoreRun(folder);
    expect(read(folder, 'metrics.json')).toBe(before);
  });

  test('cannot be written to by two processes at once', async () => {
    const { folder } = await start();
    writeFileSync(path.join(folder, 'lock'), JSON.stringify({ pid: 1, host: 'another-machine', start: null }));
    await expect(resume(folder)).rejects.toMatchObject({ code: 'run/locked' });
    await expect(rescoreRun(folder)).rejects.toMatchObject({ code: 'run/locked' });
  });
});

describe('--verify-prefix', () => {
  test('scores some samples again, each prompt on its own', async () => {
    const calls: [number, boolean][] = [];
    const notices: string[] = [];
    const engine = fakeEngine({ onScore: (requests, shared) => calls.push([requests.length, shared]) });
    await start({ engine, verifyPrefix: 5, onNotice: (line) => notices.push(line) });
    expect(calls).toEqual([
      [30, true],
      [5, false],
    ]);
    expect(notices).toContain('5 samples scored again without prefix sharing: every bit is the same');
  });

  test('fails with exit code 4 on the smallest difference, naming the sample and both values', async () => {
    const failed = start({ engine: fakeEngine({ sharingError: 1e-15 }), verifyPrefix: 1 });
    await expect(failed).rejects.toMatchObject({
      code: 'internal/prefix-sharing',
      exitCode: 4,
      message: expect.stringMatching(/mmlu\/\w+\/\d+ scores differently.*bits [0-9a-f]{16}.*bits [0-9a-f]{16}/),
    });
  });

  test('checks a finished run as well', async () => {
    const { folder } = await start();
    await expect(resume(folder, { verifyPrefix: 100 })).resolves.toBeDefined();
    const samples = read(folder, 'samples.jsonl').replace(/"A":-([0-9.]+)/, '"A":-9$1');
    writeFileSync(path.join(folder, 'samples.jsonl'), samples);
    await expect(resume(folder, { verifyPrefix: 100 })).rejects.toMatchObject({ code: 'internal/prefix-sharing' });
  });
});
