/** Hands out the pages of the KV cache. */
import { EvalrunError } from '../errors.js';

/** Tokens in a page; equal to kPageTokens in native/ops/ops.h. */
export const PAGE_TOKENS = 64;

export function pagesFor(tokens: number): number {
  return Math.ceil(tokens / PAGE_TOKENS);
}

export class KvPages {
  readonly total: number;
  private readonly free: number[];

  constructor(total: number) {
    this.total = total;
    this.free = Array.from({ length: total }, (_, i) => total - 1 - i);
  }

  get available(): number {
    return this.free.length;
  }

  get used(): number {
    return this.total - this.free.length;
  }

  take(count: number): number[] {
    if (count > this.free.length) {
      throw new EvalrunError('internal/kv-pages', {
        what: `${count} KV pages were taken with ${this.free.length} free`,
      });
    }
    return this.free.splice(this.free.length - count, count);
  }

  release(pages: readonly number[]): void {
    this.free.push(...pages);
  }
}

/** What to say when a sequence cannot be held even though every other one could wait. */
export function cacheTooSmall(tokens: number, pages: KvPages): EvalrunError {
  return new EvalrunError('memory/kv-cache', {
    what: `A sequence of ${tokens} tokens does not fit into the KV cache`,
    expected: `at least ${pagesFor(tokens)} pages of ${PAGE_TOKENS} tokens`,
    found: `${pages.total}, of which ${pages.available} are free`,
    todo: 'lower --batch-tokens or free memory so that the cache can be larger',
  });
}
