/** The verdict of each suite, its interval beside the tolerated drop, and why. */
import type { Comparison, SuiteComparison } from '../../runner/compare/comparison.js';
import { renderCount, renderPercent } from '../quantity.js';
import { suiteName } from '../run/suite-name.js';
import { raw, type TextRef, text } from '../text.js';
import { plainPoints, points } from './points.js';
import type { CompareSection } from './section.js';

export function verdicts({ suites, warnings, only_in: only }: Comparison): CompareSection {
  const list = Object.entries(suites).map(([name, suite]) => ({ name: suiteName(name), suite }));
  const scale = scaleOf(Object.values(suites));
  const left = [
    ...(only.baseline.length > 0 ? [text('verdict.only-baseline', { names: only.baseline.join(', ') })] : []),
    ...(only.candidate.length > 0 ? [text('verdict.only-candidate', { names: only.candidate.join(', ') })] : []),
  ];
  return {
    id: 'verdicts',
    title: text('verdict.title'),
    view: {
      warnings,
      suites: list.map(({ name, suite }) => ({ ...viewOf(name, suite), plot: plotOf(suite, scale) })),
      facts: list.flatMap(({ name, suite }) => factsOf(name, suite)),
      left,
    },
  };
}

function viewOf(name: string, suite: SuiteComparison) {
  const { verdict, difference, low, high, accuracy, flips, n, sign_test: test, reason } = suite;
  return {
    name,
    verdict: text(`verdict.${verdict}`),
    tone: verdict === 'pass' ? 'good' : verdict === 'regression' ? 'bad' : 'muted',
    difference: points(difference),
    interval: `${points(low)} … ${points(high)}`,
    baseline: renderPercent(accuracy.baseline),
    candidate: renderPercent(accuracy.candidate),
    flips: renderCount(flips),
    n: renderCount(n),
    reason: reasonOf(suite),
    few:
      (reason === 'above-margin' || reason === 'too-few-questions') && test.discordant <= 5
        ? text('verdict.few', { discordant: test.discordant })
        : null,
  };
}

/** The explanation of a verdict as a text that has a translation. */
export function reasonOf(suite: SuiteComparison): TextRef {
  const { reason, margin, low, high, questions, questions_to_decide: enough, p_regression_holm: p, defects } = suite;
  return text(`reason.${reason}`, {
    margin: plainPoints(margin),
    worst: plainPoints(Math.max(0, -low)),
    least: plainPoints(-high),
    low: points(low),
    high: points(high),
    questions: renderCount(questions),
    enough: renderCount(enough ?? 0),
    p: p.toFixed(3),
    missing: renderCount(defects.missing),
    errors: renderCount(defects.engine_errors),
    why: defects.invalid.join('; '),
  });
}

function factsOf(suite: string, { sign_test: test, minimum_detectable: least, interval }: SuiteComparison): TextRef[] {
  const p = (value: number) => (value < 0.001 ? value.toExponential(1) : value.toFixed(3));
  return [
    raw(`${suite}: ${interval}.`),
    ...(test.discordant === 0
      ? []
      : [
          text('verdict.test', {
            suite,
            method: test.method,
            discordant: renderCount(test.discordant),
            two: p(test.two_sided),
            one: p(test.one_sided),
          }),
        ]),
    ...(least === null
      ? []
      : [text('verdict.power', { suite, effect: plainPoints(least.effect), z: least.z.toFixed(2) })]),
  ];
}

/** A picture of an interval: the difference, no difference, and the tolerated drop, as places along the width. */
function plotOf({ difference, low, high, margin }: SuiteComparison, scale: number) {
  const at = (value: number) => `${(50 + (50 * value) / scale).toFixed(2)}%`;
  return { difference: at(difference), low: at(low), high: at(high), margin: at(-margin) };
}

/** The same for all suites of a page, with some room at its ends. */
function scaleOf(suites: readonly SuiteComparison[]): number {
  return 1.08 * Math.max(...suites.flatMap(({ low, high, margin }) => [-low, high, margin]), 0.001);
}
