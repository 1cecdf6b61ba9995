/** A gate's decision as Markdown, for the summary of a CI job or a pull request. */
import type { GatedSuite, GateResult } from '../runner/gate/gate-result.js';
import { points } from './compare/points.js';
import { markdownText, table } from './markdown.js';
import { renderCount, renderPercent } from './quantity.js';

const signs: Readonly<Record<GatedSuite['effect'], string>> = {
  pass: 'pass',
  fail: '**FAIL**',
  'cannot-tell': '**cannot tell**',
  warn: 'warning',
};

const titles = { pass: 'passed', regression: 'failed', undecided: 'cannot tell' } as const;

const shownFlips = 10;

/** One short document; what runs and datasets wrote is escaped. */
export function renderGateMarkdown(result: GateResult): string {
  const suites = Object.entries(result.suites);
  const parts = [
    `## Gate ${titles[result.verdict]}`,
    markdownText(result.summary),
    table(
      ['suite', 'tier', 'score', 'difference, points', 'tolerated', 'flips', 'result'],
      suites.map(([name, suite]) => suiteRow(name, suite)),
    ),
    suites.map(([name, { explanation }]) => `- ${markdownText(`${name}: ${explanation}`)}`).join('\n'),
  ];
  const lost = suites.flatMap(
    ([, { comparison }]) => comparison?.flip_list.filter(({ kind }) => kind === 'lost') ?? [],
  );
  if (lost.length > 0) {
    const rows = lost
      .slice(0, shownFlips)
      .map(({ sample, target, candidate, size }) => [
        markdownText(sample),
        markdownText(target.slice(0, 40)),
        markdownText((candidate.answer ?? '-').slice(0, 40)),
        size === null ? '-' : size.toFixed(2),
      ]);
    const title = lost.length > shownFlips ? `The largest of ${renderCount(lost.length)} lost samples` : 'Lost samples';
    parts.push(`### ${title}`, table(['sample', 'key', 'answer', 'nats'], rows));
  }
  if (result.warnings.length > 0) parts.push(result.warnings.map((warning) => `- ${markdownText(warning)}`).join('\n'));
  return `${parts.join('\n\n')}\n`;
}

function suiteRow(name: string, suite: GatedSuite): string[] {
  const { comparison, accuracy } = suite;
  const difference =
    comparison === null
      ? '-'
      : `${points(comparison.difference)} (${points(comparison.low)} to ${points(comparison.high)})`;
  return [
    markdownText(name),
    suite.tier,
    accuracy === null ? '-' : renderPercent(accuracy),
    difference,
    (suite.max_drop * 100).toFixed(2),
    comparison === null ? '-' : renderCount(comparison.flips),
    signs[suite.effect],
  ];
}
