/** Written answers: which rule found them, what decided, and how generation ended. */
import type { RunReportData } from '../../runner/report-data.js';
import { renderCount, renderPercent } from '../quantity.js';
import { raw, type TextRef, text } from '../text.js';
import { place } from './forest-row.js';
import type { RunSection } from './section.js';
import { suiteName } from './suite-name.js';

interface ShareRow {
  readonly name: TextRef;
  readonly n: string;
  readonly share: string;
  readonly width: string;
}

export function answers({ metrics, lines }: RunReportData): RunSection | null {
  const suites = Object.entries(metrics.suites).flatMap(([name, { written }]) => {
    if (written === undefined) return [];
    const answered = lines.filter((line) => line.suite === name).length;
    const found = sum(written.extracted_by);
    const { stop, eos, truncated } = written.ends;
    return [
      {
        name: suiteName(name),
        tables: [
          {
            title: text('answers.extracted'),
            rows: [
              ...sharesOf(written.extracted_by, answered),
              ...(found < answered ? [shareOf(text('answers.none'), answered - found, answered)] : []),
            ],
          },
          { title: text('answers.rules'), rows: sharesOf(written.rules, answered) },
          {
            title: text('answers.ends'),
            rows: [
              shareOf(text('end.eos'), eos, answered),
              shareOf(text('end.stop'), stop, answered),
              shareOf(text('end.truncated'), truncated, answered),
            ],
          },
        ],
      },
    ];
  });
  return suites.length === 0 ? null : { id: 'answers', title: text('answers.title'), view: { suites } };
}

function sharesOf(counts: Readonly<Record<string, number>>, all: number): ShareRow[] {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, n]) => shareOf(raw(name), n, all));
}

function shareOf(name: TextRef, n: number, all: number): ShareRow {
  const share = all === 0 ? 0 : n / all;
  return { name, n: renderCount(n), share: renderPercent(share), width: place(share) };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, n) => total + n, 0);
}
