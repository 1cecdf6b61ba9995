/** Loads a checkpoint's tokenizer: text to token ids and back, equal to the Rust `tokenizers` library. */
import { EvalrunError } from '../../errors.js';
import type { Tokenizer } from '../engine.js';
import { readCheckpointFiles } from './checkpoint-files.js';
import { makeLibraryPipeline } from './library-pipeline.js';
import { readSpecialTokens, withSpecialTokens } from './special-tokens.js';
import { makeBpePipeline, type TextPipeline } from './text-pipeline.js';
import { parseTokenizerJson } from './tokenizer-json.js';

/**
 * Loads tokenizer.json and, where they are there, tokenizer_config.json, generation_config.json, config.json and
 * chat_template.jinja of a checkpoint folder.
 *
 * Encoding: lone surrogates count as U+FFFD; special tokens written in the text become their ids. Decoding: ids outside
 * the vocabulary are skipped, and spaces are never "cleaned up" (clean_up_tokenization_spaces is not honoured), so that
 * decoding what was encoded gives the text back. `vocabSize` is one more than the highest id.
 *
 * @throws EvalrunError `tokenizer/...` naming the file and what is wrong in it.
 * @example
 * const tokenizer = await loadTokenizer('checkpoints/DeepSeek-V3');
 * tokenizer.encode('Answer: A'); // [0, 7805, 28, 334], beginning with exactly one BOS
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const files = await readCheckpointFiles(folder);
  const parsed = parseTokenizerJson(files.tokenizer, 'tokenizer.json');
  const { json } = parsed;
  const pipeline = parsed.kind === 'bpe' ? makeBpePipeline(parsed.json) : makeLibraryPipeline(parsed.raw);
  const special = readSpecialTokens(files, json.post_processor, pipeline);
  const specialPieces = new Set(json.added_tokens.filter((token) => token.special).map((token) => token.content));
  return {
    encode(text, { addSpecialTokens = true } = {}) {
      const ids = encodeText(pipeline, text);
      return addSpecialTokens ? withSpecialTokens(ids, special) : ids;
    },
    decode(ids, { skipSpecialTokens = false } = {}) {
      const pieces: string[] = [];
      for (const id of ids) {
        const piece = pipeline.pieceOf(id);
        if (piece !== undefined && !(skipSpecialTokens && specialPieces.has(piece))) pieces.push(piece);
      }
      return pipeline.decode(pieces);
    },
    tokenOf: (id) => pipeline.pieceOf(id),
    vocabSize: pipeline.size,
    bosId: special.bosId,
    eosIds: special.eosIds,
    chatTemplate: special.chatTemplate,
    sha256: files.sha256,
  };
}

function encodeText(pipeline: TextPipeline, text: string): number[] {
  try {
    return pipeline.encode(text.replace(/\p{Surrogate}/gu, '\ufffd'));
  } catch (cause) {
    // The regular expression engine's stack ends at some sixteen million characters of one kind in a row.
    if (!(cause instanceof RangeError)) throw cause;
    throw new EvalrunError('tokenizer/text-too-long', {
      what: 'a text cannot be cut into words because a single word in it is too long',
      found: `a text of ${text.length} characters`,
      todo: 'shorten the text, or put white space in it',
      cause,
    });
  }
}
