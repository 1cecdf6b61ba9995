/** The model that runs when none is named: the trained demonstration model in the box. */
import path from 'node:path';
import { type DType, isFp8 } from '../engine/numerics.js';
import { packageRoot } from '../package-root.js';

/** What its scores are worth, in one line. */
export const DEFAULT_MODEL_NOTE =
  'No --model: nano, a demonstration, runs; its scores mean nothing beyond the questions in the box.';

/**
 * Folder of the default model; in FP8 that of its FP8 twin, which is made in ~/.cache/evalrun/models on first use.
 *
 * @throws EvalrunError as quantizeCheckpoint does, when the twin cannot be made
 * @example const engine = await loadEngine({ model: await defaultModel() });
 */
export async function defaultModel({ dtype }: { readonly dtype?: DType } = {}): Promise<string> {
  const folder = path.join(packageRoot, 'models', 'nano');
  return dtype !== undefined && isFp8(dtype) ? (await import('./fp8-twin.js')).fp8Twin(folder) : folder;
}
