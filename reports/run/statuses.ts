/** What became of every planned sample, and how far the accuracy could lie from what was counted. */
import type { RunReportData } from '../../runner/report-data.js';
import { type SampleStatus, type SuiteMetrics, sampleStatuses } from '../../runner/run-summary.js';
import { renderCount, renderPercent } from '../quantity.js';
import { text } from '../text.js';
import { place } from './forest-row.js';
import type { RunSection } from './section.js';
import { suiteName } from './suite-name.js';

/** A sample's status, or that it has none yet. */
export type Ending = SampleStatus | 'missing';

export const endings: readonly Ending[] = [...sampleStatuses, 'missing'];

export function statuses({ metrics }: RunReportData): RunSection {
  const suites = Object.entries(metrics.suites).map(([name, suite]) => {
    const present = endings.filter((ending) => countOf(suite, ending) > 0);
    let from = 0;
    return {
      name: suiteName(name),
      parts: present.map((ending) => {
        const share = countOf(suite, ending) / suite.micro.n;
        const part = { ending, x: place(from), width: place(share) };
        from += share;
        return part;
      }),
      rows: present.map((ending) => ({
        ending,
        name: text(`status.${ending}`),
        meaning: text(`status.${ending}.meaning`),
        n: renderCount(countOf(suite, ending)),
        share: renderPercent(countOf(suite, ending) / suite.micro.n),
      })),
      bounds: boundsText(suite),
    };
  });
  return { id: 'statuses', title: text('statuses.title'), view: { suites } };
}

function countOf(suite: SuiteMetrics, ending: Ending): number {
  return ending === 'missing' ? suite.missing : suite.statuses[ending];
}

/** The accuracy over all samples if those without a judged answer were all wrong, and if they were all right. */
export function accuracyBounds(suite: SuiteMetrics): { low: number; high: number; unjudged: number } {
  const { correct, wrong } = suite.statuses;
  const { n } = suite.micro;
  return { low: correct / n, high: (n - wrong) / n, unjudged: n - correct - wrong };
}

function boundsText(suite: SuiteMetrics) {
  const { low, high, unjudged } = accuracyBounds(suite);
  if (unjudged === 0) return text('statuses.all-judged');
  return text('statuses.bounds', { n: renderCount(unjudged), low: renderPercent(low), high: renderPercent(high) });
}
