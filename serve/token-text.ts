/** The text of single tokens, as lists of log-probabilities print it. */
import type { Tokenizer } from '../engine/engine.js';
import { charBytes } from '../engine/tokenizer/byte-alphabet.js';

export interface TokenText {
  /** The token's text; `bytes:\xe4\xbd`, as OpenAI writes it, for bytes that are no whole character. */
  readonly text: string;
  readonly bytes: readonly number[];
  /** Whether the bytes are whole characters. */
  readonly whole: boolean;
}

const BROKEN = '\ufffd';

/** A function from an id to its text, which remembers what it was asked. */
export function tokenTexts(tokenizer: Tokenizer): (id: number) => TokenText {
  const known = new Map<number, TokenText>();
  // Some decoders drop the space before a text's first token, so a token is decoded behind another one.
  const anchor = tokenizer.encode('a', { addSpecialTokens: false }).slice(-1);
  const before = tokenizer.decode(anchor);
  const read = (id: number): TokenText => {
    const both = tokenizer.decode([...anchor, id]);
    const text = both.startsWith(before) ? both.slice(before.length) : tokenizer.decode([id]);
    const bytes = text.includes(BROKEN) ? bytesOf(tokenizer.tokenOf(id) ?? '') : undefined;
    if (bytes === undefined) return { text, bytes: [...Buffer.from(text)], whole: true };
    const hex = bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`);
    return { text: `bytes:${hex.join('')}`, bytes, whole: false };
  };
  return (id) => {
    let text = known.get(id);
    if (text === undefined) {
      text = read(id);
      known.set(id, text);
    }
    return text;
  };
}

/** Bytes of a token in the spelling of a byte-level vocabulary or of byte fallback. */
function bytesOf(token: string): number[] | undefined {
  const fallback = /^<0x([0-9A-Fa-f]{2})>$/.exec(token);
  if (fallback !== null) return [Number.parseInt(fallback[1] as string, 16)];
  const bytes = [...token].map((char) => charBytes.get(char));
  return bytes.includes(undefined) || bytes.length === 0 ? undefined : (bytes as number[]);
}

/** Where tokens begin in the text that they make together, in characters (code points), as Python's clients count. */
export class OffsetCounter {
  private at: number;
  private open: number[] = [];

  constructor(start = 0) {
    this.at = start;
  }

  /** The place of the next token. `isInText` is false for a special token that is not part of the text. */
  next({ text, bytes, whole }: TokenText, isInText = true): number {
    const place = this.at;
    if (!isInText) return place;
    if (whole) {
      this.at += [...text].length + (this.open.length > 0 ? 1 : 0);
      this.open = [];
      return place;
    }
    this.open.push(...bytes);
    const joined = Buffer.from(this.open).toString('utf8');
    if (joined.endsWith(BROKEN)) return place;
    this.at += [...joined].length;
    this.open = [];
    return place;
  }
}
