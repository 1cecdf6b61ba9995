/** Whether an answer means the same as a key: the one question that grading mathematics asks. */
import { compareAnswers } from './compare-answers.js';
import { MAX_FORMULA_LENGTH, normalizeLatex } from './normalize-latex.js';
import { parseAnswer } from './parse-answer.js';
import { Refusal, WorkBudget } from './refusal.js';
import type { Verdict } from './verdict.js';

export type { Verdict } from './verdict.js';

/**
 * Compares two formulas by meaning. Never throws; the work is bounded, so it ends within 100 ms whatever the strings are,
 * and what exceeds the bound is unequal by the rule `too-large`.
 *
 * Symmetric except where a key leaves something open that an answer may fill in: a list without brackets may be given
 * as a point, a percentage as a fraction, and a number in base b without its base.
 *
 * @param gold the key, a formula in LaTeX or plain text
 * @param answer the same; use `formulaIn` to find one in prose
 * @example equal('\\frac94\\pi', '\\frac{9\\pi}{4}') // { equal: true, rule: 'constant' }
 */
export function equal(gold: string, answer: string): Verdict {
  if (gold.trim() === '' || answer.trim() === '') return { equal: false, rule: 'empty' };
  if (Math.max(gold.length, answer.length) > MAX_FORMULA_LENGTH) {
    return gold === answer ? { equal: true, rule: 'exact' } : { equal: false, rule: 'too-large' };
  }
  const [key, given] = [normalizeLatex(gold), normalizeLatex(answer)];
  if (key === '' || given === '') return { equal: false, rule: 'empty' };
  if (key === given) return { equal: true, rule: 'exact' };
  if (Math.max(key.length, given.length) > 2 * MAX_FORMULA_LENGTH) return { equal: false, rule: 'too-large' };
  try {
    const budget = new WorkBudget();
    return compareAnswers(parseAnswer(key, budget), parseAnswer(given, budget), budget);
  } catch (error) {
    if (error instanceof Refusal) return { equal: false, rule: error.reason };
    throw error;
  }
}
