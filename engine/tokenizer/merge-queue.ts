/** Applies merge rules to one word: lowest rank first, leftmost among equals, in O(n log n) for any length. */
import type { MergeTable } from './merge-table.js';

/** Queue keys are rank * 2^32 + position, exact in a double for ranks below 2^21. */
const positions = 2 ** 32;

/**
 * A merger's buffers are reused from word to word and grow to the longest one seen. The order of merges, and the rule
 * for entries that went stale (the pair at the position must still make the same id), are those of `Word::merge_all` in
 * the Rust tokenizers, so that equal vocabularies give equal ids.
 */
export class WordMerger {
  readonly #table: MergeTable;
  #ids = new Int32Array(256);
  #previous = new Int32Array(256);
  #next = new Int32Array(256);
  #heap = new Float64Array(512);
  #heapSize = 0;
  #length = 0;

  constructor(table: MergeTable) {
    this.#table = table;
  }

  /** Starts a word. */
  clear(): void {
    this.#length = 0;
  }

  /** Appends a symbol to the word. */
  push(id: number): void {
    if (this.#length === this.#ids.length) this.#growWord();
    this.#ids[this.#length++] = id;
  }

  /** Merges the word and appends the ids that are left to `out`. */
  mergeInto(out: number[]): void {
    const [ids, previous, next, length] = [this.#ids, this.#previous, this.#next, this.#length];
    this.#heapSize = 0;
    for (let at = 0; at < length; at++) {
      previous[at] = at - 1;
      next[at] = at + 1 < length ? at + 1 : -1;
      if (at > 0) this.#queue(at - 1, at);
    }
    while (this.#heapSize > 0) {
      const key = this.#pop();
      const rank = Math.floor(key / positions);
      const at = key - rank * positions;
      const right = next[at] ?? -1;
      if (ids[at] === -1 || right === -1) continue;
      const current = this.#table.rankOf(ids[at] ?? -1, ids[right] ?? -1);
      const merged = this.#table.mergedId(rank);
      if (current === -1 || this.#table.mergedId(current) !== merged) continue;
      ids[at] = merged;
      ids[right] = -1;
      const after = next[right] ?? -1;
      next[at] = after;
      if (after !== -1) previous[after] = at;
      const before = previous[at] ?? -1;
      if (before !== -1) this.#queue(before, at);
      if (after !== -1) this.#queue(at, after);
    }
    for (let at = 0; at < length; at++) {
      const id = ids[at] ?? -1;
      if (id !== -1) out.push(id);
    }
    if (length > 1 << 16) this.#shrink();
  }

  #queue(left: number, right: number): void {
    const rank = this.#table.rankOf(this.#ids[left] ?? -1, this.#ids[right] ?? -1);
    if (rank === -1) return;
    if (this.#heapSize === this.#heap.length) {
      const grown = new Float64Array(this.#heap.length * 2);
      grown.set(this.#heap);
      this.#heap = grown;
    }
    const heap = this.#heap;
    const key = rank * positions + left;
    let child = this.#heapSize++;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const parentKey = heap[parent] ?? 0;
      if (parentKey <= key) break;
      heap[child] = parentKey;
      child = parent;
    }
    heap[child] = key;
  }

  #pop(): number {
    const heap = this.#heap;
    const top = heap[0] ?? 0;
    const size = --this.#heapSize;
    const key = heap[size] ?? 0;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= size) break;
      if (child + 1 < size && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child++;
      const childKey = heap[child] ?? 0;
      if (childKey >= key) break;
      heap[parent] = childKey;
      parent = child;
    }
    heap[parent] = key;
    return top;
  }

  #growWord(): void {
    const size = this.#ids.length * 2;
    const grown = new Int32Array(size);
    grown.set(this.#ids);
    this.#ids = grown;
    this.#previous = new Int32Array(size);
    this.#next = new Int32Array(size);
  }

  /** One enormous word must not keep its memory for the rest of the run. */
  #shrink(): void {
    this.#ids = new Int32Array(256);
    this.#previous = new Int32Array(256);
    this.#next = new Int32Array(256);
    this.#heap = new Float64Array(512);
  }
}
