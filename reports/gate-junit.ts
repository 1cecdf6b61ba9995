/** A gate's decision as JUnit XML, which every CI server reads: a suite of the run is a test suite, what was asked of it a test. */
import { create } from 'xmlbuilder2';
import type { GatedSuite, GateResult } from '../runner/gate/gate-result.js';
import { points } from './compare/points.js';
import { renderCount } from './quantity.js';

const shownFlips = 100;

/**
 * Text for xmlbuilder2. XML 1.0 has no way to write control characters, lone surrogates and two others, escaped or not; what a model
 * wrote may hold them. The builder leaves what looks like an entity as it is, so that `&lt;` would come out as `<`.
 */
function xmlText(text: string): string {
  return text.replaceAll(/[\p{Cs}\ufffe\uffff]|(?![\t\n\r])\p{Cc}/gu, '\ufffd').replaceAll('&', '&amp;');
}

/**
 * A document that Jenkins' junit-10.xsd and Maven Surefire's report schema both accept. A regression is a failure; what cannot be told
 * is an error, because the gate stops there too; what decides nothing is skipped.
 */
export function renderJunit(result: GateResult): string {
  const suites = Object.entries(result.suites);
  const tests = suites.map(([name, suite]) => ({ name, suite, cases: casesOf(suite) }));
  const count = (effects: readonly Case['effect'][], cases: readonly Case[]) =>
    String(cases.filter(({ effect }) => effects.includes(effect)).length);
  const all = tests.flatMap(({ cases }) => cases);
  const seconds = result.comparison?.cost.candidate.wall_seconds ?? 0;
  const document = create({ version: '1.0', encoding: 'UTF-8' }).ele('testsuites', {
    name: xmlText(`evalrun gate: ${result.summary}`),
    tests: String(all.length),
    failures: count(['fail'], all),
    errors: count(['cannot-tell'], all),
    time: seconds.toFixed(3),
  });
  for (const { name, suite, cases } of tests) {
    const element = document.ele('testsuite', {
      name: xmlText(name),
      tests: String(cases.length),
      failures: count(['fail'], cases),
      errors: count(['cannot-tell'], cases),
      skipped: count(['warn'], cases),
      time: '0.000',
    });
    const properties = element.ele('properties');
    for (const [key, value] of propertiesOf(result, suite)) {
      properties.ele('property', { name: key, value: xmlText(value) });
    }
    for (const { title, effect, message } of cases) {
      const test = element.ele('testcase', {
        name: xmlText(title),
        classname: xmlText(`evalrun.${name}`),
        time: '0.000',
      });
      if (effect === 'fail')
        test.ele('failure', { message: xmlText(message), type: 'regression' }).txt(xmlText(message));
      // The one order of children that both schemas take.
      if (effect === 'warn') test.ele('skipped', { message: xmlText(message) });
      if (effect === 'cannot-tell')
        test.ele('error', { message: xmlText(message), type: 'cannot-tell' }).txt(xmlText(message));
      const flips = flipText(suite);
      if (effect !== 'pass' && flips !== '') test.ele('system-out').txt(xmlText(flips));
    }
  }
  return `${document.end({ prettyPrint: true })}\n`;
}

interface Case {
  readonly title: string;
  readonly effect: GatedSuite['effect'];
  readonly message: string;
}

/** One test for the drop, and one for the least accuracy where the policy asks for one. */
function casesOf(suite: GatedSuite): Case[] {
  const { outcome, effect, explanation, min_accuracy: least, max_drop, accuracy } = suite;
  const isLow = outcome === 'below-minimum';
  const drop: Case = {
    title: `does not drop by more than ${(max_drop * 100).toFixed(2)} points`,
    // What was found about the drop itself, where the score is too low anyway.
    effect: isLow ? (suite.comparison?.verdict === 'pass' ? 'pass' : 'warn') : effect,
    message: isLow ? (suite.comparison?.explanation ?? 'not compared') : explanation,
  };
  if (least === null) return [drop];
  const found = accuracy === null ? 'not measured' : `${(accuracy * 100).toFixed(1)} %`;
  const floor: Case = {
    title: `has at least ${(least * 100).toFixed(1)} % right`,
    effect: isLow ? effect : accuracy === null || accuracy < least ? 'cannot-tell' : 'pass',
    message: isLow ? explanation : found,
  };
  return [drop, floor];
}

function propertiesOf({ candidate, baseline }: GateResult, suite: GatedSuite): [string, string][] {
  const { comparison } = suite;
  return [
    ['tier', suite.tier],
    ['outcome', suite.outcome],
    ['candidate', candidate.folder],
    ['candidate ran', candidate.created],
    ['baseline', baseline?.folder ?? 'none'],
    ...(comparison === null
      ? []
      : ([
          ['difference, points', points(comparison.difference)],
          ['95 % interval, points', `${points(comparison.low)} to ${points(comparison.high)}`],
          ['pairs', renderCount(comparison.n)],
          ['flips', renderCount(comparison.flips)],
        ] as [string, string][])),
  ];
}

function flipText({ comparison }: GatedSuite): string {
  const flips = (comparison?.flip_list ?? []).filter(({ kind }) => kind !== 'changed');
  const lines = flips.slice(0, shownFlips).map(({ sample, kind, target, baseline, candidate, size }) => {
    const nats = size === null ? '' : `, ${size.toFixed(2)} nats`;
    return `${kind} ${sample}: key ${target}, ${baseline.answer ?? '-'} -> ${candidate.answer ?? '-'}${nats}`;
  });
  if (flips.length > shownFlips) lines.push(`and ${flips.length - shownFlips} more`);
  return lines.join('\n');
}
