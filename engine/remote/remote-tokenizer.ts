/** Stands in for the tokenizer of a server, whose vocabulary is not known here. */
import type { Tokenizer } from '../engine.js';
import { NO_TOKENIZER } from '../tokenizer/no-tokenizer.js';

export const REMOTE_TOKENIZER: Tokenizer = { ...NO_TOKENIZER, sha256: 'unknown' };
