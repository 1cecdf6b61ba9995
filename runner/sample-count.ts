/** Several samples of a question: what may be asked, before anything is planned. */
import { EvalrunError } from '../errors.js';
import type { SuitePlan } from '../suites/suite.js';
import type { RunSettings } from './run-record.js';

/** Throws `usage/samples` for a count that is none, and for several samples that would all be the same. */
export function checkSampleCount({ suite, kind }: SuitePlan, settings: Partial<RunSettings>): void {
  const { samples = 1, temperature = 0 } = settings;
  if (!Number.isSafeInteger(samples) || samples < 1) {
    throw new EvalrunError('usage/samples', {
      what: 'the number of samples of a question is not usable',
      expected: 'a whole number from 1',
      found: String(samples),
    });
  }
  if (samples === 1) return;
  if (kind === 'choice') {
    throw new EvalrunError('usage/samples', {
      what: `${samples} samples of a question need written answers, and ${suite} reads its answers from log-probabilities, which are always the same`,
      todo: `leave --samples out, or run ${suite} by itself`,
    });
  }
  if (temperature === 0) {
    throw new EvalrunError('usage/samples', {
      what: `${samples} samples of a question need a temperature above 0, because greedy samples are all the same`,
      todo: 'add e.g. --temperature 0.8, or leave --samples out',
    });
  }
}
