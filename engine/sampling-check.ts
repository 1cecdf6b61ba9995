/** Refuses sampling options that mean nothing. */
import { EvalrunError } from '../errors.js';
import type { SamplingOptions } from './engine.js';

type Rule = readonly [name: keyof SamplingOptions, expected: string, holds: (value: number) => boolean];

const RULES: readonly Rule[] = [
  ['temperature', 'a number from 0', (value) => value >= 0],
  ['topP', 'a number above 0 and up to 1', (value) => value > 0 && value <= 1],
  ['topK', 'a whole number from 0', (value) => Number.isSafeInteger(value) && value >= 0],
  ['minP', 'a number from 0 to 1', (value) => value >= 0 && value <= 1],
  ['seed', 'a whole number', (value) => Number.isSafeInteger(value)],
];

/** @throws EvalrunError usage/sampling naming the option */
export function checkSampling(sampling: SamplingOptions = {}): void {
  for (const [name, expected, holds] of RULES) {
    const value = sampling[name];
    if (value === undefined || (Number.isFinite(value) && holds(value))) continue;
    throw new EvalrunError('usage/sampling', { what: `${name} is not usable`, expected, found: String(value) });
  }
}
