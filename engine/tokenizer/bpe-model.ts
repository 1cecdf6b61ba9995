/** The byte-pair model: turns a pre-token into token ids. */
import { EvalrunError } from '../../errors.js';
import { byteChars } from './byte-alphabet.js';
import { WordMerger } from './merge-queue.js';
import { MergeTable } from './merge-table.js';
import type { BpeJson } from './tokenizer-json.js';

/** Ids above this make arrays indexed by id unreasonable; published vocabularies end below 2^19. */
const maxId = 0xffffff;
/**
 * Longer pre-tokens are rare and cost memory; remembered pre-tokens are forgotten all at once when there are too many. Of the
 * words of a benchmark few come again: MMLU's prompts take no longer with 20,000 than with ten times as many.
 */
const maxCachedLength = 64;
const maxCached = 20_000;

const utf8 = new TextEncoder();

export class BpeModel {
  readonly #json: BpeJson;
  readonly #byteLevel: boolean;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #pieces: readonly (string | undefined)[];
  readonly #merger: WordMerger;
  readonly #unkId: number | undefined;
  /** The id of each byte's own piece: byte-level characters, or <0x00> and so on; -1 where there is none. */
  readonly #byteIds: Int32Array;
  readonly #cache = new Map<string, readonly number[]>();
  #bytes = new Uint8Array(1024);

  /**
   * `byteLevel`: pre-tokens are read as UTF-8 bytes in the byte-level alphabet, otherwise as characters.
   *
   * @throws EvalrunError `tokenizer/vocab` for an id that is no id or is given twice, `tokenizer/merges` for a merge of
   *   unknown pieces, `tokenizer/unk-token` for an unknown-token that is not in the vocabulary.
   */
  constructor(json: BpeJson, byteLevel: boolean) {
    this.#json = json;
    this.#byteLevel = byteLevel;
    const { ids, pieces } = readVocab(json.vocab);
    this.#ids = ids;
    this.#pieces = pieces;
    this.#merger = new WordMerger(readMerges(json.merges, ids));
    const byteId = (byte: number) => ids.get(byteLevel ? (byteChars[byte] ?? '') : bytePiece(byte)) ?? -1;
    this.#byteIds = Int32Array.from({ length: 256 }, (_, byte) => byteId(byte));
    this.#unkId = json.unk_token === null ? undefined : ids.get(json.unk_token);
    if (json.unk_token !== null && this.#unkId === undefined) {
      throw new EvalrunError('tokenizer/unk-token', {
        what: `the unk_token ${JSON.stringify(json.unk_token)} of tokenizer.json is not in its vocabulary`,
        todo: 'take tokenizer.json from the publisher again',
      });
    }
  }

  idOf(piece: string): number | undefined {
    return this.#ids.get(piece);
  }

  pieceOf(id: number): string | undefined {
    return this.#pieces[id];
  }

  /** One more than the highest id. */
  get size(): number {
    return this.#pieces.length;
  }

  /** Appends the ids of one pre-token. */
  encodeInto(word: string, out: number[]): void {
    if (word.length > maxCachedLength) {
      this.#encodeWord(word, out);
      return;
    }
    let ids = this.#cache.get(word);
    if (ids === undefined) {
      const fresh: number[] = [];
      this.#encodeWord(word, fresh);
      // A copy, because an array that has grown keeps room for more.
      ids = fresh.slice();
      if (this.#cache.size >= maxCached) this.#cache.clear();
      // A slice of a text keeps the whole text alive; the key has to be a copy of its own.
      this.#cache.set(Buffer.from(word, 'utf16le').toString('utf16le'), ids);
    }
    for (let index = 0; index < ids.length; index++) out.push(ids[index] ?? 0);
  }

  #encodeWord(word: string, out: number[]): void {
    if (this.#json.ignore_merges) {
      const whole = this.#ids.get(this.#byteLevel ? toByteChars(word) : word);
      if (whole !== undefined) {
        out.push(whole);
        return;
      }
    }
    this.#merger.clear();
    if (this.#byteLevel) this.#pushBytes(word);
    else this.#pushChars(word);
    this.#merger.mergeInto(out);
  }

  #pushBytes(word: string): void {
    if (word.length * 3 > this.#bytes.length) this.#bytes = new Uint8Array(word.length * 6);
    const { written } = utf8.encodeInto(word, this.#bytes);
    const unknown = new UnknownRun(this.#merger, this.#unkId, this.#json.fuse_unk);
    for (let index = 0; index < written; index++) {
      const id = this.#byteIds[this.#bytes[index] ?? 0] ?? -1;
      if (id === -1) unknown.add();
      else {
        unknown.flush();
        this.#merger.push(id);
      }
    }
    unknown.flush();
    if (this.#bytes.length > 1 << 20) this.#bytes = new Uint8Array(1024);
  }

  #pushChars(word: string): void {
    const unknown = new UnknownRun(this.#merger, this.#unkId, this.#json.fuse_unk);
    for (const char of word) {
      const id = this.#ids.get(char);
      if (id !== undefined) {
        unknown.flush();
        this.#merger.push(id);
      } else if (!this.#pushFallback(char)) unknown.add();
    }
    unknown.flush();
  }

  /** Pushes a character as its bytes' pieces; false when there is no byte fallback or a byte has no piece. */
  #pushFallback(char: string): boolean {
    if (!this.#json.byte_fallback) return false;
    const bytes = utf8.encode(char);
    if (bytes.some((byte) => this.#byteIds[byte] === -1)) return false;
    for (const byte of bytes) this.#merger.push(this.#byteIds[byte] ?? 0);
    return true;
  }
}

/**
 * The unknown symbols of a word. As in the Rust library an unknown symbol is written when the next known one comes (byte
 * fallback does not count as known), a run of them is one where fuse_unk says so, and none is written without unk_token.
 */
class UnknownRun {
  #pending = false;
  readonly #merger: WordMerger;
  readonly #unkId: number | undefined;
  readonly #fuse: boolean;

  constructor(merger: WordMerger, unkId: number | undefined, fuse: boolean) {
    this.#merger = merger;
    this.#unkId = unkId;
    this.#fuse = fuse;
  }

  add(): void {
    if (!this.#fuse) this.flush();
    this.#pending = true;
  }

  flush(): void {
    if (this.#pending && this.#unkId !== undefined) this.#merger.push(this.#unkId);
    this.#pending = false;
  }
}

export function bytePiece(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

function toByteChars(word: string): string {
  let out = '';
  for (const byte of utf8.encode(word)) out += byteChars[byte] ?? '';
  return out;
}

function readVocab(vocab: Readonly<Record<string, unknown>>): { ids: Map<string, number>; pieces: string[] } {
  const ids = new Map<string, number>();
  const pieces: string[] = [];
  const fail = (piece: string, expected: string, found: string) => {
    throw new EvalrunError('tokenizer/vocab', {
      what: `the vocabulary of tokenizer.json gives ${JSON.stringify(piece)} a bad id`,
      expected,
      found,
      todo: 'take tokenizer.json from the publisher again',
    });
  };
  for (const piece of Object.keys(vocab)) {
    const id = vocab[piece];
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > maxId) {
      fail(piece, `a whole number from 0 to ${maxId}`, JSON.stringify(id) ?? 'nothing');
      continue;
    }
    const owner = pieces[id];
    if (owner !== undefined) fail(piece, 'an id of its own', `${id}, which ${JSON.stringify(owner)} has`);
    pieces[id] = piece;
    ids.set(piece, id);
  }
  return { ids, pieces };
}

function readMerges(merges: readonly unknown[], ids: ReadonlyMap<string, number>): MergeTable {
  const fail = (index: number, expected: string): never => {
    throw new EvalrunError('tokenizer/merges', {
      what: `merge ${index} of tokenizer.json cannot be used`,
      expected,
      found: (JSON.stringify(merges[index]) ?? 'nothing').slice(0, 200),
      todo: 'take tokenizer.json from the publisher again',
    });
  };
  const table = new MergeTable(merges.length);
  let rank = 0;
  for (const [index, merge] of merges.entries()) {
    if (typeof merge === 'string' && merge.startsWith('#version')) continue;
    const parts: readonly unknown[] = typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? merge : [];
    const [left, right] = parts;
    if (parts.length !== 2 || typeof left !== 'string' || typeof right !== 'string')
      return fail(index, 'two pieces, as "a b" or ["a", "b"]');
    const [leftId, rightId, mergedId] = [ids.get(left), ids.get(right), ids.get(left + right)];
    if (leftId === undefined || rightId === undefined || mergedId === undefined)
      return fail(index, 'pieces whose own entries and whose joined text are in the vocabulary');
    table.set(leftId, rightId, rank++, mergedId);
  }
  return table;
}
