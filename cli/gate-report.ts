/** A gate's decision as text for a terminal. */
import Table from 'cli-table3';
import type { GatedSuite, GateResult } from '../runner/gate/gate-result.js';
import { renderControl, renderPoints } from './compare-report.js';
import { renderPercent } from './quantity.js';
import { plainText, wrapText } from './wrap-text.js';

/** A table, a sentence for each suite, and the decision as the last line, however narrow the terminal is. */
export function renderGateText({ suites, comparison, warnings, summary }: GateResult, columns?: number): string {
  const width = Math.max(60, Math.min(120, columns ?? process.stdout.columns ?? 80));
  const say = (text: string) => wrapText(plainText(text), width, 2);
  const table = new Table({
    head: ['suite', 'tier', 'score', 'difference, 95 % interval', 'result'],
    colAligns: ['left', 'left', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const [name, suite] of Object.entries(suites)) table.push(rowOf(name, suite));
  const lines = [
    table.toString(),
    ...Object.entries(suites).flatMap(([name, { explanation }]) => say(`${name}: ${explanation}`)),
    ...(comparison?.aa ? say(renderControl(comparison.aa)) : []),
    ...warnings.flatMap(say),
    '',
    plainText(summary),
  ];
  return lines.join('\n');
}

const effects: Readonly<Record<GatedSuite['effect'], string>> = {
  pass: 'pass',
  fail: 'fail',
  'cannot-tell': 'cannot tell',
  warn: 'warning',
};

function rowOf(name: string, { tier, accuracy, comparison, effect }: GatedSuite): string[] {
  const limits = comparison === null ? '' : ` (${renderPoints(comparison.low)} to ${renderPoints(comparison.high)})`;
  return [
    plainText(name),
    tier,
    accuracy === null ? '-' : renderPercent(accuracy),
    comparison === null ? '-' : `${renderPoints(comparison.difference)}${limits}`,
    effects[effect],
  ];
}
