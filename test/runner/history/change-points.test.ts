import { describe, expect, test } from '@jest/globals';
import { findSplits } from '../../../runner/history/change-points.js';
import { leastUnsteady, pairedChance, pairedDifference } from '../../../runner/history/paired-chance.js';
import { randomNumbers } from '../../../runner/history/random-numbers.js';
import { unpairedChance } from '../../../runner/history/unpaired-chance.js';
import { type Answers, builtRuns, sampledRuns } from './simulated-runs.js';

interface Settings {
  readonly alarmRate: number;
  readonly draws?: number;
}

function pairedSplits(answers: Answers, { alarmRate, draws = 199 }: Settings) {
  const questions = answers[0]?.length ?? 0;
  const contributions = Array.from({ length: questions }, (_, q) =>
    Float64Array.from(answers, (run) => (run[q] ? 1 / questions : 0)),
  );
  const scores = { runs: answers.length, contributions };
  const levels = answers.map((run) => run.filter((isRight) => isRight).length / run.length);
  return findSplits(levels, { alarmRate, draws, chanceOf: (start, end) => pairedChance(scores, start, end) });
}

function unpairedSplits(answers: Answers, { alarmRate, draws = 199 }: Settings) {
  const counts = answers.map((run) => ({ correct: run.filter((isRight) => isRight).length, n: run.length }));
  const levels = counts.map(({ correct, n }) => correct / n);
  return findSplits(levels, { alarmRate, draws, chanceOf: (start, end) => unpairedChance(counts, start, end) });
}

/** Share of `worlds` seeds with any mark. */
function markedShare(worlds: number, splitsOf: (seed: number) => readonly unknown[]): number {
  let marked = 0;
  for (let seed = 1; seed <= worlds; seed++) if (splitsOf(seed * 7919).length > 0) marked += 1;
  return marked / worlds;
}

describe('where nothing changes', () => {
  // 300 worlds at a rate of 5 %: 3 standard deviations above it are 8.8 %.
  const [worlds, most] = [300, 0.088];
  const settings = { alarmRate: 0.05, draws: 99 };

  test.each([
    ['sampled answers, 2 runs', (seed: number) => sampledRuns({ runs: 2, questions: 150, seed })],
    ['sampled answers, 5 runs', (seed: number) => sampledRuns({ runs: 5, questions: 100, seed })],
    ['sampled answers, 25 runs', (seed: number) => sampledRuns({ runs: 25, questions: 60, seed })],
    ['new builds, 12 runs', (seed: number) => builtRuns({ runs: 12, questions: 150, seed })],
    ['new builds, 31 runs of few questions', (seed: number) => builtRuns({ runs: 31, questions: 40, seed })],
  ])('%s: marks stay at the alarm rate', (_, world) => {
    expect(markedShare(worlds, (seed) => pairedSplits(world(seed), settings))).toBeLessThanOrEqual(most);
  });

  test('runs that are not paired: marks stay at the alarm rate, and reach it when nothing ties the runs together', () => {
    const built = (seed: number) => builtRuns({ runs: 20, questions: 300, seed });
    expect(markedShare(worlds, (seed) => unpairedSplits(built(seed), settings))).toBeLessThanOrEqual(most);
    // Other questions every night.
    const loose = (seed: number) =>
      Array.from({ length: 12 }, (_, t) => sampledRuns({ runs: 1, questions: 150, seed: seed + t * 13 })[0] ?? []);
    const share = markedShare(worlds, (seed) => unpairedSplits(loose(seed), settings));
    expect(share).toBeLessThanOrEqual(most);
    expect(share).toBeGreaterThan(0.01);
  });

  test('runs that are all alike have no mark', () => {
    const run = sampledRuns({ runs: 1, questions: 50, seed: 3 })[0] ?? [];
    expect(pairedSplits([run, run, run, run], { alarmRate: 0.2 })).toEqual([]);
    expect(unpairedSplits([run, run, run, run], { alarmRate: 0.2 })).toEqual([]);
  });
});

describe('a change', () => {
  const found = (worlds: number, isFound: (seed: number) => boolean) =>
    Array.from({ length: worlds }, (_, n) => isFound(n + 1)).filter(Boolean).length / worlds;
  const settings = { alarmRate: 0.01, draws: 199 };

  test('of 10 points among 300 questions is found in its run, nine times of ten, amid new builds', () => {
    const step = { at: 13, share: 0.1 };
    const share = found(60, (seed) =>
      pairedSplits(builtRuns({ runs: 20, questions: 300, seed }, step), settings).some(({ at }) => at === step.at),
    );
    expect(share).toBeGreaterThanOrEqual(0.9);
  });

  test('of 12 points is found within a run of its place, nine times of ten, where answers are sampled', () => {
    const share = found(40, (seed) =>
      pairedSplits(
        sampledRuns({ runs: 12, questions: 200, seed }, (t) => (t < 7 ? 0 : -0.12)),
        settings,
      ).some(({ at }) => Math.abs(at - 7) <= 1),
    );
    expect(share).toBeGreaterThanOrEqual(0.9);
  });

  test('in the very last run is found: the night that a gate must catch', () => {
    const answers = builtRuns({ runs: 30, questions: 300, seed: 4 }, { at: 29, share: 0.08 });
    expect(pairedSplits(answers, settings).map(({ at }) => at)).toEqual([29]);
  });

  test('is measured where it is clearest: beside the step of a build, over many runs where answers are sampled', () => {
    const [built] = pairedSplits(builtRuns({ runs: 30, questions: 1000, seed: 4 }, { at: 20, share: 0.06 }), settings);
    expect([built?.start, built?.at, built?.end]).toEqual([19, 20, 21]);
    const answers = sampledRuns({ runs: 12, questions: 200, seed: 2 }, (t) => (t < 6 ? 0 : -0.12));
    const [sampled] = pairedSplits(answers, settings);
    expect((sampled?.end ?? 0) - (sampled?.start ?? 0)).toBeGreaterThanOrEqual(8);
  });

  test('for one night only has two marks, there and back', () => {
    const answers = builtRuns({ runs: 30, questions: 300, seed: 5 }, { at: 14, until: 15, share: 0.1 });
    expect(pairedSplits(answers, settings).map(({ at }) => at)).toEqual([14, 15]);
  });

  test('is found without pairs only when it is larger', () => {
    const answers = (share: number) => builtRuns({ runs: 20, questions: 300, seed: 6 }, { at: 11, share });
    expect(pairedSplits(answers(0.08), settings).map(({ at }) => at)).toEqual([11]);
    expect(unpairedSplits(answers(0.08), settings)).toEqual([]);
    expect(unpairedSplits(answers(0.25), settings).map(({ at }) => at)).toEqual([11]);
  });
});

describe('two runs', () => {
  /** 100 questions of which the second run loses and gains some. */
  const twoRuns = (lost: number, gained: number): Answers => {
    const before = Array.from({ length: 100 }, (_, q) => q < 60);
    return [before, before.map((isRight, q) => (q < lost ? false : q >= 100 - gained ? true : isRight))];
  };

  test.each([
    [8, 0, 2 / 256],
    [6, 0, 2 / 64],
    [7, 1, 18 / 256],
    [9, 1, 22 / 1024],
  ])("lost %d and gained %d: p is McNemar's exact p", (lost, gained, p) => {
    const [split] = pairedSplits(twoRuns(lost, gained), { alarmRate: 0.2 });
    expect(split?.at).toBe(1);
    expect(split?.p).toBeCloseTo(p, 12);
    expect(pairedSplits(twoRuns(gained, lost), { alarmRate: 0.2 })[0]?.p).toBeCloseTo(p, 12);
  });

  test.each([0.2, 0.05, 0.01, 0.001])(
    'at an alarm rate of %d, the stated number of questions and no fewer can be marked',
    (alarmRate) => {
      const least = leastUnsteady(alarmRate);
      expect(pairedSplits(twoRuns(least, 0), { alarmRate, draws: 1999 })).toHaveLength(1);
      expect(pairedSplits(twoRuns(least - 1, 0), { alarmRate, draws: 1999 })).toEqual([]);
    },
  );
});

describe('pairedDifference', () => {
  test('is an interval even when no question changed', () => {
    const { difference, low, high } = pairedDifference([], 100);
    expect(difference).toBe(0);
    expect(low).toBeCloseTo(-high, 12);
    // Bonett and Price for b = c = 0, n = 100: 1.96 sqrt(2) / 102.
    expect(high).toBeCloseTo((1.959963984540054 * Math.sqrt(2)) / 102, 6);
  });

  test('covers the truth in 95 % of simulated pairs of runs', () => {
    const worlds = 1000;
    const random = randomNumbers(11);
    const covered = Array.from({ length: worlds }, () => {
      // Each question is lost with 6 % and gained with 3 %, so that the truth is -3 points.
      const differences = Array.from({ length: 200 }, () => {
        const drawn = random();
        return drawn < 0.06 ? -1 : drawn < 0.09 ? 1 : 0;
      });
      const { low, high } = pairedDifference(differences, 200);
      return low <= -0.03 && -0.03 <= high;
    }).filter(Boolean).length;
    // 95 % and 3 standard deviations.
    expect(covered / worlds).toBeGreaterThan(0.929);
    expect(covered / worlds).toBeLessThan(0.975);
  });
});
