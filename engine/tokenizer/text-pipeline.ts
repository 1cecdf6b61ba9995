/** What turns text into ids and back by tokenizer.json alone, without special tokens around it. */
import { AddedTokenSplitter, checkAddedTokens } from './added-tokens.js';
import { BpeModel } from './bpe-model.js';
import { CommonBeginning } from './common-beginning.js';
import { makeDecoder } from './decoder.js';
import { makeNormalizer } from './normalizer.js';
import { firstCutOf, isByteLevel, makePreTokenizer } from './pre-tokenizer.js';
import type { AddedTokenJson, BpeTokenizerJson } from './tokenizer-json.js';

export interface TextPipeline {
  /** Ids of well-formed text. */
  encode(text: string): number[];
  decode(pieces: readonly string[]): string;
  idOf(piece: string): number | undefined;
  pieceOf(id: number): string | undefined;
  /** One more than the highest id. */
  readonly size: number;
}

/**
 * The pipeline for byte-pair tokenizers. Its stages are those of the Rust library: tokens that are matched in raw text,
 * normalisation of what lies between them, tokens matched in normalised text, pre-tokenisation, merges.
 *
 * @throws EvalrunError `tokenizer/...` for everything that a malformed file can hold.
 */
export function makeBpePipeline(json: BpeTokenizerJson): TextPipeline {
  const model = new BpeModel(json.model, isByteLevel(json.pre_tokenizer));
  checkAddedTokens(
    json.added_tokens,
    (id) => model.pieceOf(id),
    (piece) => model.idOf(piece),
  );
  const normalize = json.normalizer ? makeNormalizer(json.normalizer) : undefined;
  const isNormalized = (token: AddedTokenJson) => token.normalized ?? !token.special;
  const raw = json.added_tokens.filter((token) => !isNormalized(token));
  // A token that is matched in normalised text also is that text, in decoding too.
  const normalized = json.added_tokens
    .filter(isNormalized)
    .map((token) => ({ ...token, content: normalize?.(token.content) ?? token.content }));
  const rawTokens = new AddedTokenSplitter(raw);
  const normalizedTokens = new AddedTokenSplitter(normalized);
  const decode = makeDecoder(json.decoder);
  const added = new Map([...raw, ...normalized].map((token) => [token.id, token.content]));
  const addedIds = new Map(json.added_tokens.map((token) => [token.content, token.id]));

  const first = json.pre_tokenizer ? firstCutOf(json.pre_tokenizer) : undefined;
  const common = first && new CommonBeginning(first, (word, out) => model.encodeInto(word, out));
  const preTokenize = json.pre_tokenizer && common === undefined ? makePreTokenizer(json.pre_tokenizer) : undefined;
  const encodePiece = (text: string, isFirst: boolean, out: number[]) => {
    if (common !== undefined) common.encodeInto(text, isFirst, out);
    else if (preTokenize === undefined) model.encodeInto(text, out);
    else for (const word of preTokenize(text, isFirst)) model.encodeInto(word, out);
  };
  const encodeStretch = (text: string, isFirst: boolean, out: number[]) => {
    for (const [index, part] of normalizedTokens.split(normalize?.(text) ?? text).entries()) {
      if (typeof part === 'number') out.push(part);
      else encodePiece(part, isFirst && index === 0, out);
    }
  };
  return {
    encode(text) {
      const out: number[] = [];
      for (const [index, part] of rawTokens.split(text).entries()) {
        if (typeof part === 'number') out.push(part);
        else encodeStretch(part, index === 0, out);
      }
      return out;
    },
    decode,
    idOf: (piece) => addedIds.get(piece) ?? model.idOf(piece),
    pieceOf: (id) => added.get(id) ?? model.pieceOf(id),
    size: Math.max(model.size, ...json.added_tokens.map((token) => token.id + 1)),
  };
}
