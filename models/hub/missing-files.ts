/** What a checkpoint folder lacks for a purpose. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { SINGLE_WEIGHTS, WEIGHTS_INDEX } from './choose-files.js';
import { shardsOf } from './weights-index.js';

/** `config`: its shape; `tokenizer`: its tokens; `weights`: both its shape and numbers; `run`: all of them. */
export type ModelNeed = 'config' | 'tokenizer' | 'weights' | 'run';

/** Names of files that are not there; a link whose blob is gone is not there. */
export function missingFiles(folder: string, need: ModelNeed): string[] {
  const lacks = (name: string) => !existsSync(path.join(folder, name));
  const missing = (need === 'tokenizer' ? [] : ['config.json']).filter(lacks);
  if ((need === 'tokenizer' || need === 'run') && lacks('tokenizer.json')) missing.push('tokenizer.json');
  if (need === 'weights' || need === 'run') missing.push(...missingWeights(folder, lacks));
  return missing;
}

function missingWeights(folder: string, lacks: (name: string) => boolean): string[] {
  if (!lacks(SINGLE_WEIGHTS)) return [];
  if (lacks(WEIGHTS_INDEX)) return [SINGLE_WEIGHTS];
  try {
    return shardsOf(path.join(folder, WEIGHTS_INDEX)).filter(lacks);
  } catch {
    // An index that cannot be read is as good as none; opening the checkpoint says what is wrong with it.
    return [WEIGHTS_INDEX];
  }
}
