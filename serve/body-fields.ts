/** Which fields of a body are read, which may be ignored, and which are refused because ignoring them would change the answer. */
import { z } from 'zod';
import { ApiError } from './api-error.js';

/** Fields that say nothing about the answer. */
const harmless = new Set([
  'user',
  'metadata',
  'store',
  'service_tier',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'priority',
  'request_id',
  'parallel_tool_calls',
  'include_reasoning',
]);

/** Fields that are accepted only where they ask for nothing. */
const neutral: Readonly<Record<string, (value: unknown) => boolean>> = {
  suffix: (value) => value === '',
  frequency_penalty: (value) => value === 0,
  presence_penalty: (value) => value === 0,
  repetition_penalty: (value) => value === 1,
  length_penalty: (value) => value === 1,
  min_tokens: (value) => value === 0,
  logit_bias: isEmpty,
  tools: isEmpty,
  functions: isEmpty,
  tool_choice: (value) => value === 'none' || value === 'auto',
  function_call: (value) => value === 'none' || value === 'auto',
  response_format: (value) => (value as { type?: unknown }).type === 'text',
  chat_template_kwargs: isEmpty,
  add_generation_prompt: (value) => value === true,
  continue_final_message: (value) => value === false,
  use_beam_search: (value) => value === false,
  skip_special_tokens: (value) => value === true,
  spaces_between_special_tokens: (value) => value === true,
  include_stop_str_in_output: (value) => value === false,
  modalities: (value) => JSON.stringify(value) === '["text"]',
  web_search_options: isEmpty,
};

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/**
 * A body by its schema. A field of null counts as left out, as OpenAI has it.
 *
 * @throws ApiError 400 naming the field
 */
export function parseBody<T extends z.ZodObject>(schema: T, body: unknown): z.infer<T> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ApiError('serve/body', { status: 400, what: 'The body is not a JSON object' });
  }
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
  const known: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(schema.shape, name)) known[name] = value;
    else checkForeign(name, value);
  }
  const parsed = schema.safeParse(known);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const param = issue?.path.join('.') ?? '';
  throw new ApiError('serve/field', {
    status: 400,
    param,
    what: `The field "${param}" is not usable`,
    found: issue?.message ?? 'an unknown defect',
  });
}

function checkForeign(name: string, value: unknown): void {
  if (harmless.has(name)) return;
  const isNeutral = Object.hasOwn(neutral, name) ? neutral[name] : undefined;
  if (isNeutral?.(value)) return;
  throw new ApiError('serve/unsupported', {
    status: 400,
    param: name,
    wireCode: 'unsupported_parameter',
    what: `The field "${name}" is not supported${isNeutral === undefined ? '' : ' with this value'}, and the answer would not be what it asks for`,
    todo: 'leave it out',
  });
}

const stop = z.union([z.string(), z.array(z.string()).max(16)]).transform((value) => {
  const all = typeof value === 'string' ? [value] : value;
  return all.filter((text) => text !== '');
});

/** Fields that both endpoints read. */
export const commonFields = {
  model: z.string().optional(),
  /** OpenAI's default is to draw. */
  temperature: z.number().min(0).max(100).default(1),
  top_p: z.number().gt(0).max(1).default(1),
  /** 0 and -1 keep all tokens. */
  top_k: z.int().min(-1).default(0),
  min_p: z.number().min(0).max(1).default(0),
  seed: z.int().optional(),
  n: z.int().min(1).default(1),
  stop: stop.default([]),
  stop_token_ids: z.array(z.int().nonnegative()).max(64).default([]),
  ignore_eos: z.boolean().default(false),
  stream: z.boolean().default(false),
  stream_options: z
    .object({ include_usage: z.boolean().default(false), include_obfuscation: z.boolean().optional() })
    .default({ include_usage: false }),
  /** Tokens in lists of log-probabilities as `token_id:123`. */
  return_tokens_as_token_ids: z.boolean().default(false),
};

/** What the fields above say about how a text is generated. */
export type CommonBody = z.infer<z.ZodObject<typeof commonFields>>;
