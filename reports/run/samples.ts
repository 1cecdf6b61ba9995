/** The list of samples with its filters; the samples themselves are data of the page. */
import type { RunReportData } from '../../runner/report-data.js';
import { sampleStatuses } from '../../runner/run-summary.js';
import { renderCount } from '../quantity.js';
import { text } from '../text.js';
import type { RunSection } from './section.js';
import { suiteName } from './suite-name.js';

export function samples({ record, lines }: RunReportData): RunSection {
  const present = new Set(lines.map(({ status }) => status));
  return {
    id: 'samples',
    title: text('samples.title'),
    view: {
      n: renderCount(lines.length),
      hasSamples: lines.length > 0,
      statuses: sampleStatuses.flatMap((status, at) => (present.has(status) ? [{ at, key: `status.${status}` }] : [])),
      suites: record.suites.map(({ suite }, at) => ({ at, title: suiteName(suite) })),
      hasMargins: record.suites.some(({ generation }) => generation === undefined),
    },
  };
}
