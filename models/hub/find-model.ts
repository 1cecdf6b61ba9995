/** From what a person calls a model to its folder: a folder as it is, else `org/name` in the cache, else a pull. */
import { existsSync } from 'node:fs';
import { EvalrunError } from '../../errors.js';
import { findCached } from './cached-models.js';
import { hubSettings } from './hub-settings.js';
import type { ModelNeed } from './missing-files.js';
import { type ModelName, parseModelName, renderModelName } from './model-name.js';

export interface FindModelOptions {
  readonly need: ModelNeed;
  readonly env?: NodeJS.ProcessEnv;
  readonly onNotice?: (line: string) => void;
  /** Gets what the cache lacks and returns its folder; without it that is an error. */
  readonly pull?: (name: ModelName) => Promise<string>;
}

/**
 * The checkpoint folder of `model`. What is neither there nor a name comes back as it is, for its reader to judge.
 *
 * @throws EvalrunError checkpoint/not-cached, network/offline, or what `pull` throws
 */
export async function findModel(model: string, { need, env, onNotice, pull }: FindModelOptions): Promise<string> {
  const name = existsSync(model) ? undefined : parseModelName(model);
  if (name === undefined) return model;
  const { cache, offline, endpoint } = hubSettings(env);
  const found = await findCached(cache, name, need);
  if (found?.missing.length === 0) {
    onNotice?.(`${renderModelName(name)}: commit ${found.commit.slice(0, 12)} in ${cache}`);
    return found.folder;
  }
  const state = found === undefined ? 'not in the cache' : `in the cache without ${listed(found.missing)}`;
  if (pull !== undefined && !offline) {
    onNotice?.(`There is no folder ${model}, and ${renderModelName(name)} is ${state}: pulling it from ${endpoint}`);
    return pull(name);
  }
  const revision = name.revision === 'main' ? '' : ` --revision ${name.revision}`;
  throw new EvalrunError(offline ? 'network/offline' : 'checkpoint/not-cached', {
    what: `There is no folder ${model}, and ${renderModelName(name)} is ${state} (${cache})`,
    ...(offline && { found: 'HF_HUB_OFFLINE, so that it is not pulled' }),
    todo: `${offline ? 'unset it and ' : ''}run "evalrun models pull ${name.repository}${revision}", or give the path of a checkpoint folder`,
  });
}

function listed(names: readonly string[]): string {
  return names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');
}
