/** The headline of each suite with its interval, and what others published under the same protocol beside it. */
import type { RunReportData, SuiteRecord } from '../../runner/report-data.js';
import type { SuiteMetrics } from '../../runner/run-summary.js';
import { renderCount, renderInterval, renderPercent } from '../quantity.js';
import { raw, type TextRef, text } from '../text.js';
import { type ForestRow, forestRow, place } from './forest-row.js';
import { protocolOf } from './provenance.js';
import type { RunSection } from './section.js';
import { chanceOf, suiteName } from './suite-name.js';

export function scores({ record, metrics }: RunReportData): RunSection {
  const suites = record.suites.flatMap((suite) => {
    const found = metrics.suites[suite.suite];
    return found === undefined ? [] : [scoresOf(suite, found)];
  });
  return { id: 'scores', title: text('scores.title'), view: { suites } };
}

function scoresOf(record: SuiteRecord, suite: SuiteMetrics) {
  const chance = chanceOf(suite);
  const isSampled = (suite.written?.samples ?? 1) > 1;
  return {
    name: suiteName(record.suite),
    protocol: raw(protocolOf(record)),
    accuracy: renderPercent(suite.accuracy),
    interval: renderInterval(suite),
    n: text(isSampled ? 'scores.samples' : 'scores.questions', { n: renderCount(suite.n) }),
    isInvalid: suite.invalid !== undefined,
    rows: rowsOf(suite, chance),
    passes: isSampled ? passesOf(suite) : [],
    published: suite.published.map(({ model, score, source }) => ({
      model,
      source,
      accuracy: renderPercent(score),
      at: place(score),
    })),
    noPublished: suite.published.length === 0 ? whyNonePublished(record) : null,
    isPart: suite.published.length > 0 && asksPart(record, suite),
    intervalHow: suite.interval,
    notes: suite.notes,
  };
}

function rowsOf(suite: SuiteMetrics, chance: number | null): ForestRow[] {
  const isMicro = suite.average === 'micro';
  const micro = forestRow(text('scores.micro'), suite.micro, { chance, isHeadline: isMicro });
  if (suite.macro.groups <= 1) return [micro];
  const macro = forestRow(text('scores.macro', { groups: suite.macro.groups }), suite.macro, {
    chance,
    isHeadline: !isMicro,
  });
  return isMicro ? [micro, macro] : [macro, micro];
}

function passesOf(suite: SuiteMetrics) {
  return Object.entries(suite.pass_at_k ?? {}).map(([k, { mean, standard_error: error, tasks }]) => ({
    k,
    mean: renderPercent(mean),
    error: error === null ? '' : `± ${(error * 100).toFixed(1)}`,
    tasks: renderCount(tasks),
  }));
}

/** Published numbers are about the published questions. */
function whyNonePublished({ datasets, published }: SuiteRecord): TextRef | null {
  if (published.length === 0) return null;
  return datasets.every(({ source }) => source === 'embedded') ? text('scores.embedded') : null;
}

/** Whether the data files hold more questions than were asked. */
function asksPart({ datasets }: SuiteRecord, suite: SuiteMetrics): boolean {
  const files = datasets.flatMap((dataset) => dataset.files).filter(({ path }) => !/\bdev\b|_dev\./.test(path));
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  return suite.n < rows;
}

/** For the index of several runs and for Markdown. */
export function headlineOf(suite: SuiteMetrics): string {
  return `${renderPercent(suite.accuracy)} (${renderInterval(suite)})`;
}
