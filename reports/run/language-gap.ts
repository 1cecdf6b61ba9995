/** English against Chinese, where a run asks in both. */
import type { RunReportData } from '../../runner/report-data.js';
import { renderPoints } from '../quantity.js';
import { text } from '../text.js';
import { forestRow } from './forest-row.js';
import type { RunSection } from './section.js';

export function languageGap({ metrics }: RunReportData): RunSection | null {
  const gap = metrics.language_gap;
  if (gap === null) return null;
  const { english, chinese, difference, low, high, interval } = gap;
  return {
    id: 'language-gap',
    title: text('gap.title'),
    view: {
      rows: [
        forestRow(text('gap.english'), english, { chance: null }),
        forestRow(text('gap.chinese'), chinese, { chance: null }),
      ],
      sentence: text('gap.sentence', {
        difference: renderPoints(difference),
        low: renderPoints(low),
        high: renderPoints(high),
      }),
      includesZero: low <= 0 && high >= 0,
      interval,
    },
  };
}
