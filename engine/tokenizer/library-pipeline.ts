/** The pipeline for tokenizers that ours does not run (WordPiece, Unigram, rare components): Hugging Face's own library. */
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { EvalrunError } from '../../errors.js';
import type { TextPipeline } from './text-pipeline.js';

/** @throws EvalrunError `tokenizer/unsupported` when the library cannot use the file either. */
export function makeLibraryPipeline(raw: object): TextPipeline {
  const library = refuseOnError('cannot be loaded', () => {
    const parts = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, added_tokens: [] };
    return new LibraryTokenizer({ ...parts, ...raw }, {});
  });
  const ids: ReadonlyMap<string, number> = library.get_vocab();
  const size = Math.max(0, ...Array.from(ids.values(), (id) => id + 1));
  return {
    encode(text) {
      if (text === '') return [];
      const encoded: readonly unknown[] = refuseOnError('cannot encode a text', () => {
        return library.encode(text, { add_special_tokens: false }).ids;
      });
      const known = encoded.filter((id): id is number => Number.isInteger(id));
      if (known.length === encoded.length) return known;
      throw new EvalrunError('tokenizer/unknown-text', {
        what: 'the tokenizer has no token for a part of the text and no unknown-token',
        found: JSON.stringify(text.slice(0, 80)),
        todo: 'take tokenizer.json from the publisher again',
      });
    },
    decode: (pieces) => (library.decoder === null ? pieces.join(' ') : library.decoder.decode([...pieces])),
    idOf: (piece) => ids.get(piece),
    pieceOf: (id) => library.id_to_token(id),
    size,
  };
}

function refuseOnError<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw new EvalrunError('tokenizer/unsupported', {
      what: `tokenizer.json ${what}: ${cause instanceof Error ? cause.message : String(cause)}`,
      expected: 'a byte-pair tokenizer, or one that @huggingface/tokenizers runs',
      todo: 'report the model, so that its tokenizer can be supported',
      cause,
    });
  }
}
