/** The shape of tokenizer.json: reads the file's JSON into checked, typed parts. */
import { z } from 'zod';
import { EvalrunError } from '../../errors.js';

const pattern = z.union([
  z.strictObject({ String: z.string().min(1) }),
  z.strictObject({ Regex: z.string().max(100_000) }),
]);
export type Pattern = z.infer<typeof pattern>;

const normalizer = z.discriminatedUnion('type', [
  z.object({ type: z.literal('NFC') }),
  z.object({ type: z.literal('Prepend'), prepend: z.string() }),
  z.object({ type: z.literal('Replace'), pattern, content: z.string() }),
  z.object({
    type: z.literal('Sequence'),
    get normalizers() {
      return z.array(normalizer);
    },
  }),
]);
export type NormalizerJson = z.infer<typeof normalizer>;

const preTokenizer = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('Split'),
    pattern,
    behavior: z.enum(['Isolated', 'Removed', 'Contiguous', 'MergedWithPrevious', 'MergedWithNext']),
    invert: z.boolean().default(false),
  }),
  z.object({ type: z.literal('Digits'), individual_digits: z.boolean() }),
  z.object({ type: z.literal('ByteLevel'), add_prefix_space: z.boolean(), use_regex: z.boolean().default(true) }),
  z.object({
    type: z.literal('Metaspace'),
    replacement: z.string().refine((text) => [...text].length === 1, 'one character'),
    prepend_scheme: z.enum(['always', 'first', 'never']).default('always'),
    split: z.boolean().default(true),
  }),
  z.object({
    type: z.literal('Sequence'),
    get pretokenizers() {
      return z.array(preTokenizer);
    },
  }),
]);
export type PreTokenizerJson = z.infer<typeof preTokenizer>;

const decoder = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ByteLevel') }),
  z.object({ type: z.literal('ByteFallback') }),
  z.object({ type: z.literal('Fuse') }),
  z.object({ type: z.literal('Replace'), pattern, content: z.string() }),
  z.object({
    type: z.literal('Strip'),
    content: z.string().refine((text) => [...text].length === 1, 'one character'),
    start: z.int().min(0),
    stop: z.int().min(0),
  }),
  z.object({
    type: z.literal('Metaspace'),
    replacement: z.string().refine((text) => [...text].length === 1, 'one character'),
    prepend_scheme: z.enum(['always', 'first', 'never']).default('always'),
  }),
  z.object({
    type: z.literal('Sequence'),
    get decoders() {
      return z.array(decoder);
    },
  }),
]);
export type DecoderJson = z.infer<typeof decoder>;

const tokenId = z.int().min(0).max(0xffffff);
const pieceWithId = z.tuple([z.string(), tokenId]);
const templateItem = z.union([
  z.object({ SpecialToken: z.object({ id: z.string() }) }),
  z.object({ Sequence: z.object({ id: z.enum(['A', 'B']) }) }),
]);
const postProcessor = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ByteLevel') }),
  z.object({
    type: z.literal('TemplateProcessing'),
    single: z.array(templateItem),
    special_tokens: z.record(z.string(), z.object({ ids: z.array(tokenId) })),
  }),
  z.object({ type: z.literal('BertProcessing'), cls: pieceWithId, sep: pieceWithId }),
  z.object({ type: z.literal('RobertaProcessing'), cls: pieceWithId, sep: pieceWithId }),
  z.object({
    type: z.literal('Sequence'),
    get processors() {
      return z.array(postProcessor);
    },
  }),
]);
export type PostProcessorJson = z.infer<typeof postProcessor>;

const addedToken = z.object({
  id: tokenId,
  content: z.string(),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().optional(),
  special: z.boolean().default(false),
});
export type AddedTokenJson = z.infer<typeof addedToken>;

const bpeModel = z.object({
  type: z.literal('BPE').default('BPE'),
  dropout: z.null().or(z.literal(0)).default(null),
  unk_token: z.string().nullable().default(null),
  continuing_subword_prefix: z.null().or(z.literal('')).default(null),
  end_of_word_suffix: z.null().or(z.literal('')).default(null),
  fuse_unk: z.boolean().default(false),
  byte_fallback: z.boolean().default(false),
  ignore_merges: z.boolean().default(false),
  // The two large tables are walked once, by BpeModel, which names the entry that is wrong.
  vocab: z.custom<Readonly<Record<string, unknown>>>((value) => isObject(value), 'an object of pieces to ids'),
  merges: z.array(z.unknown()),
});
export type BpeJson = z.infer<typeof bpeModel>;

/** tokenizer.json as far as our own pipeline can run it. */
const bpeTokenizer = z.object({
  added_tokens: z.array(addedToken).default([]),
  normalizer: normalizer.nullish(),
  pre_tokenizer: preTokenizer.nullish(),
  post_processor: postProcessor.nullish(),
  decoder: decoder.nullish(),
  model: bpeModel,
});
export type BpeTokenizerJson = z.infer<typeof bpeTokenizer>;

/** What every tokenizer.json must have, whichever pipeline runs it. */
const anyTokenizer = z.object({
  added_tokens: z.array(addedToken).default([]),
  post_processor: postProcessor.nullish(),
  model: z.looseObject({ type: z.string().optional() }),
});
export type AnyTokenizerJson = z.infer<typeof anyTokenizer>;

const ownParts: Readonly<Record<string, readonly string[]>> = {
  normalizer: ['NFC', 'Prepend', 'Replace', 'Sequence'],
  pre_tokenizer: ['Split', 'Digits', 'ByteLevel', 'Metaspace', 'Sequence'],
  decoder: ['ByteLevel', 'ByteFallback', 'Fuse', 'Replace', 'Strip', 'Metaspace', 'Sequence'],
};

export type ParsedTokenizer =
  | { readonly kind: 'bpe'; readonly json: BpeTokenizerJson }
  | { readonly kind: 'other'; readonly json: AnyTokenizerJson; readonly raw: object };

/**
 * Parses the text of a tokenizer.json. `bpe` is a byte-pair tokenizer made of parts that our own pipeline runs; `other`
 * is anything else, left to the library.
 *
 * @throws EvalrunError `tokenizer/json` when the text is not JSON, `tokenizer/shape` when a field is missing or wrong.
 */
export function parseTokenizerJson(text: string, file: string): ParsedTokenizer {
  const raw = parseJsonObject(text, file);
  const model = raw.model;
  const modelType = isObject(model) ? (model.type ?? ('merges' in model ? 'BPE' : undefined)) : undefined;
  const ours = modelType === 'BPE' && Object.entries(ownParts).every(([part, types]) => usesOnly(raw[part], types));
  if (ours) return { kind: 'bpe', json: check(bpeTokenizer, raw, file) };
  return { kind: 'other', json: check(anyTokenizer, raw, file), raw };
}

/** True when a component and all components in it are of the given types; a malformed one is left to the schema. */
function usesOnly(component: unknown, types: readonly string[], depth = 0): boolean {
  if (!isObject(component) || typeof component.type !== 'string' || depth > 8) return true;
  const children = component.normalizers ?? component.pretokenizers ?? component.decoders;
  return (
    types.includes(component.type) &&
    (!Array.isArray(children) || children.every((child) => usesOnly(child, types, depth + 1)))
  );
}

/** @throws EvalrunError `tokenizer/json` unless the text is a JSON object. */
export function parseJsonObject(text: string, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new EvalrunError('tokenizer/json', {
      what: `${file} is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      todo: 'download the file again',
      cause,
    });
  }
  if (!isObject(value))
    throw new EvalrunError('tokenizer/json', {
      what: `${file} does not hold a JSON object`,
      todo: 'download the file again',
    });
  return value;
}

/** @throws EvalrunError `tokenizer/shape` naming the first field that does not fit. */
export function check<T>(schema: z.ZodType<T>, value: unknown, file: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new EvalrunError('tokenizer/shape', {
    what: `${file} has an unexpected ${issue?.path.map(String).join('.') || 'shape'}: ${issue?.message ?? 'unknown defect'}`,
    todo: 'take the file from the publisher again',
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
