/** Which model families exist, found by config.json's model_type. */
import { EvalrunError } from '../../errors.js';
import type { ArchSpec } from '../arch-spec.js';
import { deepseekV2 } from './deepseek-v2.js';
import { deepseekV3 } from './deepseek-v3.js';
import type { ModelFamily, RawConfig } from './family.js';
import { llama } from './llama.js';
import { mistral } from './mistral.js';
import { qwen2 } from './qwen2.js';
import { qwen3 } from './qwen3.js';
import { qwen3Moe } from './qwen3-moe.js';

export const families: readonly ModelFamily[] = [deepseekV3, deepseekV2, llama, mistral, qwen2, qwen3, qwen3Moe];

/**
 * The ArchSpec of a parsed config.json.
 *
 * @throws EvalrunError config/model-type, listing what exists; config/... from the family
 */
export function archSpecOf(config: RawConfig): ArchSpec {
  const modelType = config.model_type;
  const family = families.find(({ modelTypes }) => modelTypes.includes(modelType as string));
  if (family === undefined) {
    const known = families.flatMap(({ modelTypes }) => modelTypes).join(', ');
    throw new EvalrunError('config/model-type', {
      what:
        modelType === undefined
          ? 'config.json has no model_type'
          : 'config.json names a model family that evalrun does not have',
      expected: `one of ${known}`,
      found: JSON.stringify(modelType) ?? 'nothing',
      todo: 'engine/architectures/README.md says how to add a family',
    });
  }
  return family.archSpec(config);
}
