/** config.json's quantization_config: DeepSeek's block-scaled FP8, or a refusal. */
import type { ArchSpec } from '../arch-spec.js';
import { badValue } from './config-fields.js';
import type { RawConfig } from './family.js';

/**
 * How the checkpoint's quantised weights are stored; null when config.json says nothing of quantisation. `scaleFormat`
 * is that of the activations' scales in FP8 arithmetic (`scale_fmt`: "ue8m0" rounds them up to powers of two); the
 * weights' own scales are used as they are stored, whatever it says.
 *
 * @throws EvalrunError config/quantization for every other method (GPTQ, AWQ, ...)
 */
export function weightQuantization(config: RawConfig): ArchSpec['weightQuantization'] {
  const value = config.quantization_config;
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) throw badValue('quantization_config', 'an object', value);
  const quantization = value as RawConfig;
  requireOneOf(
    quantization,
    'quant_method',
    ['fp8'],
    'block-scaled FP8 is the only quantised storage that evalrun reads',
  );
  requireOneOf(quantization, 'fmt', ['e4m3', undefined], 'e4m3');
  requireOneOf(quantization, 'activation_scheme', ['dynamic', undefined], 'activations scaled as they come');
  const block = quantization.weight_block_size;
  if (!Array.isArray(block) || block.length !== 2 || block[0] !== 128 || block[1] !== 128) {
    throw badValue('quantization_config.weight_block_size', '[128, 128]', block);
  }
  const format = quantization.scale_fmt;
  if (format !== undefined && format !== null && format !== 'ue8m0' && format !== 'float') {
    throw badValue('quantization_config.scale_fmt', '"ue8m0", "float" or no such key', format);
  }
  return { format: 'e4m3', block: [128, 128], scaleFormat: format === 'ue8m0' ? 'ue8m0' : 'f32' };
}

function requireOneOf(config: RawConfig, key: string, allowed: readonly unknown[], why: string): void {
  const found = config[key] ?? undefined;
  if (allowed.includes(found)) return;
  throw badValue(`quantization_config.${key}`, `${JSON.stringify(allowed[0])} (${why})`, found);
}
