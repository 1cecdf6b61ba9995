/** English against Chinese, where a run asks in both: of different questions, and of the same problems. */
import type { RunReportData } from '../../runner/report-data.js';
import type { Estimate } from '../../runner/run-summary.js';
import { renderCount, renderPoints } from '../quantity.js';
import { type TextRef, text } from '../text.js';
import { forestRow } from './forest-row.js';
import type { RunSection } from './section.js';
import { suiteName } from './suite-name.js';

interface Gap {
  readonly english: Estimate;
  readonly chinese: Estimate;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  readonly interval: string;
}

export function languageGap({ metrics }: RunReportData): RunSection | null {
  const { language_gap: gap, paired_language_gap: paired } = metrics;
  const parts = [
    ...(gap === null ? [] : [part(gap, text('gap.caveat'))]),
    ...(paired === undefined ? [] : [{ ...part(paired, pairedCaveat(paired)), name: suiteName(paired.suite) }]),
  ];
  return parts.length === 0 ? null : { id: 'language-gap', title: text('gap.title'), view: { parts } };
}

function part({ english, chinese, difference, low, high, interval }: Gap, caveat: TextRef) {
  return {
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
    caveat,
    interval,
  };
}

function pairedCaveat(gap: NonNullable<RunReportData['metrics']['paired_language_gap']>): TextRef {
  return text('gap.paired', {
    pairs: renderCount(gap.pairs),
    english: renderCount(gap.only_english),
    chinese: renderCount(gap.only_chinese),
  });
}
