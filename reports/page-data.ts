/** What a page's own script reads from the page. */
import type { ChartSpec } from './chart-spec.js';
import type { Dictionary } from './text.js';

export interface PageData {
  readonly dictionary: Dictionary;
  readonly charts: readonly ChartSpec[];
}
