/** A run in a few lines of Markdown, for pull requests and issues. */
import type { RunReportData } from '../runner/report-data.js';
import type { SuiteMetrics } from '../runner/run-summary.js';
import { translate } from './browser/translate.js';
import { renderCount, renderInterval, renderPercent, renderPoints } from './quantity.js';
import { noticesOf } from './run/notices.js';
import { protocolOf, versionOf } from './run/provenance.js';
import { accuracyBounds, endings } from './run/statuses.js';
import { suiteName } from './run/suite-name.js';
import { visibleRun } from './run-report.js';
import { type Language, type TextRef, text } from './text.js';
import { runTexts } from './texts/run.js';

/** Ends with a newline. What a run wrote is escaped: it is text here, too, and no markup. */
export function renderRunMarkdown(run: RunReportData, language: Language = 'en'): string {
  const shown = visibleRun(run);
  const { record, metrics } = shown;
  const say = (ref: TextRef) => escapeMarkdown(translate(runTexts, language, ref));
  const header = [
    'markdown.suite',
    'markdown.protocol',
    'scores.n',
    'scores.accuracy',
    'scores.interval',
    'markdown.unjudged',
  ];
  const rows = record.suites.flatMap((suite) => {
    const found = metrics.suites[suite.suite];
    if (found === undefined) return [];
    const cells = [
      suiteName(suite.suite),
      protocolOf(suite),
      renderCount(found.n),
      found.invalid === undefined ? `${renderPercent(found.accuracy)}` : `~~${renderPercent(found.accuracy)}~~`,
      renderInterval(found),
      unjudgedText(found, say),
    ];
    return [`| ${cells.map((cell, at) => (at === 3 || at === 5 ? cell : escapeMarkdown(cell))).join(' | ')} |`];
  });
  const { model, engine, evalrun } = record;
  return [
    `### ${escapeMarkdown(record.id)}`,
    '',
    `${escapeMarkdown(`${model.name}, ${engine.dtype}, ${engine.device}, ${versionOf(evalrun)}, ${record.created.slice(0, 10)}`)}`,
    '',
    ...noticesOf(shown)
      .flatMap((notice) => [`> ⚠ ${say(notice)}`, '>'])
      .slice(0, -1),
    ...(noticesOf(shown).length > 0 ? [''] : []),
    `| ${header.map((key) => say(text(key))).join(' | ')} |`,
    '|---|---|---:|---:|---:|---|',
    ...rows,
    ...gapLines(shown, say),
    '',
  ].join('\n');
}

function unjudgedText(suite: SuiteMetrics, say: (ref: TextRef) => string): string {
  const { low, high, unjudged } = accuracyBounds(suite);
  if (unjudged === 0) return say(text('markdown.none'));
  const counts = endings.flatMap((ending) => {
    const n = ending === 'missing' ? suite.missing : suite.statuses[ending];
    return n === 0 || ending === 'correct' || ending === 'wrong'
      ? []
      : [`${renderCount(n)} ${say(text(`status.${ending}`))}`];
  });
  return `${counts.join(', ')} (${say(text('markdown.bounds', { low: renderPercent(low), high: renderPercent(high) }))})`;
}

function gapLines({ metrics }: RunReportData, say: (ref: TextRef) => string): string[] {
  const gap = metrics.language_gap;
  if (gap === null) return [];
  const args = { difference: renderPoints(gap.difference), low: renderPoints(gap.low), high: renderPoints(gap.high) };
  return ['', say(text('gap.sentence', args))];
}

/** Nothing in it is markup any more, not even a mention of a person or an issue. */
export function escapeMarkdown(value: string): string {
  return value
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]()#!|~$]/g, '\\$&')
    .replace(/@/g, '&#64;')
    .replace(/(https?|ftp):/gi, '$1&#58;')
    .replace(/\s*[\r\n]+\s*/g, ' ');
}
