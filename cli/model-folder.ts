/** The folder of the model that a command line names: a folder, or org/name in the cache or on the hub. */
import { findModel } from '../models/hub/find-model.js';
import type { ModelNeed } from '../models/hub/missing-files.js';
import type { ProgressLine } from './progress-line.js';
import { pullShown } from './pull-shown.js';

/** For commands that look at a model: a name must have been pulled. */
export function cachedModelFolder(model: string, need: ModelNeed): Promise<string> {
  return findModel(model, { need, onNotice: (line) => process.stderr.write(`${line}\n`) });
}

/** For a run: a name that is not in the cache is pulled, and the screen says so. */
export function runModelFolder(
  model: string,
  shown: { readonly progress: ProgressLine; readonly signal: AbortSignal },
): Promise<string> {
  return findModel(model, {
    need: 'run',
    onNotice: (line) => shown.progress.print(line),
    pull: async (name) => (await pullShown(name, shown)).folder,
  });
}
