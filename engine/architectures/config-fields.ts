/** The vocabulary of config.json shared by all families: zod schemas of its fields, and errors that name the key. */
import { z } from 'zod';
import { EvalrunError } from '../../errors.js';
import type { RawConfig } from './family.js';

/** Beyond any published model by far; keeps an absurd config from asking for an absurd amount of work. */
const MAX_SIZE = 2 ** 22;
const MAX_EXPERTS_IN_ALL_LAYERS = 2 ** 20;

const inRange = (low: number, high: number) => (value: unknown) =>
  Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high;

const whole = (low: number, high: number) =>
  z.custom<number>(inRange(low, high), `a whole number from ${low} to ${high}`);

/** A dimension: 1 to 2^22. */
export const size = whole(1, MAX_SIZE);
/** A context length. */
export const positions = whole(1, 2 ** 31);
export const headCount = whole(1, 2 ** 12);
export const headWidth = whole(1, 2 ** 14);
export const layerCount = whole(1, 2048);
export const expertCount = whole(1, 8192);
export const countOrZero = whole(0, MAX_SIZE);
export const flag = z.custom<boolean>((value) => typeof value === 'boolean', 'true or false');
export const positive = z.custom<number>(
  (value) => typeof value === 'number' && Number.isFinite(value) && value > 0,
  'a number above 0',
);
/** RMS norm's eps; larger ones than 0.1 are mistakes. */
const eps = z.custom<number>(
  (value) => typeof value === 'number' && value > 0 && value <= 0.1,
  'a number above 0, at most 0.1',
);
const tokenId = whole(0, MAX_SIZE);

/** Keys that every family reads. Unknown keys pass. */
export const baseFields = {
  model_type: z.string(),
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: layerCount,
  num_attention_heads: headCount,
  max_position_embeddings: positions,
  rms_norm_eps: eps.default(1e-6),
  hidden_act: z.literal('silu', 'silu, the only activation of the supported families').default('silu'),
  tie_word_embeddings: flag.default(false),
  attention_bias: flag.default(false),
  bos_token_id: tokenId.nullish(),
  eos_token_id: z.union([tokenId, z.array(tokenId)], 'a token id or a list of token ids').nullish(),
};

/**
 * `config` checked against `fields`; `file` names it in messages.
 *
 * @throws EvalrunError config/missing-key or config/bad-value, naming the first wrong key
 */
export function readFields<Fields extends z.ZodRawShape>(
  config: RawConfig,
  fields: Fields,
  file = 'config.json',
): z.infer<z.ZodObject<Fields>> {
  const result = z.object(fields).safeParse(config);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path ?? [];
  const key = path.join('.');
  const found = path.reduce<unknown>(
    (value, part) => (value as Record<PropertyKey, unknown> | undefined)?.[part],
    config,
  );
  if (found === undefined) {
    throw new EvalrunError('config/missing-key', {
      what: `${file} has no ${key}`,
      expected: issue?.message ?? 'a value',
      found: 'nothing',
    });
  }
  throw badValue(key, issue?.message ?? 'another value', found, file);
}

/** The error for a value that cannot be right, or that asks for something evalrun does not do. */
export function badValue(key: string, expected: string, found: unknown, file = 'config.json'): EvalrunError {
  return new EvalrunError('config/bad-value', {
    what: `${file}: ${key} is not usable`,
    expected,
    found: printed(found),
  });
}

function printed(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** @throws EvalrunError config/bad-value unless `divisor` divides `value` */
export function requireDivides(divisorKey: string, divisor: number, valueKey: string, value: number): void {
  if (value % divisor !== 0) throw badValue(divisorKey, `a divisor of ${valueKey} = ${value}`, divisor);
}

/** @throws EvalrunError config/bad-value when value > limit */
export function requireAtMost(key: string, value: number, limitName: string, limit: number): void {
  if (value > limit) throw badValue(key, `at most ${limitName} = ${limit}`, value);
}

/** @throws EvalrunError config/bad-value for more experts than any machine could hold the names of */
export function requireManageable(layers: number, expertsKey: string, experts: number): void {
  requireAtMost(`num_hidden_layers * ${expertsKey}`, layers * experts, '2^20', MAX_EXPERTS_IN_ALL_LAYERS);
}

/** Beginning- and end-of-sequence ids, checked against the vocabulary. */
export function specialIds(config: {
  readonly vocab_size: number;
  readonly bos_token_id?: number | null | undefined;
  readonly eos_token_id?: number | number[] | null | undefined;
}): { bosId: number | null; eosIds: number[] } {
  const bosId = config.bos_token_id ?? null;
  const eosIds = [config.eos_token_id ?? []].flat();
  for (const [key, ids] of [
    ['bos_token_id', bosId === null ? [] : [bosId]],
    ['eos_token_id', eosIds],
  ] as const) {
    for (const id of ids) requireAtMost(key, id, 'vocab_size - 1', config.vocab_size - 1);
  }
  return { bosId, eosIds };
}
