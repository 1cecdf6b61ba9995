/** The merge rules of a byte-pair vocabulary: a hash table from a pair of ids to the rank of their merge. */
import { EvalrunError } from '../../errors.js';

/** Ranks share a 53-bit number with a position (see merge-queue.ts), so their count is limited. */
export const maxMerges = 2 ** 21;

export class MergeTable {
  /** Open addressing: left id, right id and rank of each slot; a left id of -1 is an empty slot. */
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #rank: Int32Array;
  readonly #mask: number;
  /** The id that the merge of each rank makes. */
  readonly #merged: Int32Array;

  constructor(count: number) {
    if (count > maxMerges) {
      throw new EvalrunError('tokenizer/merges', {
        what: 'tokenizer.json has too many merges',
        expected: `at most ${maxMerges}`,
        found: String(count),
        todo: 'take tokenizer.json from the publisher again',
      });
    }
    const slots = 2 ** Math.ceil(Math.log2(Math.max(2, count * 2)));
    this.#left = new Int32Array(slots).fill(-1);
    this.#right = new Int32Array(slots);
    this.#rank = new Int32Array(slots);
    this.#mask = slots - 1;
    this.#merged = new Int32Array(count);
  }

  /** A pair that was given a rank before loses it to the later one, as in the Rust library. */
  set(left: number, right: number, rank: number, merged: number): void {
    const slot = this.#slotOf(left, right);
    this.#left[slot] = left;
    this.#right[slot] = right;
    this.#rank[slot] = rank;
    this.#merged[rank] = merged;
  }

  /** The rank of the merge of two neighbours, -1 when they do not merge. */
  rankOf(left: number, right: number): number {
    const slot = this.#slotOf(left, right);
    return this.#left[slot] === -1 ? -1 : (this.#rank[slot] ?? -1);
  }

  mergedId(rank: number): number {
    return this.#merged[rank] ?? -1;
  }

  #slotOf(left: number, right: number): number {
    let slot = (Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & this.#mask;
    while (this.#left[slot] !== -1 && (this.#left[slot] !== left || this.#right[slot] !== right))
      slot = (slot + 1) & this.#mask;
    return slot;
  }
}
