/** What servers answer, checked: the parts that are read, in the dialects that are spoken. */
import { z } from 'zod';
import { RemoteFailure } from './remote-failure.js';

const usage = z
  .object({
    prompt_tokens: z.int().nonnegative(),
    completion_tokens: z.int().nonnegative().optional(),
    prompt_tokens_details: z.object({ cached_tokens: z.int().nonnegative().nullish() }).nullish().catch(undefined),
  })
  .nullish()
  .catch(undefined);

const number = z.number().nullable();

/** What ended a text: vLLM's name of it, and SGLang's. */
const stopper = z.union([z.string(), z.number()]).nullish().catch(undefined);

/** OpenAI's lists of the completions endpoint. */
const lists = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(number),
  top_logprobs: z.array(z.record(z.string(), number).nullable()).nullish(),
});

/** The chat endpoint's list, which some servers use for completions too (llama.cpp). */
const content = z.object({
  content: z.array(
    z.object({
      token: z.string(),
      logprob: number,
      top_logprobs: z.array(z.object({ token: z.string(), logprob: number })).nullish(),
    }),
  ),
});

const completion = z.object({
  choices: z
    .array(
      z.object({
        text: z.string(),
        finish_reason: z.string().nullish(),
        stop_reason: stopper,
        matched_stop: stopper,
        logprobs: z.union([lists, content]).nullish(),
      }),
    )
    .min(1),
  usage,
  system_fingerprint: z.string().nullish().catch(undefined),
});

const chat = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({
          content: z.string().nullish(),
          reasoning_content: z.string().nullish(),
          reasoning: z.string().nullish(),
          refusal: z.string().nullish(),
        }),
        finish_reason: z.string().nullish(),
        stop_reason: stopper,
        matched_stop: stopper,
        logprobs: content.nullish().catch(undefined),
      }),
    )
    .min(1),
  usage,
  system_fingerprint: z.string().nullish().catch(undefined),
});

const models = z.object({ data: z.array(z.looseObject({ id: z.string() })) });

export type CompletionAnswer = z.infer<typeof completion>;
export type ChatAnswer = z.infer<typeof chat>;
export type ModelEntry = z.infer<typeof models>['data'][number];

export const parseCompletion = (value: unknown): CompletionAnswer => parse(completion, value);
export const parseChat = (value: unknown): ChatAnswer => parse(chat, value);
export const parseModels = (value: unknown): ModelEntry[] => parse(models, value).data;

/** One place of a text: its token, its log-probability, and the most probable tokens by their texts. */
export interface Place {
  readonly token: string;
  /** Null for the first token of a prompt. */
  readonly logProb: number | null;
  readonly top: ReadonlyMap<string, number>;
  /** Tokens that were listed; `top` has fewer where several have the same text. */
  readonly listed: number;
}

/** Log-probabilities in one shape; empty where the server told none. */
export function placesOf(logprobs: z.infer<typeof lists> | z.infer<typeof content> | null | undefined): Place[] {
  if (logprobs == null) return [];
  if ('content' in logprobs) {
    return logprobs.content.map(({ token, logprob, top_logprobs }) => ({
      token,
      logProb: logprob,
      top: finite((top_logprobs ?? []).map((one): [string, number | null] => [one.token, one.logprob])),
      listed: top_logprobs?.length ?? 0,
    }));
  }
  const { tokens, token_logprobs, top_logprobs } = logprobs;
  return tokens.map((token, at) => ({
    token,
    logProb: token_logprobs[at] ?? null,
    top: finite(Object.entries(top_logprobs?.[at] ?? {})),
    listed: Object.keys(top_logprobs?.[at] ?? {}).length,
  }));
}

/** vLLM with --return-tokens-as-token-ids tells numbers in the place of texts, which say nothing about a text. */
const TOKEN_NUMBER = /^token_id:\d+$/;

/** Of tokens with the same text, the most probable one. */
function finite(entries: readonly (readonly [string, number | null])[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const [token, logProb] of entries) {
    if (logProb === null || !Number.isFinite(logProb) || TOKEN_NUMBER.test(token)) continue;
    const text = plainToken(token);
    found.set(text, Math.max(logProb, found.get(text) ?? Number.NEGATIVE_INFINITY));
  }
  return found;
}

/** A token's text, without a vocabulary's own marks for a space and a newline. */
export function plainToken(token: string): string {
  return token.replaceAll('▁', ' ').replaceAll('Ġ', ' ').replaceAll('Ċ', '\n');
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  if (typeof value === 'string') throw new RemoteFailure('broken', 'the answer is not JSON');
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') || 'the answer';
  throw new RemoteFailure('broken', `the answer has another shape than OpenAI's: ${where}: ${issue?.message}`);
}
