/** A chart as plain data: what is drawn, in words of the dictionary; browser/chart-config.ts says how it looks. */
import type { TextRef } from './text.js';

/** How numbers along an axis are written. */
export type Unit = 'number' | 'ratio' | 'points' | 'bytes' | 'seconds';

export interface ChartPoint {
  /** A number, or the index of a category. */
  readonly x: number;
  /** Null where nothing was measured: the line has a gap. */
  readonly y: number | null;
  /** Ends of the interval around y, drawn as a whisker. */
  readonly low?: number;
  readonly high?: number;
  /** Drawn as a ring: a value that does not count, such as an unfinished run's. */
  readonly hollow?: boolean;
}

export interface ChartSeries {
  readonly label: TextRef;
  readonly points: readonly ChartPoint[];
  /** Place in the palette; default the series' own place. */
  readonly colour?: number;
}

export interface ChartSpec {
  /** Also the id of the canvas. */
  readonly id: string;
  /** `rows` has its categories from top to bottom and its values to the right; `stack` is filled lines on one another. */
  readonly kind: 'line' | 'stack' | 'columns' | 'rows';
  /** Said to those who cannot see the chart, and above a PNG. */
  readonly title: TextRef;
  readonly x: { readonly label?: TextRef; readonly unit: Unit; readonly categories?: readonly TextRef[] };
  readonly y: {
    readonly label?: TextRef;
    readonly unit: Unit;
    readonly min?: number;
    readonly max?: number;
    /** Steps of ten times as much; all values are above 0. */
    readonly logarithmic?: boolean;
  };
  readonly series: readonly ChartSeries[];
}
