/** Intervals of suites whose subjects ask the same tasks. */
import { describe, expect, test } from '@jest/globals';
import { computeMetrics } from '../../runner/metrics.js';
import { type Count, clusteredMacroMean, sharedTaskMacroMean } from '../../runner/statistics.js';
import { runRecord, sampleLine, suiteRecord } from './run-fixture.js';

/** One sample of each task in each subject; a row says which are right. */
function subjectsOf(...rows: readonly (readonly number[])[]): [Count[][], Map<string, Count>[]] {
  const counts = rows.map((row) => row.map((correct) => ({ correct, n: 1 })));
  return [counts, counts.map((row) => new Map(row.map((count, task) => [String(task), count])))];
}

describe('the mean of subjects that ask the same tasks', () => {
  test('is wider than that of independent subjects when they fail at the same tasks', () => {
    // Two identical subjects say no more than one: the standard error is sqrt(0.25 / (8 - 1)) with T / (T - 1).
    const [counts, tasks] = subjectsOf([1, 1, 1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0, 0, 0]);
    const shared = sharedTaskMacroMean(counts, tasks);
    expect(shared.accuracy).toBe(0.5);
    expect(shared.high - 0.5).toBeCloseTo(1.959964 * Math.sqrt(0.25 / 7), 5);
    expect(shared.high).toBeGreaterThan(clusteredMacroMean(counts).high);
  });

  test('is never narrower, also where one subject makes up for the other', () => {
    const [counts, tasks] = subjectsOf([1, 1, 0, 0], [0, 0, 1, 1]);
    expect(sharedTaskMacroMean(counts, tasks)).toEqual(clusteredMacroMean(counts));
  });

  test('with everything right, everything wrong, or a single task is that of independent subjects', () => {
    for (const [counts, tasks] of [subjectsOf([1, 1], [1, 1]), subjectsOf([0, 0], [0, 0]), subjectsOf([1], [0])]) {
      expect(sharedTaskMacroMean(counts, tasks)).toEqual(clusteredMacroMean(counts));
    }
  });
});

test('a suite says that its tasks are clusters, and another does not', () => {
  const groups = { java: 8, php: 8 };
  const lines = Object.keys(groups).flatMap((group) =>
    Array.from({ length: 8 }, (_, task) =>
      sampleLine({ id: `mmlu/${group}/${task}`, group, status: task < 4 ? 'correct' : 'wrong' }),
    ),
  );
  const suiteOf = (more: object) =>
    computeMetrics(runRecord({ suites: [suiteRecord({ groups, average: 'macro', ...more })] }), lines).suites.mmlu;
  const [shared, apart] = [suiteOf({ shares_tasks: true }), suiteOf({})];
  expect(shared?.interval).toMatch(/the subjects ask the same tasks, which are clusters/);
  expect(apart?.interval).not.toMatch(/same tasks/);
  expect([shared?.accuracy, apart?.accuracy]).toEqual([0.5, 0.5]);
  expect((shared?.high ?? 0) - (apart?.high ?? 0)).toBeGreaterThan(0.05);
});
