/** The body of /v1/completions. */
import { z } from 'zod';
import { ApiError } from './api-error.js';
import { commonFields, parseBody } from './body-fields.js';
import { COMPLETION_MAX_TOKENS, MAX_LOGPROBS } from './serve-limits.js';

const ids = z.array(z.int().nonnegative());

const schema = z.object({
  ...commonFields,
  prompt: z.union([z.string(), z.array(z.string()), ids, z.array(ids)], {
    error: 'a text, token ids, or a list of either is needed',
  }),
  max_tokens: z.int().nonnegative().default(COMPLETION_MAX_TOKENS),
  logprobs: z.int().nonnegative().max(MAX_LOGPROBS).optional(),
  echo: z.boolean().default(false),
  best_of: z.int().positive().optional(),
  /** Whether the tokenizer puts its own special tokens, e.g. a BOS, around a prompt given as text. */
  add_special_tokens: z.boolean().default(true),
});

export type CompletionBody = z.infer<typeof schema>;

/** @throws ApiError 400 naming the field */
export function parseCompletionBody(body: unknown): CompletionBody {
  const parsed = parseBody(schema, body);
  if (parsed.max_tokens === 0 && !parsed.echo) refuse('max_tokens', '0 tokens are useful with "echo" only');
  if (parsed.best_of !== undefined && parsed.best_of !== parsed.n)
    refuse('best_of', 'only the same number as "n" is supported');
  if (parsed.prompt.length === 0 && typeof parsed.prompt !== 'string') refuse('prompt', 'an empty list');
  return parsed;
}

/** Each prompt of a body. */
export function promptsOf({ prompt }: CompletionBody): (string | readonly number[])[] {
  if (typeof prompt === 'string') return [prompt];
  return typeof prompt[0] === 'number' ? [prompt as number[]] : (prompt as (string | number[])[]);
}

function refuse(param: string, found: string): never {
  throw new ApiError('serve/field', { status: 400, param, what: `The field "${param}" is not usable`, found });
}
