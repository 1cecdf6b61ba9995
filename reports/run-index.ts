/** A page that lists several runs, each with a link to its own page beside this one. */
import type { RunReportData } from '../runner/report-data.js';
import { renderPage } from './page.js';
import { headlineOf } from './run/scores.js';
import { suiteName } from './run/suite-name.js';
import { visibleRun } from './run-report.js';
import { renderTemplate } from './templates.js';
import { type Language, text } from './text.js';
import { runTexts } from './texts/run.js';

export interface ListedRun {
  /** Without the samples: pages of many runs are made one after the other. */
  readonly run: Pick<RunReportData, 'record' | 'metrics' | 'missing'>;
  /** Name of the page's file, in the same folder. */
  readonly page: string;
}

/** The row of one run, so that its samples need not be kept until the page is made. */
export function listedRun(run: RunReportData, page: string): ListedRun {
  const { record, metrics, missing } = visibleRun(run);
  return { run: { record, metrics, missing }, page };
}

export function renderRunIndex(runs: readonly ListedRun[], language: Language = 'en'): string {
  const view = {
    runs: runs.map(({ run: { record, metrics, missing }, page }) => ({
      id: record.id,
      page,
      model: record.model.name,
      dtype: record.engine.dtype,
      device: record.engine.device,
      date: record.created.slice(0, 10),
      state: missing > 0 ? text('index.incomplete') : text('index.complete'),
      suites: Object.entries(metrics.suites).map(([name, suite]) => ({
        name: suiteName(name),
        score: headlineOf(suite),
        isInvalid: suite.invalid !== undefined,
      })),
    })),
  };
  return renderPage({
    language,
    title: 'evalrun',
    heading: text('index.title'),
    dictionary: runTexts,
    sections: [
      {
        id: 'runs',
        title: text('index.runs'),
        html: renderTemplate('run/index', view, { dictionary: runTexts, language }),
      },
    ],
    styles: [{ file: 'run.css' }],
  });
}
