/** The suites by name. */
import { nearestTo } from '../datasets/nearest-name.js';
import { EvalrunError } from '../errors.js';
import { bilingual } from './bilingual.js';
import { ceval } from './ceval.js';
import { cmath } from './cmath.js';
import { cmmlu } from './cmmlu.js';
import { gsm8k } from './gsm8k.js';
import { humaneval } from './humaneval.js';
import { humanevalMul } from './humaneval-mul.js';
import { humanevalPlus } from './humaneval-plus.js';
import { math500 } from './math500.js';
import { mgsm } from './mgsm.js';
import { mmlu } from './mmlu.js';
import type { Suite } from './suite.js';

const SUITES: readonly Suite[] = [
  mmlu,
  ceval,
  cmmlu,
  bilingual,
  math500,
  gsm8k,
  mgsm,
  cmath,
  humaneval,
  humanevalPlus,
  humanevalMul,
];

/** Every suite, in the order in which they are listed to people. */
export function listSuites(): readonly Suite[] {
  return SUITES;
}

/**
 * The suite of that name.
 *
 * @throws EvalrunError `usage/unknown-suite` with the nearest name and the list.
 */
export function getSuite(name: string): Suite {
  const suite = SUITES.find((candidate) => candidate.name === name);
  if (suite !== undefined) return suite;
  const names = SUITES.map((candidate) => candidate.name);
  throw new EvalrunError('usage/unknown-suite', {
    what: `there is no suite "${name}"`,
    expected: `one of ${names.join(', ')}`,
    todo: `the nearest name is "${nearestTo(name, names)}"`,
  });
}

/**
 * The names in a list such as `mmlu, ceval`, each once, in the order given.
 *
 * @throws EvalrunError `usage/unknown-suite` for a name that is none, `usage/no-suite` for an empty list.
 */
export function parseSuiteNames(text: string): string[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))].filter((name) => name !== '');
  if (names.length === 0) {
    throw new EvalrunError('usage/no-suite', {
      what: 'no suite was named',
      expected: `some of ${SUITES.map((suite) => suite.name).join(', ')}`,
      found: JSON.stringify(text),
    });
  }
  return names.map((name) => getSuite(name).name);
}
