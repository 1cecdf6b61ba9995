/** Tests and verdicts: exact values, and how often they are wrong over many simulated comparisons. */
import { describe, expect, test } from '@jest/globals';
import { holm } from '../../../runner/compare/holm.js';
import { type PairedDifference, pairedDifference } from '../../../runner/compare/paired-difference.js';
import { detectableZ, minimumDetectable, questionsToDecide } from '../../../runner/compare/power.js';
import { pBelow } from '../../../runner/compare/score-interval.js';
import { signTest } from '../../../runner/compare/sign-test.js';
import { alpha, decide, explain, type VerdictFacts } from '../../../runner/compare/verdict.js';
import { drawPairs, type Rates, shareOf, uniform } from './draw.js';

describe('signTest', () => {
  // The fewest that reach p < 0.05, two-sided, and one split less.
  const table: [worse: number, better: number, significant: boolean][] = [
    [5, 0, false],
    [6, 0, true],
    [8, 0, true],
    [9, 1, true],
    [8, 2, false],
    [10, 2, true],
    [9, 3, false],
    [15, 5, true],
    [14, 6, false],
    [21, 9, true],
    [20, 10, false],
  ];
  test.each(table)('%d worse and %d better: significant is %s', (worse, better, significant) => {
    expect(signTest(worse, better).two_sided < 0.05).toBe(significant);
    expect(signTest(better, worse).two_sided).toBeCloseTo(signTest(worse, better).two_sided, 12);
  });

  test('is the binomial by hand', () => {
    // P(X <= 1 of 6) = 7/64.
    expect(signTest(5, 1)).toMatchObject({ method: 'exact', one_sided: expect.closeTo(7 / 64, 12) });
    expect(signTest(5, 1).two_sided).toBeCloseTo(14 / 64, 12);
    expect(signTest(1, 5).one_sided).toBeCloseTo(63 / 64, 12);
    expect(signTest(3, 3).two_sided).toBe(1);
    expect(signTest(0, 0)).toEqual({ method: 'exact', discordant: 0, two_sided: 1, one_sided: 1 });
  });

  test('becomes normal at 50 discordant questions without a jump', () => {
    expect(signTest(31, 18).method).toBe('exact');
    const { method, two_sided: p, one_sided: one } = signTest(32, 18);
    expect(method).toBe('normal');
    // z = 14 / sqrt(50); the exact p is 0.0649.
    expect(p).toBeCloseTo(0.04771, 5);
    expect(one).toBeCloseTo(p / 2, 12);
  });

  test.each([0, 1, 2, 3, 4, 5])('never reaches p < 0.05 with %d discordant questions', (n) => {
    for (let worse = 0; worse <= n; worse++) expect(signTest(worse, n - worse).two_sided).toBeGreaterThan(0.05);
  });
});

describe('holm', () => {
  test.each([
    [[], []],
    [[0.02], [0.02]],
    [
      [0.01, 0.04, 0.03],
      [0.03, 0.06, 0.06],
    ],
    [
      [0.9, 0.5],
      [1, 1],
    ],
    [
      [0.01, 0.01],
      [0.02, 0.02],
    ],
  ])('of %j is %j', (pValues, adjusted) => {
    expect(holm(pValues)).toEqual(adjusted.map((p) => expect.closeTo(p, 12)));
  });
});

const micro = { average: 'micro' } as const;

function factsOf(difference: PairedDifference, parts: Partial<VerdictFacts> = {}): VerdictFacts {
  const margin = parts.margin ?? 0.01;
  return {
    difference,
    margin,
    pAdjusted: pBelow(difference.effective, -margin, difference.inflation),
    defects: { missing: 0, engine_errors: 0, invalid: [] },
    identical: false,
    questions: difference.effective.n,
    discordant: Math.round(difference.effective.worse + difference.effective.better),
    questionsToDecide: 1,
    ...parts,
  };
}

const counts = (n: number, worse: number, better: number) =>
  pairedDifference([{ n, worse, better, squares: worse + better }], micro);

describe('decide', () => {
  const table: [n: number, worse: number, better: number, verdict: string][] = [
    [14_042, 250, 250, 'pass'],
    [14_042, 500, 0, 'regression'],
    [14_042, 320, 180, 'undecided'],
    [500, 0, 0, 'pass'],
    [144, 0, 0, 'undecided'],
    [144, 30, 2, 'regression'],
    [144, 0, 20, 'pass'],
    [14_042, 3, 2, 'pass'],
  ];
  test.each(table)('%d questions, %d worse, %d better, one point tolerated: %s', (n, worse, better, verdict) => {
    expect(decide(factsOf(counts(n, worse, better))).verdict).toBe(verdict);
  });

  test('decides 500 discordant of 14,042 questions at a margin of one point', () => {
    expect(minimumDetectable(counts(14_042, 250, 250))?.effect).toBeCloseTo((2.8016 * Math.sqrt(500)) / 14_042, 6);
    expect(decide(factsOf(counts(14_042, 240, 260))).verdict).toBe('pass');
  });

  const broken = [
    { missing: 1, engine_errors: 0, invalid: [] },
    { missing: 0, engine_errors: 1, invalid: [] },
    { missing: 0, engine_errors: 0, invalid: ['every answer was cut off'] },
  ];
  test.each(broken)('never passes with %j, not even on identical bits', (defects) => {
    expect(decide(factsOf(counts(14_042, 0, 0), { defects, identical: true })).verdict).toBe('undecided');
    expect(decide(factsOf(counts(14_042, 900, 0), { defects })).verdict).toBe('undecided');
  });

  test('passes identical bits however few', () => {
    const facts = factsOf(counts(3, 0, 0), { identical: true });
    expect(decide(facts)).toEqual({ verdict: 'pass', reason: 'identical' });
  });

  test('is undecided when Holm takes a regression back', () => {
    const facts = factsOf(counts(1000, 40, 14), { pAdjusted: 0.03 });
    expect(facts.difference.high).toBeLessThan(-0.01);
    expect(decide(facts)).toEqual({ verdict: 'undecided', reason: 'multiple-suites' });
  });

  test('says with five or fewer discordant questions what cannot be decided, and what can', () => {
    const few = factsOf(counts(300, 1, 2));
    expect(decide(few).verdict).toBe('undecided');
    expect(explain(few, 'too-few-questions')).toMatch(
      /300 questions leave everything from -\d\.\d\d points to \+\d\.\d\d points possible.*Only 3 got worse or better: whether the runs differ at all cannot be decided/,
    );
    expect(explain(factsOf(counts(600, 0, 0)), 'above-margin')).toMatch(
      /less than 1\.00 points: at worst 0\.64 points.*None got worse/,
    );
    expect(explain(factsOf(counts(600, 3, 3)), 'too-few-questions')).not.toMatch(/cannot be decided/);
  });
});

describe('questionsToDecide', () => {
  test('is z^2 (1 - m) / m where no question changed', () => {
    // z^2 / (n + z^2) < 0.01
    expect(questionsToDecide(counts(100, 0, 0), { margin: 0.01, questions: 100 })).toBe(381);
  });

  test('is the first number at which the verdict falls', () => {
    const difference = counts(144, 6, 3);
    const enough = questionsToDecide(difference, { margin: 0.01, questions: 144 }) ?? 0;
    const at = (n: number) => decide(factsOf(counts(n, (6 * n) / 144, (3 * n) / 144))).verdict;
    expect([at(enough - 1), at(enough)]).toEqual(['undecided', 'regression']);
  });

  test('grows with the variance of clusters', () => {
    const subjects = Array.from({ length: 20 }, (_, at) => ({
      n: 50,
      worse: at % 2 === 0 ? 6 : 0,
      better: at % 2 === 0 ? 0 : 6,
      squares: 6,
    }));
    const clustered = questionsToDecide(pairedDifference(subjects, micro), { margin: 0.01, questions: 1000 });
    const plain = questionsToDecide(counts(1000, 60, 60), { margin: 0.01, questions: 1000 });
    expect(clustered ?? 0).toBeGreaterThan(3 * (plain ?? 0));
  });

  test('is nothing where the difference is the margin', () => {
    expect(questionsToDecide(counts(1000, 10, 0), { margin: 0.01, questions: 1000 })).toBeNull();
    expect(questionsToDecide(counts(0, 0, 0), { margin: 0.01, questions: 0 })).toBeNull();
  });
});

describe('over many comparisons', () => {
  const regression = (rates: Rates, draw: () => number, margin: number) =>
    decide(factsOf(pairedDifference([drawPairs(draw, rates)], micro), { margin })).verdict === 'regression';

  test.each([
    [164, 0.05],
    [500, 0.02],
    [1346, 0.1],
    [5000, 0.01],
  ])('an A/A pair of %d questions with %d changing each way is hardly ever a regression', (n, rate) => {
    const draw = uniform(n);
    const false_ = shareOf(2000, () => regression({ n, worse: rate, better: rate }, draw, 0.01));
    expect(false_).toBeLessThanOrEqual(alpha);
  });

  test('a drop of exactly the margin is called a regression, and a pass, 2.5 % of the time each', () => {
    const draw = uniform(11);
    const rates = { n: 1000, worse: 0.08, better: 0.05 };
    const verdicts = Array.from({ length: 4000 }, () => {
      return decide(factsOf(pairedDifference([drawPairs(draw, rates)], micro), { margin: 0.03 })).verdict;
    });
    for (const wrong of ['pass', 'regression']) {
      const share = verdicts.filter((verdict) => verdict === wrong).length / verdicts.length;
      expect([wrong, share > 0.018 && share < 0.032]).toEqual([wrong, true]);
    }
  });

  test('among twelve suites at the margin Holm keeps any false regression at 2.5 %, and without it there are ten times as many', () => {
    const draw = uniform(5);
    const family = () => {
      const pValues = Array.from({ length: 12 }, () => {
        const { effective } = pairedDifference([drawPairs(draw, { n: 400, worse: 0.08, better: 0.05 })], micro);
        return pBelow(effective, -0.03);
      });
      return { any: pValues.some((p) => p <= alpha), held: holm(pValues).some((p) => p <= alpha) };
    };
    const families = Array.from({ length: 1000 }, family);
    const share = (holds: (one: { any: boolean; held: boolean }) => boolean) => families.filter(holds).length / 1000;
    expect(share(({ held }) => held)).toBeLessThanOrEqual(0.035);
    expect(share(({ any }) => any)).toBeGreaterThan(0.18);
  });

  test.each([
    [1000, 0.1],
    [3000, 0.05],
  ])(
    'a drop of the minimum detectable effect below zero is found 80 %% of the time (%d questions, discordance %d)',
    (n, discordance) => {
      const effect = (detectableZ * Math.sqrt(discordance * n)) / n;
      const draw = uniform(n + 1);
      const rates = { n, worse: (discordance + effect) / 2, better: (discordance - effect) / 2 };
      const found = shareOf(1500, () => regression(rates, draw, 0));
      expect([found, found > 0.77 && found < 0.84]).toEqual([found, true]);
    },
  );
});
