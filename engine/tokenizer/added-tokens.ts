/** Finds added tokens (special tokens and others that the model does not merge) in text. */
import { EvalrunError } from '../../errors.js';
import { wordInClass } from './character-class.js';
import { propertySet, renderClass, union } from './code-point-set.js';
import type { AddedTokenJson } from './tokenizer-json.js';

/** A stretch of text, or the id of an added token in its place. */
export type TextPart = string | number;

interface Entry {
  readonly id: number;
  readonly singleWord: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
}

const space = renderClass(propertySet('White_Space') ?? []);
const spacesAtStart = new RegExp(`^${space}*`, 'u');
const isSpace = new RegExp(`^${space}$`, 'u');
// The word characters of Rust's regex crate, which single_word is decided by.
const isWord = new RegExp(`^${renderClass(union(wordInClass, [0x200c, 0x200d]))}$`, 'u');

/**
 * Cuts texts at the added tokens they contain: at each position the longest token, from left to right, as the Rust
 * library's leftmost-longest automaton does, with its single_word, lstrip and rstrip rules.
 */
export class AddedTokenSplitter {
  readonly #entries = new Map<string, Entry>();
  readonly #lengths: readonly number[];
  readonly #firstChar: RegExp | undefined;

  constructor(tokens: readonly AddedTokenJson[]) {
    for (const { content, id, single_word: singleWord, lstrip, rstrip } of tokens)
      if (content !== '') this.#entries.set(content, { id, singleWord, lstrip, rstrip });
    const contents = [...this.#entries.keys()];
    this.#lengths = [...new Set(contents.map((content) => content.length))].sort((a, b) => b - a);
    const firsts = new Set(contents.map((content) => content.charCodeAt(0)));
    const escaped = [...firsts].map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`);
    this.#firstChar = escaped.length > 0 ? new RegExp(`[${escaped.join('')}]`, 'g') : undefined;
  }

  split(text: string): readonly TextPart[] {
    if (this.#firstChar === undefined) return text === '' ? [] : [text];
    const parts: TextPart[] = [];
    let done = 0;
    this.#firstChar.lastIndex = 0;
    while (this.#firstChar.test(text)) {
      const start = this.#firstChar.lastIndex - 1;
      const content = this.#longestAt(text, start);
      const entry = content === undefined ? undefined : this.#entries.get(content);
      if (content === undefined || entry === undefined) continue;
      const stop = start + content.length;
      this.#firstChar.lastIndex = stop;
      if (entry.singleWord && (isWord.test(charBefore(text, start)) || isWord.test(charAt(text, stop)))) continue;
      const from = entry.lstrip ? Math.max(done, spacesBefore(text, start)) : start;
      if (done < from) parts.push(text.slice(done, from));
      parts.push(entry.id);
      done = entry.rstrip ? stop + (spacesAtStart.exec(text.slice(stop))?.[0].length ?? 0) : stop;
    }
    if (done < text.length) parts.push(done === 0 ? text : text.slice(done));
    return parts;
  }

  #longestAt(text: string, start: number): string | undefined {
    for (const length of this.#lengths) {
      const candidate = text.slice(start, start + length);
      if (this.#entries.has(candidate)) return candidate;
    }
    return undefined;
  }
}

function charBefore(text: string, index: number): string {
  return [...text.slice(Math.max(0, index - 2), index)].at(-1) ?? '';
}

function charAt(text: string, index: number): string {
  const codePoint = text.codePointAt(index);
  return codePoint === undefined ? '' : String.fromCodePoint(codePoint);
}

/** Where the white space that ends just before `index` begins; all of it is in the basic plane. */
function spacesBefore(text: string, index: number): number {
  let start = index;
  while (start > 0 && isSpace.test(text[start - 1] ?? '')) start--;
  return start;
}

/**
 * Checks the ids of the added tokens against the model's vocabulary and each other.
 *
 * @throws EvalrunError `tokenizer/added-token` when one id would mean two different tokens, or one text two ids.
 */
export function checkAddedTokens(
  tokens: readonly AddedTokenJson[],
  pieceOf: (id: number) => string | undefined,
  idOf: (piece: string) => number | undefined,
): void {
  const contents = new Map<number, string>();
  const ids = new Map<string, number>();
  const fail = (token: AddedTokenJson, found: string) => {
    throw new EvalrunError('tokenizer/added-token', {
      what: `the added token ${JSON.stringify(token.content)} has id ${token.id} in tokenizer.json`,
      expected: 'an id of its own, the same as in the vocabulary',
      found,
      todo: 'take tokenizer.json from the publisher again',
    });
  };
  for (const token of tokens) {
    const owner = contents.get(token.id) ?? pieceOf(token.id);
    if (owner !== undefined && owner !== token.content) fail(token, `${JSON.stringify(owner)} with that id`);
    const id = ids.get(token.content) ?? idOf(token.content);
    if (id !== undefined && id !== token.id) fail(token, `the same text with id ${id}`);
    contents.set(token.id, token.content);
    ids.set(token.content, token.id);
  }
}
