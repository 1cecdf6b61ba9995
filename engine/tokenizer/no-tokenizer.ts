/** Stands in for a tokenizer where only token ids are used. */
import { EvalrunError } from '../../errors.js';
import type { Tokenizer } from '../engine.js';

function refuse(): never {
  throw new EvalrunError('tokenizer/absent', {
    what: 'This engine was opened without a tokenizer',
    todo: "open it with the checkpoint's tokenizer.json",
  });
}

export const NO_TOKENIZER: Tokenizer = {
  encode: refuse,
  decode: () => '',
  tokenOf: () => undefined,
  vocabSize: 0,
  bosId: undefined,
  eosIds: [],
  chatTemplate: undefined,
  sha256: '',
};
