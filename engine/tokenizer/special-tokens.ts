/** Which tokens go around a text and which end one: tokenizer.json's post-processor and the small config files beside it. */
import { z } from 'zod';
import { EvalrunError } from '../../errors.js';
import { type CheckpointFiles, fileNames } from './checkpoint-files.js';
import type { TextPipeline } from './text-pipeline.js';
import { check, type PostProcessorJson, parseJsonObject } from './tokenizer-json.js';

const namedToken = z.union([z.string(), z.object({ content: z.string() })]).nullish();
const tokenizerConfig = z.object({
  add_bos_token: z.boolean().nullish(),
  add_eos_token: z.boolean().nullish(),
  bos_token: namedToken,
  eos_token: namedToken,
  tokenizer_class: z.string().nullish(),
  chat_template: z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))]).nullish(),
});
const tokenId = z.int().min(0).max(0xffffff);
const modelConfig = z.object({
  // A few publishers write "" or a list for a BOS that is never used; only a plain id names one.
  bos_token_id: z.unknown().optional(),
  eos_token_id: z.union([tokenId, z.array(tokenId)]).nullish(),
});

export interface SpecialTokens {
  readonly bosId: number | undefined;
  readonly eosIds: readonly number[];
  /** Ids put before and after a text; a BOS that the text itself begins with is left out (see withSpecialTokens). */
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
  readonly chatTemplate: string | undefined;
}

/** Classes whose constructor adds a BOS unless the config says otherwise. */
const addsBosByDefault = new Set(['LlamaTokenizer', 'LlamaTokenizerFast']);

/**
 * Reads the rules. What tokenizer.json's post-processor adds always counts; add_bos_token and add_eos_token of
 * tokenizer_config.json add what it does not. End-of-sequence ids are those of generation_config.json, config.json and
 * tokenizer_config.json together, in this order.
 *
 * @throws EvalrunError `tokenizer/bos-token` or `tokenizer/eos-token` when a token has to be added that is not in the
 *   vocabulary; `tokenizer/shape` for a malformed file.
 */
export function readSpecialTokens(
  files: CheckpointFiles,
  postProcessor: PostProcessorJson | null | undefined,
  pipeline: TextPipeline,
): SpecialTokens {
  const parse = <T>(schema: z.ZodType<T>, name: keyof typeof fileNames): T | undefined => {
    const text = files[name];
    return text === undefined ? undefined : check(schema, parseJsonObject(text, fileNames[name]), fileNames[name]);
  };
  const config = parse(tokenizerConfig, 'tokenizerConfig');
  const generation = parse(modelConfig, 'generationConfig');
  const model = parse(modelConfig, 'config');

  const around = tokensAround(postProcessor);
  const idOfToken = (token: z.infer<typeof namedToken>) => {
    const text = typeof token === 'string' ? token : token?.content;
    return text === undefined ? undefined : pipeline.idOf(text);
  };
  const namedBos = idOfToken(config?.bos_token);
  const namedEos = idOfToken(config?.eos_token);
  const bosId = namedBos ?? plainId(generation?.bos_token_id) ?? plainId(model?.bos_token_id) ?? around.prefix[0];
  const eosIds = [generation?.eos_token_id, model?.eos_token_id, namedEos].flatMap((ids) => ids ?? []);

  const addsBos =
    config?.add_bos_token ?? (config?.bos_token != null && addsBosByDefault.has(config.tokenizer_class ?? ''));
  const missing = (kind: 'bos' | 'eos') =>
    new EvalrunError(`tokenizer/${kind}-token`, {
      what: `tokenizer_config.json asks for a ${kind.toUpperCase()} token, but its ${kind}_token is not in the vocabulary`,
      found: JSON.stringify(config?.[`${kind}_token`] ?? null),
      todo: 'take tokenizer_config.json and tokenizer.json from the same revision of the checkpoint',
    });
  const prefix = [...around.prefix];
  if (addsBos && (bosId === undefined || !prefix.includes(bosId))) {
    if (bosId === undefined) throw missing('bos');
    prefix.unshift(bosId);
  }
  const suffix = [...around.suffix];
  const eosId = namedEos ?? eosIds[0];
  if (config?.add_eos_token && (eosId === undefined || !suffix.includes(eosId))) {
    if (eosId === undefined) throw missing('eos');
    suffix.push(eosId);
  }
  return { bosId, eosIds: [...new Set(eosIds)], prefix, suffix, chatTemplate: chatTemplateOf(files, config) };
}

/** The ids with the special tokens around them; never a second BOS where they begin with one already. */
export function withSpecialTokens(ids: number[], { prefix, suffix, bosId }: SpecialTokens): number[] {
  if (prefix.length === 0 && suffix.length === 0) return ids;
  const hasBos = bosId !== undefined && ids[0] === bosId;
  return [...(hasBos ? prefix.filter((id) => id !== bosId) : prefix), ...ids, ...suffix];
}

function plainId(value: unknown): number | undefined {
  return tokenId.safeParse(value).data;
}

/** The ids that a post-processor puts around a single text. */
function tokensAround(json: PostProcessorJson | null | undefined): { prefix: number[]; suffix: number[] } {
  switch (json?.type) {
    case 'BertProcessing':
    case 'RobertaProcessing':
      return { prefix: [json.cls[1]], suffix: [json.sep[1]] };
    case 'Sequence': {
      const parts = json.processors.map(tokensAround);
      return { prefix: parts.flatMap((part) => part.prefix), suffix: parts.flatMap((part) => part.suffix) };
    }
    case 'TemplateProcessing': {
      const text = json.single.findIndex((item) => 'Sequence' in item && item.Sequence.id === 'A');
      const texts = json.single.filter((item) => 'Sequence' in item);
      if (text < 0 || texts.length !== 1) throw badTemplate('its "single" template must hold the text exactly once');
      const idsOf = (items: typeof json.single) =>
        items.flatMap((item) => {
          if (!('SpecialToken' in item)) return [];
          const token = Object.hasOwn(json.special_tokens, item.SpecialToken.id)
            ? json.special_tokens[item.SpecialToken.id]
            : undefined;
          if (token === undefined) throw badTemplate(`${item.SpecialToken.id} is not among its special_tokens`);
          return token.ids;
        });
      return { prefix: idsOf(json.single.slice(0, text)), suffix: idsOf(json.single.slice(text + 1)) };
    }
    default:
      return { prefix: [], suffix: [] };
  }
}

function badTemplate(why: string): EvalrunError {
  return new EvalrunError('tokenizer/post-processor', {
    what: `the post-processor of tokenizer.json cannot be used: ${why}`,
    todo: 'take tokenizer.json from the publisher again',
  });
}

/** chat_template.jinja wins over tokenizer_config.json, as in transformers; of several templates the default one. */
function chatTemplateOf(
  files: CheckpointFiles,
  config: z.infer<typeof tokenizerConfig> | undefined,
): string | undefined {
  const template = files.chatTemplate ?? config?.chat_template ?? undefined;
  if (template === undefined || typeof template === 'string') return template;
  return template.find(({ name }) => name === 'default')?.template;
}
