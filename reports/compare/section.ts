/** A section of a comparison's page before it is HTML: a plain view for its template, and its charts. */
import type { ChartSpec } from '../chart-spec.js';
import type { TextRef } from '../text.js';

export interface CompareSection {
  /** Anchor, and the template `compare/<id>`. */
  readonly id: string;
  readonly title: TextRef;
  readonly view: object;
  readonly charts?: readonly ChartSpec[];
}
