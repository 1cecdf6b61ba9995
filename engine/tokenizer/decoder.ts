/** Builds the way from token pieces back to text that tokenizer.json asks for. */
import { charBytes } from './byte-alphabet.js';
import { makeReplace } from './normalizer.js';
import type { DecoderJson } from './tokenizer-json.js';

type Step = (pieces: readonly string[]) => readonly string[];

export type Decoder = (pieces: readonly string[]) => string;

const utf8 = new TextEncoder();
// U+FEFF is text like any other here, never a mark to be dropped.
const lossy = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** @throws EvalrunError from compilePattern. Without a decoder pieces are joined by spaces, as the Rust library does. */
export function makeDecoder(json: DecoderJson | null | undefined): Decoder {
  if (json === null || json === undefined) return (pieces) => pieces.join(' ');
  const step = makeStep(json);
  return (pieces) => step(pieces).join('');
}

function makeStep(json: DecoderJson): Step {
  switch (json.type) {
    case 'ByteLevel':
      return makeByteLevel();
    case 'ByteFallback':
      return joinBytes;
    case 'Fuse':
      return (pieces) => [pieces.join('')];
    case 'Replace': {
      const replace = makeReplace(json.pattern, json.content);
      return (pieces) => pieces.map(replace);
    }
    case 'Strip':
      return (pieces) => pieces.map((piece) => strip(piece, json));
    case 'Metaspace':
      // The Rust library drops every replacement character of the first piece, not only the one that was prepended.
      return (pieces) =>
        pieces.map((piece, index) => {
          const drops = index === 0 && json.prepend_scheme !== 'never';
          return piece.replaceAll(json.replacement, drops ? '' : ' ');
        });
    case 'Sequence': {
      const steps = json.decoders.map(makeStep);
      return (pieces) => steps.reduce((current, step) => step(current), pieces);
    }
  }
}

/**
 * Pieces in the byte-level alphabet to text. A piece with any other character (an added token) stands for its own UTF-8
 * bytes; bytes that are no UTF-8 become U+FFFD, over piece boundaries too.
 */
function makeByteLevel(): Step {
  const bytesOfPiece = new Map<string, Uint8Array>();
  const toBytes = (piece: string): Uint8Array => {
    const known = bytesOfPiece.get(piece);
    if (known !== undefined) return known;
    const mapped = [...piece].map((char) => charBytes.get(char) ?? -1);
    const bytes = mapped.includes(-1) ? utf8.encode(piece) : Uint8Array.from(mapped);
    bytesOfPiece.set(piece, bytes);
    return bytes;
  };
  return (pieces) => {
    const parts = pieces.map(toBytes);
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return [lossy.decode(all)];
  };
}

/** Runs of <0x..> pieces to text; a run that is not UTF-8 as a whole gives one U+FFFD for each of its bytes. */
function joinBytes(pieces: readonly string[]): string[] {
  const out: string[] = [];
  let run: number[] = [];
  const flush = () => {
    if (run.length === 0) return;
    try {
      out.push(strict.decode(Uint8Array.from(run)));
    } catch {
      // Not UTF-8: the Rust library writes one replacement for each byte, and so does this.
      out.push('\ufffd'.repeat(run.length));
    }
    run = [];
  };
  for (const piece of pieces) {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(piece)?.[1];
    if (byte === undefined) {
      flush();
      out.push(piece);
    } else run.push(Number.parseInt(byte, 16));
  }
  flush();
  return out;
}

function strip(piece: string, { content, start, stop }: Extract<DecoderJson, { type: 'Strip' }>): string {
  let text = piece;
  for (let count = 0; count < start && text.startsWith(content); count++) text = text.slice(content.length);
  for (let count = 0; count < stop && text.endsWith(content); count++) text = text.slice(0, -content.length);
  return text;
}
