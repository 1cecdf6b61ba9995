/** A section of a run's page before it is HTML: a plain view for its template, and its charts. */
import type { RunReportData } from '../../runner/report-data.js';
import type { ChartSpec } from '../chart-spec.js';
import type { TextRef } from '../text.js';

export interface RunSection {
  /** Anchor, and the template `run/<id>`. */
  readonly id: string;
  readonly title: TextRef;
  readonly view: object;
  readonly charts?: readonly ChartSpec[];
}

/** Null where the run has nothing to show there. */
export type SectionOf = (data: RunReportData) => RunSection | null;

/** A line of a list of facts. */
export interface Fact {
  readonly name: TextRef;
  readonly value: TextRef;
}
