/** The one thing evalrun takes from generation_config.json: which ids end a text. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { countOrZero, readFields } from '../architectures/config-fields.js';
import { readJsonObject } from './json-file.js';

/**
 * eos_token_id of generation_config.json, which transformers prefers to config.json's (chat models end a turn with an id
 * that their config.json does not name); undefined where there is none.
 */
export function generationEosIds(folder: string): number[] | undefined {
  const file = path.join(folder, 'generation_config.json');
  if (!existsSync(file)) return undefined;
  const eosField = z.union([countOrZero, z.array(countOrZero)], 'a token id or a list of token ids').nullish();
  const config = readJsonObject(file, 'config/file');
  const { eos_token_id: ids } = readFields(config, { eos_token_id: eosField }, 'generation_config.json');
  return ids === undefined || ids === null ? undefined : [ids].flat();
}
