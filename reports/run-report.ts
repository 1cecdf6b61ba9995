/** report.html of a run: provenance, scores, failures, speed, memory, cost and every sample, in one file. */
import { gzipSync } from 'node:zlib';
import type { RunReportData } from '../runner/report-data.js';
import { formulaStyle } from './formula-style.js';
import { type DataBlock, type PageSection, renderPage } from './page.js';
import { answers } from './run/answers.js';
import { cost } from './run/cost.js';
import { expertData, experts } from './run/experts.js';
import { languageGap } from './run/language-gap.js';
import { letters } from './run/letters.js';
import { memory } from './run/memory.js';
import { provenance } from './run/provenance.js';
import { packSamples } from './run/sample-data.js';
import { samples } from './run/samples.js';
import { scores } from './run/scores.js';
import type { RunSection } from './run/section.js';
import { statuses } from './run/statuses.js';
import { subjects } from './run/subjects.js';
import { throughput } from './run/throughput.js';
import { renderTemplate } from './templates.js';
import { type Language, raw } from './text.js';
import { runTexts } from './texts/run.js';
import { visibleData } from './visible-text.js';

export interface RunReportOptions {
  /** In which the page opens; its reader can switch. Default English. */
  readonly language?: Language;
  /** US dollars for an hour of the device; null or absent: the reader types one in. */
  readonly price?: number | null;
}

/** The whole page; the same bytes for the same run and options. */
export function renderRunReport(run: RunReportData, options: RunReportOptions = {}): string {
  const { language = 'en', price = null } = options;
  const { samples: packed, ...shown } = { samples: packSamples(run), ...visibleRun(run) };
  const sections = sectionsOf(shown, price);
  const mathematics = packed.formulas.length > 0;
  const loads = expertData(shown.telemetry?.experts ?? []);
  const data: DataBlock[] = [{ id: 'sample-data', content: { base64: packed.base64 } }];
  if (loads !== null) {
    data.push({ id: 'expert-data', content: { base64: gzipSync(JSON.stringify(loads)).toString('base64') } });
  }
  return renderPage({
    language,
    title: `${shown.record.id} · evalrun`,
    heading: raw(shown.record.id),
    dictionary: runTexts,
    sections: sections.map(({ id, title, view }): PageSection => {
      return { id, title, html: renderTemplate(`run/${id}`, view, { dictionary: runTexts, language }) };
    }),
    charts: sections.flatMap(({ charts = [] }) => charts),
    scripts: ['sortable-tables.js', 'cost-input.js', 'samples.js', ...(loads === null ? [] : ['expert-heat.js'])],
    styles: [{ file: 'run.css' }, ...(mathematics ? [{ text: formulaStyle(packed.formulas) }] : [])],
    data,
    mathematics,
  });
}

function sectionsOf(run: RunReportData, price: number | null): RunSection[] {
  return [
    provenance(run),
    scores(run),
    subjects(run),
    statuses(run),
    languageGap(run),
    letters(run),
    answers(run),
    throughput(run),
    memory(run),
    experts(run),
    cost(run, price),
    samples(run),
  ].filter((section) => section !== null);
}

/** The run with every string of it made visible; the lines are taken care of where they are packed. */
export function visibleRun(run: RunReportData): RunReportData {
  const { telemetry } = run;
  return {
    ...run,
    record: visibleData(run.record),
    metrics: visibleData(run.metrics),
    telemetry: telemetry === null ? null : { ...telemetry, experts: visibleData(telemetry.experts) },
  };
}
