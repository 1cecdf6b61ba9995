/** Names of suites as their authors write them. */
import type { SuiteMetrics } from '../../runner/run-summary.js';

const titles: Readonly<Record<string, string>> = {
  mmlu: 'MMLU',
  ceval: 'C-Eval',
  cmmlu: 'CMMLU',
  math500: 'MATH-500',
  gsm8k: 'GSM8K',
  mgsm: 'MGSM',
  cmath: 'CMATH',
  humaneval: 'HumanEval',
};

export function suiteName(suite: string): string {
  return Object.hasOwn(titles, suite) ? (titles[suite] ?? suite) : suite;
}

/** `high_school_physics` -> `high school physics`; ids stay as they are in lists of samples. */
export function groupName(group: string): string {
  return group.replaceAll('_', ' ');
}

/** The accuracy of guessing, where answers are labels. */
export function chanceOf({ letters }: SuiteMetrics): number | null {
  const labels = Object.keys(letters?.keyed ?? {}).length;
  return labels === 0 ? null : 1 / labels;
}
