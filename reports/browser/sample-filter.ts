/** Which samples a filter lets through, fast enough for every key that is pressed. */
import type { SampleData } from '../page-data.js';

export interface SampleFilter {
  /** Place in `statuses`; `not-correct` for all but the first, `unanswered` for all but correct and wrong. */
  readonly status: number | 'not-correct' | 'unanswered' | null;
  readonly suite: number | null;
  readonly group: number | null;
  /** Nats; samples without a margin pass only where neither is given. */
  readonly minMargin: number | null;
  readonly maxMargin: number | null;
  /** Found in ids, keys, answers and what was written, whatever the case. */
  readonly text: string;
  readonly sort: '' | 'margin' | '-margin' | '-length';
}

const textColumns = ['target', 'answer', 'output', 'thinking', 'rule', 'extractedBy', 'error', 'sandbox'] as const;

/** Looks for text in lower-case copies of ids and texts, made once. */
export class SampleSearch {
  private readonly lowerStrings: string[] = [];
  private readonly lowerIds: string[] = [];
  private lastNeedle = '';
  private lastFound = new Uint8Array(0);

  constructor(private readonly data: SampleData) {}

  /** Makes lower-case copies for at most `milliseconds`; true when all are there. */
  prepare(milliseconds = Number.POSITIVE_INFINITY): boolean {
    const end = performance.now() + milliseconds;
    const { strings, id } = this.data;
    while (this.lowerStrings.length < strings.length || this.lowerIds.length < id.length) {
      for (let step = 0; step < 500; step++) {
        if (this.lowerStrings.length < strings.length) {
          this.lowerStrings.push((strings[this.lowerStrings.length] ?? '').toLowerCase());
        } else if (this.lowerIds.length < id.length) {
          this.lowerIds.push((id[this.lowerIds.length] ?? '').toLowerCase());
        }
      }
      if (performance.now() > end) return false;
    }
    return true;
  }

  /** Places of the samples that pass, in the order asked for. */
  filter(filter: SampleFilter): number[] {
    const { data } = this;
    const passes = this.textTest(filter.text.trim().toLowerCase());
    const correct = data.statuses.indexOf('correct');
    const wrong = data.statuses.indexOf('wrong');
    const found: number[] = [];
    for (let at = 0; at < data.id.length; at++) {
      const status = data.status[at];
      const group = data.group[at] ?? -1;
      const margin = data.margin[at] ?? null;
      if (typeof filter.status === 'number' && status !== filter.status) continue;
      if (filter.status === 'not-correct' && status === correct) continue;
      if (filter.status === 'unanswered' && (status === correct || status === wrong)) continue;
      if (filter.group !== null && group !== filter.group) continue;
      if (filter.suite !== null && data.groups[group]?.suite !== filter.suite) continue;
      if (filter.minMargin !== null && (margin === null || margin < filter.minMargin)) continue;
      if (filter.maxMargin !== null && (margin === null || margin > filter.maxMargin)) continue;
      if (passes(at)) found.push(at);
    }
    return this.sort(found, filter.sort);
  }

  private textTest(needle: string): (at: number) => boolean {
    if (needle === '') return () => true;
    this.prepare();
    const { lowerIds, data } = this;
    const has = this.stringsWith(needle);
    const columns = textColumns.map((name) => data[name]);
    return (at) => {
      for (const column of columns) {
        const place = column[at] ?? -1;
        if (place >= 0 && has[place] === 1) return true;
      }
      return lowerIds[at]?.includes(needle) ?? false;
    };
  }

  /** Each further letter of a word is looked for only where the letters before it were found. */
  private stringsWith(needle: string): Uint8Array {
    const { lowerStrings, lastNeedle, lastFound } = this;
    const isLonger = lastNeedle !== '' && needle.includes(lastNeedle);
    const has = new Uint8Array(lowerStrings.length);
    for (let place = 0; place < has.length; place++) {
      if (isLonger && lastFound[place] === 0) continue;
      if (lowerStrings[place]?.includes(needle)) has[place] = 1;
    }
    this.lastNeedle = needle;
    this.lastFound = has;
    return has;
  }

  /** Samples without a margin come last. */
  private sort(found: number[], sort: SampleFilter['sort']): number[] {
    const { margin, completionTokens } = this.data;
    if (sort === '') return found;
    const keys = new Float64Array(this.data.id.length);
    for (const at of found) {
      if (sort === '-length') keys[at] = -(completionTokens[at] ?? 0);
      else keys[at] = margin[at] === null ? Number.MAX_VALUE : (margin[at] ?? 0) * (sort === 'margin' ? 1 : -1);
    }
    return found.sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
  }
}
