/**
 * The prompts of a run in little memory. Few-shot prompts of one subject differ only in their ends, so a prompt is kept as a place
 * in an earlier one and what follows behind that; ids take two bytes each until one needs four. Nothing is ever moved or removed: all
 * goes when the last prompt does.
 *
 *     const store = new PromptStore();
 *     const prompt = store.add(tokenizer.encode(text));
 *     prompt.slice(); // the same ids again
 */
import type { TokenIds } from './token-ids.js';

type Block = Uint16Array | Uint32Array;

/** Ids of a block: a longer prompt gets a block of its own. */
const blockIds = 2 ** 15;

export class PromptStore {
  private block: Block = new Uint16Array();
  private used = 0;
  /** The last prompt that is stored whole. */
  private base: StoredPrompt | undefined;

  /** A copy of the ids, which are whole numbers from 0 to 2^32 - 1. */
  add(ids: readonly number[]): TokenIds {
    const shared = this.base === undefined ? 0 : this.base.startOf(ids);
    // One that has little in common with the base is what the next ones are compared with.
    if (this.base !== undefined && shared * 2 >= ids.length) {
      const start = this.write(ids, shared);
      return new StoredPrompt(this.base, { shared, block: this.block, start, length: ids.length });
    }
    const start = this.write(ids, 0);
    this.base = new StoredPrompt(undefined, { shared: 0, block: this.block, start, length: ids.length });
    return this.base;
  }

  /** Where the ids from `from` on begin in the block. */
  private write(ids: readonly number[], from: number): number {
    const count = ids.length - from;
    const isNarrow = this.block instanceof Uint16Array;
    const mustWiden = isNarrow && ids.some((id, at) => at >= from && id >= 2 ** 16);
    if (mustWiden || this.used + count > this.block.length) {
      const length = Math.max(blockIds, count);
      this.block = isNarrow && !mustWiden ? new Uint16Array(length) : new Uint32Array(length);
      this.used = 0;
    }
    const start = this.used;
    for (let at = from; at < ids.length; ++at) this.block[start + at - from] = ids[at] as number;
    this.used += count;
    return start;
  }
}

interface OwnEnd {
  /** How many of the first ids are the base's. */
  readonly shared: number;
  /** Holds the others from `start` on. */
  readonly block: Block;
  readonly start: number;
  /** Of the whole prompt. */
  readonly length: number;
}

class StoredPrompt implements TokenIds {
  readonly length: number;
  private readonly base: StoredPrompt | undefined;
  private readonly shared: number;
  private readonly block: Block;
  private readonly start: number;

  constructor(base: StoredPrompt | undefined, { shared, block, start, length }: OwnEnd) {
    this.base = base;
    this.shared = shared;
    this.block = block;
    this.start = start;
    this.length = length;
  }

  at(index: number): number | undefined {
    const place = index < 0 ? index + this.length : index;
    if (place < 0 || place >= this.length) return undefined;
    // A base is stored whole, so this goes one prompt deep.
    if (place < this.shared && this.base !== undefined) return this.base.block[this.base.start + place];
    return this.block[this.start + place - this.shared];
  }

  slice(start = 0, end = this.length): readonly number[] {
    const from = Math.max(0, start < 0 ? start + this.length : start);
    const to = Math.min(this.length, end < 0 ? end + this.length : end);
    const ids: number[] = [];
    for (let at = from; at < to; ++at) ids.push(this.at(at) as number);
    return ids;
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let at = 0; at < this.length; ++at) yield this.at(at) as number;
  }

  toJSON(): readonly number[] {
    return this.slice();
  }

  /** See commonLength in token-ids.ts. */
  sharedWith(other: TokenIds): number {
    if (!(other instanceof StoredPrompt)) return 0;
    const [mine, its] = [this.base ?? this, other.base ?? other];
    if (mine !== its) return 0;
    return Math.min(
      this.base === undefined ? this.length : this.shared,
      other.base === undefined ? other.length : other.shared,
    );
  }

  /** How many ids `ids` begins with that this begins with, too. */
  startOf(ids: readonly number[]): number {
    const end = Math.min(this.length, ids.length);
    let at = 0;
    while (at < end && this.at(at) === ids[at]) at += 1;
    return at;
  }
}
