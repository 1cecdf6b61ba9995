/** Whole comparisons of two run folders: what they find, and when they refuse to pass. */
import { describe, expect, test } from '@jest/globals';
import { temporaryFolders } from '../../datasets/temporary-folder.js';
import { baseline, comparer, only, suites } from './two-runs.js';
import { choiceLines, generation, otherArm, plainSuite, writtenLine } from './write-run.js';

const newFolder = temporaryFolders();
const compare = comparer(newFolder);

describe('two runs of a suite', () => {
  test('differ by what changed, with every flip, largest margin first', async () => {
    const lines = choiceLines(200, (at) => at >= 12 && at < 125).map((line, at) =>
      at < 2 ? { ...line, margin: 3.5 } : line,
    );
    const comparison = await compare(baseline, { record: { suites, ...otherArm() }, lines });
    const suite = only(comparison);
    expect(suite).toMatchObject({ n: 200, questions: 200, worse: 12, better: 5, flips: 17, answers_changed: 17 });
    expect(suite.difference).toBeCloseTo(-7 / 200, 12);
    expect(suite.accuracy).toEqual({ baseline: 0.6, candidate: 113 / 200 });
    expect(suite.low).toBeLessThan(suite.difference);
    expect(suite.flip_list).toHaveLength(17);
    expect(suite.flip_list[0]).toMatchObject({ sample: 'mmlu/anatomy/0', kind: 'lost', size: 3.5 });
    expect(suite.flip_bands.map(({ count }) => count)).toEqual([0, 0, 0, 15, 2]);
    expect(suite.groups).toEqual({ anatomy: { n: 200, difference: expect.closeTo(-0.035, 12), worse: 12, better: 5 } });
    expect(comparison.differs.map(({ field }) => field)).toEqual(['model', 'model weights', 'dtype']);
    expect(comparison.verdict).toBe('undecided');
    expect(suite.questions_to_decide).toBeGreaterThan(200);
  });

  test('are identical when their bytes are', async () => {
    const suite = only(await compare(baseline, { ...baseline, record: { suites, ...otherArm() } }));
    expect(suite).toMatchObject({ verdict: 'pass', reason: 'identical', flips: 0, difference: 0 });
    expect(suite.low).toBeLessThan(-0.01);
    expect(suite.shift).toMatchObject({ largest: 0, kl: 0, js: 0, samples: 200, same_bits: 800 });
  });

  test('are not identical when one log-probability moved by a bit', async () => {
    const lines = choiceLines(200, (at) => at < 120);
    const [first] = lines;
    if (first) lines[0] = { ...first, choices: { ...first.choices, D: -5 - Number.EPSILON * 4 } };
    expect(only(await compare(baseline, { record: { suites }, lines }))).toMatchObject({
      flips: 0,
      reason: 'too-few-questions',
    });
  });

  test('count an answer that changed from wrong to wrong as changed and not as a flip', async () => {
    const lines = choiceLines(200, (at) => at < 120);
    const last = lines[199];
    if (last) lines[199] = { ...last, answer: 'C', choices: { A: -3, B: -2, C: -1, D: -4 } };
    const suite = only(await compare(baseline, { record: { suites }, lines }));
    expect(suite).toMatchObject({ flips: 0, answers_changed: 1 });
    expect(suite.flip_list).toEqual([expect.objectContaining({ kind: 'changed', sample: 'mmlu/anatomy/199' })]);
  });

  test('average over subjects where the suite does', async () => {
    const two = [plainSuite({ n: 0, average: 'macro', groups: { anatomy: 10, marketing: 100 } })];
    const lines = (lost: number) => [
      ...choiceLines(10, (at) => at >= lost),
      ...choiceLines(100, () => true, { group: 'marketing' }),
    ];
    const suite = only(
      await compare({ record: { suites: two }, lines: lines(0) }, { record: { suites: two }, lines: lines(2) }),
    );
    expect(suite.difference).toBeCloseTo(-0.1, 12);
    expect(suite.accuracy.candidate).toBeCloseTo(0.9, 12);
  });

  test('take samples of a question as one question', async () => {
    const four = [
      plainSuite({
        n: 80,
        suite: 'math500',
        groups: { all: 80 },
        generation: { ...generation, samples: 4, temperature: 1 },
      }),
    ];
    const lines = (isRight: (question: number, repeat: number) => boolean) =>
      Array.from({ length: 80 }, (_, at) => {
        const [question, repeat] = [Math.floor(at / 4), at % 4];
        const right = isRight(question, repeat);
        return writtenLine({
          id: `math500/${question}`,
          repeat,
          status: right ? 'correct' : 'wrong',
          answer: right ? '7' : '8',
        });
      });
    const suite = only(
      await compare(
        { record: { suites: four }, lines: lines(() => true) },
        { record: { suites: four }, lines: lines((question, repeat) => question > 5 || repeat > 1) },
      ),
    );
    expect(suite).toMatchObject({ n: 80, questions: 20, worse: 12, sign_test: { discordant: 6 }, shift: null });
    expect(suite.difference).toBeCloseTo(-12 / 80, 12);
    // x is -1/2 for 6 of 20 questions: more than 20 independent ones, fewer than 80.
    const variance = ((6 * 0.25) / 20 - 0.15 ** 2) / 20;
    expect(suite.effective_questions).toBeCloseTo((0.15 - 0.15 ** 2) / variance, 9);
  });

  test('find the regressions of one suite among others, with Holm', async () => {
    const both = [plainSuite({ n: 500 }), plainSuite({ n: 500, suite: 'ceval' })];
    const lines = (mmlu: number, ceval: number) => [
      ...choiceLines(500, (at) => at >= mmlu),
      ...choiceLines(500, (at) => at >= ceval, { suite: 'ceval' }),
    ];
    const comparison = await compare(
      { record: { suites: both }, lines: lines(0, 0) },
      { record: { suites: both }, lines: lines(60, 0) },
    );
    expect(comparison.verdict).toBe('regression');
    expect(comparison.suites.mmlu?.verdict).toBe('regression');
    expect(comparison.suites.ceval?.verdict).toBe('pass');
    expect(comparison.suites.mmlu?.p_regression_holm).toBeCloseTo(2 * (comparison.suites.mmlu?.p_regression ?? 0), 12);
  });

  test('leave alone what only one of them has', async () => {
    const more = [...suites, plainSuite({ n: 1, suite: 'ceval' })];
    const comparison = await compare(baseline, {
      record: { suites: more },
      lines: [...choiceLines(200, (at) => at < 120), ...choiceLines(1, () => true, { suite: 'ceval' })],
    });
    expect(comparison.only_in).toEqual({ baseline: [], candidate: ['ceval'] });
    expect(Object.keys(comparison.suites)).toEqual(['mmlu']);
  });
});

describe('the shift of the letters', () => {
  test('is the KL and JS divergence of the renormalised letters, by subject, worst first', async () => {
    const lines = choiceLines(200, (at) => at < 120);
    const [first] = lines;
    if (first)
      lines[0] = { ...first, choices: { A: -3.5, B: -0.5, C: -1, D: -2 }, answer: 'B', status: 'wrong', score: 0 };
    const { shift } = only(await compare(baseline, { record: { suites }, lines }));
    const softmax = (values: number[]) => {
      const sum = values.reduce((total, value) => total + Math.exp(value), 0);
      return values.map((value) => Math.exp(value) / sum);
    };
    const [p, q] = [softmax([-0.5, -1.5, -4, -5]), softmax([-3.5, -0.5, -1, -2])];
    const kl = (a: number[], b: number[]) =>
      a.reduce((sum, value, at) => sum + value * Math.log(value / (b[at] ?? 0)), 0);
    const middle = p.map((value, at) => (value + (q[at] ?? 0)) / 2);
    const js = (kl(p, middle) + kl(q, middle)) / 2;
    expect(shift?.worst).toEqual([
      { sample: 'mmlu/anatomy/0', kl: expect.closeTo(kl(p, q), 12), js: expect.closeTo(js, 12) },
    ]);
    expect(shift?.kl).toBeCloseTo(kl(p, q) / 200, 12);
    expect(shift?.groups.anatomy?.js).toBeCloseTo(js / 200, 12);
    expect(shift).toMatchObject({ largest: 3, same_bits: 796 });
    // -3, +1, +3, +3
    const counted = shift?.histogram.filter(({ count }) => count > 0);
    expect(counted).toEqual([
      { from: -3, to: -1, count: 1 },
      { from: 1, to: 3, count: 1 },
      { from: 3, to: null, count: 2 },
    ]);
  });

  test('leaves out samples without finite log-probabilities', async () => {
    const lines = choiceLines(200, (at) => at < 120);
    const [first] = lines;
    if (first)
      lines[0] = {
        ...first,
        choices: { A: null, B: -1, C: -2, D: -3 },
        margin: null,
        answer: null,
        status: 'engine_error',
        score: 0,
      };
    const suite = only(await compare(baseline, { record: { suites }, lines }));
    expect(suite.shift).toMatchObject({ samples: 199, largest: 0 });
    expect(suite.flip_list[0]).toMatchObject({ size: null, candidate: { margin: null } });
  });
});

describe('an unfinished or broken run', () => {
  test.each([
    ['the baseline', true],
    ['the candidate', false],
  ])('never passes: %s lacks its last sample', async (_, isBaseline) => {
    const short = { ...baseline, lines: baseline.lines.slice(0, 199) };
    const suite = only(await (isBaseline ? compare(short, baseline) : compare(baseline, short)));
    expect(suite).toMatchObject({ verdict: 'undecided', reason: 'incomplete', defects: { missing: 1 }, n: 199 });
  });

  test.each(['engine_error', 'sandbox_error'] as const)('never passes: %s', async (status) => {
    const lines = choiceLines(200, (at) => at < 120);
    const last = lines[199];
    if (last) lines[199] = { ...last, status };
    expect(only(await compare(baseline, { record: { suites }, lines }))).toMatchObject({
      verdict: 'undecided',
      reason: 'engine-errors',
    });
  });

  test('never passes: every answer was cut off', async () => {
    const written = [plainSuite({ n: 1, suite: 'math500', groups: { all: 1 }, generation })];
    const cut = {
      record: { suites: written },
      lines: [writtenLine({ id: 'math500/0', status: 'truncated', answer: null, end: 'truncated', score: 0 })],
    };
    const suite = only(await compare(cut, cut));
    expect(suite).toMatchObject({ verdict: 'undecided', reason: 'invalid' });
    expect(suite.explanation).toMatch(/the baseline: every answer was cut off/);
  });

  test('without any sample is unfinished, not an error', async () => {
    expect(only(await compare(baseline, { record: { suites }, lines: [] }))).toMatchObject({
      n: 0,
      reason: 'incomplete',
      low: -1,
      high: 1,
    });
  });

  test('with equal written answers is no proof of equality between different models', async () => {
    const written = [plainSuite({ n: 1, suite: 'math500', groups: { all: 1 }, generation })];
    const run = { record: { suites: written }, lines: [writtenLine({ id: 'math500/0' })] };
    expect(only(await compare(run, run))).toMatchObject({ reason: 'identical' });
    const other = { ...run, record: { ...run.record, ...otherArm() } };
    expect(only(await compare(run, other))).toMatchObject({ verdict: 'undecided', reason: 'too-few-questions' });
  });
});
