/** The gate's decision for every way in which suites, tiers and runs can be. */
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { GateResult } from '../../../runner/gate/gate-result.js';
import { gateRun } from '../../../runner/gate/gate-run.js';
import type { GatePolicy } from '../../../runner/gate/policy.js';
import { temporaryFolders } from '../../datasets/temporary-folder.js';
import { thrownBy } from '../compare/two-runs.js';
import { choiceLines, plainSuite, type WrittenRun, writeRun } from '../compare/write-run.js';

const newFolder = temporaryFolders();

/** What becomes of a suite of 600 questions, of which the baseline has all right. */
const outcomes = { pass: 0, regression: 60, undecided: 6, missing: -1 } as const;
type Outcome = keyof typeof outcomes;

function run(suites: Readonly<Record<string, Outcome>>, n = 600): WrittenRun {
  const there = Object.entries(suites).filter(([, outcome]) => outcome !== 'missing');
  return {
    record: { suites: there.map(([suite]) => plainSuite({ n, suite })) },
    lines: there.flatMap(([suite, outcome]) => choiceLines(n, (at) => at >= outcomes[outcome], { suite })),
  };
}

async function gate(candidate: WrittenRun, baseline: WrittenRun | null, policy?: GatePolicy): Promise<GateResult> {
  const folder = newFolder();
  const [a, b] = [path.join(folder, 'a'), path.join(folder, 'b')];
  if (baseline !== null) writeRun(a, baseline);
  return gateRun(writeRun(b, candidate), a, policy === undefined ? {} : { policy });
}

const all = (suites: Readonly<Record<string, Outcome>>) =>
  run(Object.fromEntries(Object.keys(suites).map((suite) => [suite, 'pass'])));

describe('tiers', () => {
  const table: [tier: 'critical' | 'supporting' | 'advisory', outcome: Outcome, exit: number, effect: string][] = [
    ['critical', 'pass', 0, 'pass'],
    ['critical', 'undecided', 2, 'cannot-tell'],
    ['critical', 'regression', 1, 'fail'],
    ['critical', 'missing', 2, 'cannot-tell'],
    ['supporting', 'pass', 0, 'pass'],
    ['supporting', 'undecided', 0, 'warn'],
    ['supporting', 'regression', 1, 'fail'],
    ['supporting', 'missing', 2, 'cannot-tell'],
    ['advisory', 'pass', 0, 'pass'],
    ['advisory', 'undecided', 0, 'warn'],
    ['advisory', 'regression', 0, 'warn'],
  ];
  test.each(table)('a %s suite that is %s, beside one that passes: exit %d', async (tier, outcome, exit, effect) => {
    const suites = { mmlu: 'pass', ceval: outcome } as const;
    const result = await gate(run(suites), all(suites), { suites: { ceval: { tier } } });
    expect(result.exit_code).toBe(exit);
    expect(result.suites.ceval?.effect).toBe(effect);
    expect(result.suites.mmlu?.effect).toBe('pass');
  });

  test('a regression outranks what cannot be told', async () => {
    const suites = { mmlu: 'regression', ceval: 'undecided' } as const;
    expect((await gate(run(suites), all(suites))).exit_code).toBe(1);
  });

  test('a gate of advisory suites alone cannot tell unless they pass', async () => {
    const suites = { mmlu: 'regression' } as const;
    const result = await gate(run(suites), all(suites), { tier: 'advisory' });
    expect(result).toMatchObject({ exit_code: 2, summary: expect.stringMatching(/no suite decides/) });
  });

  test('an advisory suite that is not there is not missed', async () => {
    const policy = { suites: { ceval: { tier: 'advisory' } } } as const;
    const result = await gate(run({ mmlu: 'pass' }), run({ mmlu: 'pass', ceval: 'pass' }), policy);
    expect(result.exit_code).toBe(0);
    expect(Object.keys(result.suites)).toEqual(['mmlu']);
  });

  test('advisory suites do not make regressions of the others harder to show', async () => {
    const names = ['mmlu', 'ceval', 'cmmlu', 'cmath'];
    const borderline = (suite: string) => (suite === 'mmlu' ? 12 : 0);
    const record = { suites: names.map((suite) => plainSuite({ n: 600, suite })) };
    const lines = names.flatMap((suite) => choiceLines(600, (at) => at >= borderline(suite), { suite }));
    const candidate = { record, lines };
    const baseline = run(Object.fromEntries(names.map((suite) => [suite, 'pass'])));
    const critical = await gate(candidate, baseline, {});
    expect(critical.suites.mmlu).toMatchObject({ outcome: 'undecided', comparison: { reason: 'multiple-suites' } });
    const advisory = { ceval: { tier: 'advisory' }, cmmlu: { tier: 'advisory' }, cmath: { tier: 'advisory' } } as const;
    expect((await gate(candidate, baseline, { suites: advisory })).exit_code).toBe(1);
  });
});

describe('the tolerated drop', () => {
  test('is one point by default, the policy’s by suite, and decides', async () => {
    const suites = { mmlu: 'undecided' } as const;
    expect((await gate(run(suites), all(suites))).exit_code).toBe(2);
    expect((await gate(run(suites), all(suites), { max_drop: 0.05 })).exit_code).toBe(0);
    expect(
      (await gate(run(suites), all(suites), { max_drop: 0.05, suites: { mmlu: { max_drop: 0.001 } } })).exit_code,
    ).toBe(1);
  });

  test('says how many questions would decide', async () => {
    const suites = { mmlu: 'undecided' } as const;
    const { summary } = await gate(run(suites), all(suites));
    expect(summary).toMatch(
      /^Gate cannot tell: mmlu: (about [\d,]+ questions would decide a drop of 1\.0 points, and it has 600|The difference lies on)/,
    );
  });
});

describe('the least accuracy', () => {
  test('fails a suite that passes otherwise', async () => {
    const half = { record: { suites: [plainSuite({ n: 600 })] }, lines: choiceLines(600, (at) => at < 300) };
    expect((await gate(half, half, { suites: { mmlu: { min_accuracy: 0.5 } } })).exit_code).toBe(0);
    const result = await gate(half, half, { suites: { mmlu: { min_accuracy: 0.6 } } });
    expect(result).toMatchObject({ exit_code: 1, suites: { mmlu: { outcome: 'below-minimum', accuracy: 0.5 } } });
    expect(result.summary).toMatch(/mmlu has 50\.0 % right, less than 60\.0 %/);
    const advisory = { suites: { mmlu: { min_accuracy: 0.6, tier: 'advisory' } } } as const;
    expect((await gate(half, half, advisory)).suites.mmlu?.effect).toBe('warn');
  });
});

describe('an unfinished or broken run', () => {
  const whole = run({ mmlu: 'pass' });
  const short = { ...whole, lines: whole.lines.slice(0, 599) };
  const failed = {
    ...whole,
    lines: whole.lines.map((line, at) => (at === 0 ? { ...line, status: 'engine_error' as const } : line)),
  };
  test.each([
    ['the candidate lacks a sample', short, whole],
    ['the baseline lacks a sample', whole, short],
    ['an engine error in the candidate', failed, whole],
    ['an engine error in the baseline', whole, failed],
  ])('cannot be told, in any tier that decides: %s', async (_, candidate, baseline) => {
    for (const tier of ['critical', 'supporting'] as const) {
      expect((await gate(candidate, baseline, { tier })).exit_code).toBe(2);
    }
  });

  test.each(['advisory', 'supporting'] as const)('is not accepted because the suite is %s', async (tier) => {
    const whole = run({ mmlu: 'pass', ceval: 'pass' });
    const short = { ...whole, lines: whole.lines.slice(0, -1) };
    const policy = { suites: { ceval: { tier } } };
    const candidate = await gate(short, whole, policy);
    expect(candidate).toMatchObject({ exit_code: 2, summary: expect.stringMatching(/evalrun --resume/) });
    expect(await gate(whole, short, policy)).toMatchObject({ exit_code: 2, suites: { mmlu: { effect: 'pass' } } });
  });
});

describe('suites on one side only', () => {
  test('one that the candidate dropped cannot be told', async () => {
    const result = await gate(run({ mmlu: 'pass' }), run({ mmlu: 'pass', ceval: 'pass' }));
    expect(result).toMatchObject({ exit_code: 2, suites: { ceval: { outcome: 'missing' } } });
  });

  test('one that is new is a warning, unless the policy names it', async () => {
    const [candidate, baseline] = [run({ mmlu: 'pass', ceval: 'pass' }), run({ mmlu: 'pass' })];
    expect(await gate(candidate, baseline)).toMatchObject({ exit_code: 0, suites: { ceval: { effect: 'warn' } } });
    expect(await gate(candidate, baseline, { suites: { ceval: {} } })).toMatchObject({ exit_code: 2 });
  });
});

describe('without a baseline', () => {
  test('the gate refuses, unless the policy says what to do', async () => {
    const night = run({ mmlu: 'pass' });
    expect(await thrownBy(gate(night, null))).toMatchObject({ code: 'run/not-found', exitCode: 3 });
    expect(await gate(night, null, { missing_baseline: 'undecided' })).toMatchObject({ exit_code: 2, baseline: null });
    const first = await gate(night, null, { missing_baseline: 'pass' });
    expect(first).toMatchObject({
      exit_code: 0,
      comparison: null,
      suites: { mmlu: { outcome: 'no-baseline', effect: 'pass' } },
    });
    expect(first.summary).toMatch(/there is no baseline yet/);
  });

  test('the first night must still be complete, sound and good enough', async () => {
    const night = run({ mmlu: 'pass' });
    const pass = { missing_baseline: 'pass' } as const;
    expect((await gate({ ...night, lines: night.lines.slice(1) }, null, pass)).exit_code).toBe(2);
    const broken = night.lines.map((line, at) => (at === 0 ? { ...line, status: 'engine_error' as const } : line));
    expect((await gate({ ...night, lines: broken }, null, pass)).exit_code).toBe(2);
    const high = { ...pass, suites: { mmlu: { min_accuracy: 0.99 } } };
    expect((await gate(run({ mmlu: 'regression' }), null, high)).exit_code).toBe(1);
    expect((await gate(night, null, { ...pass, suites: { ceval: {} } })).exit_code).toBe(2);
  });

  test('a damaged baseline is not a missing one', async () => {
    const folder = newFolder();
    const candidate = writeRun(path.join(folder, 'b'), run({ mmlu: 'pass' }));
    writeRun(path.join(folder, 'a'), { lines: [], record: { schema: 9 as 1 } });
    const error = await thrownBy(gateRun(candidate, path.join(folder, 'a'), { policy: { missing_baseline: 'pass' } }));
    expect(error.code).toBe('run/record');
  });
});

test('a gate refuses runs that are not comparable', async () => {
  const [a, b] = [run({ mmlu: 'pass' }), run({ mmlu: 'pass' })];
  const other = { ...b, record: { suites: [plainSuite({ n: 600, protocol: 'lm-eval' })] } };
  expect(await thrownBy(gate(other, a))).toMatchObject({ code: 'run/not-comparable', exitCode: 3 });
});

test('an A/A control with a defect takes a pass back, and leaves a regression', async () => {
  const folder = newFolder();
  const baseline = run({ mmlu: 'pass' });
  const [a, b, bad] = [
    writeRun(path.join(folder, 'a'), baseline),
    writeRun(path.join(folder, 'b'), baseline),
    writeRun(path.join(folder, 'bad'), run({ mmlu: 'regression' })),
  ];
  const aa = writeRun(path.join(folder, 'aa'), run({ mmlu: 'undecided' }));
  expect((await gateRun(b, a, { aa: b })).exit_code).toBe(0);
  const result = await gateRun(b, a, { aa });
  expect(result).toMatchObject({
    exit_code: 2,
    summary: expect.stringMatching(/repeats the baseline and differs from it/),
  });
  expect((await gateRun(bad, a, { aa })).exit_code).toBe(1);
});
