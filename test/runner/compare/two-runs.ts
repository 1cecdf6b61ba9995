/** Comparisons of two run folders that are written for the occasion. */
import path from 'node:path';
import { EvalrunError } from '../../../errors.js';
import { type CompareOptions, compareRuns } from '../../../runner/compare/compare-runs.js';
import type { Comparison, SuiteComparison } from '../../../runner/compare/comparison.js';
import { choiceLines, plainSuite, type WrittenRun, writeRun } from './write-run.js';

/** 200 questions, 120 of them right. */
export const suites = [plainSuite({ n: 200 })];
export const baseline: WrittenRun = { record: { suites }, lines: choiceLines(200, (at) => at < 120) };

export type Compare = (before: WrittenRun, after: WrittenRun, options?: CompareOptions) => Promise<Comparison>;

/** Writes both runs into a new folder and compares them. */
export function comparer(newFolder: () => string): Compare {
  return (before, after, options) => {
    const folder = newFolder();
    const [a, b] = [writeRun(path.join(folder, 'a'), before), writeRun(path.join(folder, 'b'), after)];
    return compareRuns(a, b, options);
  };
}

/** The one suite of a comparison. */
export function only(comparison: Comparison): SuiteComparison {
  const [suite] = Object.values(comparison.suites);
  if (suite === undefined) throw new Error('there is no suite');
  return suite;
}

/** The EvalrunError that a promise must end with. */
export async function thrownBy(promise: Promise<unknown>): Promise<EvalrunError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof EvalrunError) return error;
  throw new Error(`an EvalrunError was expected, found ${String(error)}`);
}
