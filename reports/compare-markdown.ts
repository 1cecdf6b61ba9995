/** A comparison as Markdown, for a pull request, an issue or the summary of a CI job. */
import type { Band, Comparison, Flip, SuiteComparison } from '../runner/compare/comparison.js';
import { costRows, ratioText } from './compare/cost.js';
import { points } from './compare/points.js';
import { markdownText, table } from './markdown.js';
import { renderCount, renderPercent } from './quantity.js';
import { compareTexts } from './texts/compare.js';

const shownFlips = 20;

/** One document; what runs and datasets wrote is escaped, so that it stays text. */
export function renderCompareMarkdown(comparison: Comparison): string {
  const { baseline, candidate, suites, differs, aa, warnings } = comparison;
  const parts = [
    `# Comparison: ${comparison.verdict}`,
    [
      `- baseline: ${markdownText(baseline.folder)} (${markdownText(baseline.model)}, ${baseline.dtype}, ${markdownText(baseline.device)})`,
      `- candidate: ${markdownText(candidate.folder)} (${markdownText(candidate.model)}, ${candidate.dtype}, ${markdownText(candidate.device)})`,
    ].join('\n'),
    suiteTable(suites),
    `Differences are candidate - baseline in points, with two-sided ${comparison.confidence * 100} % intervals.`,
    ...Object.entries(suites).map(([name, suite]) => suitePart(name, suite)),
    '## Cost',
    costTable(comparison.cost),
  ];
  if (aa !== null) {
    parts.push(
      '## A/A control',
      `${markdownText(aa.folder)}: **${aa.finding}**, ${renderCount(aa.samples)} samples, ${renderCount(aa.flips)} flips, ${renderCount(aa.different_lines)} lines that differ.`,
    );
  }
  if (differs.length > 0) {
    const rows = differs.map(({ field, baseline: before, candidate: after }) =>
      [field, before, after].map(markdownText),
    );
    parts.push('## What differs', table(['', 'baseline', 'candidate'], rows));
  }
  if (warnings.length > 0)
    parts.push('## Warnings', warnings.map((warning) => `- ${markdownText(warning)}`).join('\n'));
  return `${parts.join('\n\n')}\n`;
}

/** One row per suite: scores, difference, interval, flips, verdict. */
export function suiteTable(suites: Comparison['suites']): string {
  const rows = Object.entries(suites).map(([name, suite]) => [
    markdownText(name),
    renderCount(suite.n),
    renderPercent(suite.accuracy.baseline),
    renderPercent(suite.accuracy.candidate),
    points(suite.difference),
    `${points(suite.low)} to ${points(suite.high)}`,
    renderCount(suite.flips),
    `**${suite.verdict}**`,
  ]);
  return table(['suite', 'pairs', 'baseline', 'candidate', 'difference', '95 % interval', 'flips', 'verdict'], rows);
}

function suitePart(name: string, suite: SuiteComparison): string {
  const { worse, better, answers_changed: changed, flip_list: flips } = suite;
  const lines = [
    `## ${markdownText(name)}: ${suite.verdict}`,
    markdownText(suite.explanation),
    `${renderCount(worse)} lost, ${renderCount(better)} gained, ${renderCount(changed)} answers changed. Interval: ${markdownText(suite.interval)}.`,
  ];
  const bands = suite.flip_bands.filter(({ count }) => count > 0);
  if (bands.length > 0) lines.push(`By margin in nats: ${bands.map(bandText).join(', ')}.`);
  if (flips.length > 0) {
    lines.push(
      table(['sample', 'key', 'baseline', 'candidate', 'margins, nats', ''], flips.slice(0, shownFlips).map(flipRow)),
    );
    if (flips.length > shownFlips) lines.push(`The ${shownFlips} largest of ${renderCount(flips.length)}.`);
  }
  return lines.join('\n\n');
}

function bandText({ from, to, count }: Band): string {
  const range = from === null || from === 0 ? `under ${to}` : to === null ? `from ${from}` : `${from} to ${to}`;
  return `${range}: ${count}`;
}

function flipRow({ sample, target, baseline, candidate, kind }: Flip): string[] {
  const margin = (value: number | null) => (value === null ? '-' : value.toFixed(2));
  const answer = (value: string | null) => markdownText((value ?? '-').slice(0, 60));
  return [
    markdownText(sample),
    answer(target),
    answer(baseline.answer),
    answer(candidate.answer),
    `${margin(baseline.margin)} to ${margin(candidate.margin)}`,
    kind,
  ];
}

function costTable({ baseline, candidate }: Comparison['cost']): string {
  return table(
    ['', 'baseline', 'candidate', 'ratio'],
    costRows.map(([key, value, render]) => {
      const [before, after] = [value(baseline), value(candidate)];
      const cell = (amount: number | null) => (amount === null ? 'not recorded' : render(amount));
      return [compareTexts[`costs.${key}`][0], cell(before), cell(after), ratioText(before, after)];
    }),
  );
}
