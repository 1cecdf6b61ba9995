/** What must be known before any number of a run is read. */
import type { RunReportData } from '../../runner/report-data.js';
import { renderCount } from '../quantity.js';
import { type TextRef, text } from '../text.js';
import { suiteName } from './suite-name.js';

export function noticesOf({ metrics, missing, record, remarks }: RunReportData): TextRef[] {
  const notices: TextRef[] = [];
  if (metrics.random) notices.push(text('notice.random'));
  for (const [name, { invalid }] of Object.entries(metrics.suites)) {
    if (invalid !== undefined) notices.push(text('notice.invalid', { suite: suiteName(name), reason: invalid }));
  }
  const { shard } = record.settings;
  if (shard !== undefined) notices.push(text('notice.shard', { shard }));
  if (missing > 0) {
    const planned = record.suites.flatMap(({ groups }) => Object.values(groups)).reduce((sum, n) => sum + n, 0);
    notices.push(text('notice.incomplete', { missing: renderCount(missing), planned: renderCount(planned) }));
  }
  if (record.sandbox?.rung === 'unsafe') notices.push(text('notice.unsafe'));
  for (const { suite, datasets } of record.suites) {
    for (const deviation of datasets.flatMap(({ deviations }) => deviations)) {
      notices.push(text('notice.deviation', { suite: suiteName(suite), deviation }));
    }
  }
  for (const remark of remarks) notices.push(text(`notice.${remark}`));
  return notices;
}
