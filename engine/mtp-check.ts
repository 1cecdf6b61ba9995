/** Refuses to draft without a module that drafts. */
import { EvalrunError } from '../errors.js';
import type { OpeningInfo } from './engine.js';

/** Throws `engine/mtp` where the model has no multi-token-prediction module. */
export function checkMtp({ model, modelType, mtp }: OpeningInfo): void {
  if (mtp) return;
  throw new EvalrunError('engine/mtp', {
    what: `--mtp drafts with the model's own multi-token-prediction module, and ${model} (${modelType}) has none`,
    expected:
      'a checkpoint with num_nextn_predict_layers of 1 or more and the tensors of that layer, such as DeepSeek-V3',
    todo: 'leave --mtp out; the answers are the same without it',
  });
}
