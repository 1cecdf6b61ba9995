/** Pages of prompts that were computed, for prompts that begin alike: whole pages only, given back when room is needed. */
import { createHash } from 'node:crypto';
import { type KvPages, PAGE_TOKENS } from '../kv-pages.js';

/** A page of the cache that any number of sequences read. */
export interface SharedPage {
  readonly page: number;
  /** Of all ids up to the end of the page. */
  readonly key: string;
  readonly before: SharedPage | undefined;
  /** Sequences that read it. */
  users: number;
  /** Pages that go on from it. */
  followers: number;
}

export class PromptCache {
  /** By key, the least recently used first. */
  private readonly shared = new Map<string, SharedPage>();

  constructor(private readonly pages: KvPages) {}

  /** Pages that nobody reads at present. */
  get idle(): number {
    let count = 0;
    for (const { users } of this.shared.values()) if (users === 0) count += 1;
    return count;
  }

  /** Pages with the beginning of a prompt, for one more reader. At least one token of the prompt is left to be computed. */
  take(context: readonly number[]): SharedPage[] {
    const found: SharedPage[] = [];
    for (const key of keysOf(context, Math.floor((context.length - 1) / PAGE_TOKENS))) {
      const page = this.shared.get(key);
      if (page === undefined) break;
      found.push(page);
    }
    for (const page of found) {
      page.users += 1;
      this.touch(page);
    }
    return found;
  }

  /**
   * Keeps the pages that a computed prompt fills. `pages` are all of the sequence, of which `read` are shared already; returns the
   * pages that are shared from now on, which the sequence reads and does not own any more.
   */
  keep(context: readonly number[], pages: readonly number[], read: readonly SharedPage[]): SharedPage[] {
    const kept: SharedPage[] = [];
    let before = read.at(-1);
    for (const [at, key] of [...keysOf(context, Math.floor(context.length / PAGE_TOKENS))].entries()) {
      if (at < read.length) continue;
      // Somebody else has computed the same at the same time: one copy is enough.
      if (this.shared.has(key)) break;
      const page: SharedPage = { page: pages[at] as number, key, before, users: 1, followers: 0 };
      if (before !== undefined) before.followers += 1;
      this.shared.set(key, page);
      kept.push(page);
      before = page;
    }
    return kept;
  }

  release(read: readonly SharedPage[]): void {
    for (const page of read) page.users -= 1;
  }

  /** Gives idle pages back until `count` are free; false when that is impossible, and nothing is given back then. */
  makeRoom(count: number): boolean {
    if (this.pages.available + this.idle < count) return false;
    while (this.pages.available < count) {
      const oldest = [...this.shared.values()].find(({ users, followers }) => users === 0 && followers === 0);
      if (oldest === undefined) return false;
      this.shared.delete(oldest.key);
      if (oldest.before !== undefined) oldest.before.followers -= 1;
      this.pages.release([oldest.page]);
    }
    return true;
  }

  private touch(page: SharedPage): void {
    this.shared.delete(page.key);
    this.shared.set(page.key, page);
  }
}

function* keysOf(context: readonly number[], pages: number): Generator<string> {
  let key = '';
  for (let page = 0; page < pages; ++page) {
    const ids = Int32Array.from(context.slice(page * PAGE_TOKENS, (page + 1) * PAGE_TOKENS));
    key = createHash('sha256').update(key).update(ids).digest('base64');
    yield key;
  }
}
