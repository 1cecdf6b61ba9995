/** Rotary position embedding: inverse frequencies, and what YaRN does to cos, sin and the softmax scale. */
import { z } from 'zod';
import type { RopeSpec } from '../arch-spec.js';
import { badValue, flag, positions, positive, readFields } from './config-fields.js';
import type { RawConfig } from './family.js';

const DEFAULT_THETA = 10_000;

const ropeFields = {
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: positive.optional(),
  factor: positive.optional(),
  original_max_position_embeddings: positions.optional(),
  attention_factor: positive.nullish(),
  beta_fast: positive.nullish(),
  beta_slow: positive.nullish(),
  mscale: z.number().nullish(),
  mscale_all_dim: z.number().nullish(),
  truncate: flag.optional(),
  low_freq_factor: positive.optional(),
  high_freq_factor: positive.optional(),
  partial_rotary_factor: z.literal(1, '1: whole heads are rotated').optional(),
};
type RopeConfig = z.infer<z.ZodObject<typeof ropeFields>>;

export interface Rope {
  readonly spec: RopeSpec;
  /** m(mscale_all_dim)^2, which DeepSeek multiplies the softmax scale by under YaRN; 1 otherwise. Other families ignore it. */
  readonly softmaxCorrection: number;
  /** Positions that the rotation is meant for. */
  readonly contextLength: number;
}

/**
 * Rope of a config: `rope_scaling` with `rope_theta` beside it, or the newer `rope_parameters` with `rope_theta` inside.
 * Frequencies are float64 radians per position.
 *
 * @throws EvalrunError config/... for an unknown rope type or a missing constant
 * @see transformers, src/transformers/modeling_rope_utils.py; DeepSeek-V3, inference/model.py precompute_freqs_cis
 */
export function readRope(config: RawConfig, dim: number, layout: RopeSpec['layout']): Rope {
  if (dim % 2 !== 0) throw badValue('the rotary width per head', 'an even number', dim);
  const { rope_theta: outerTheta, max_position_embeddings: maxPositions } = readFields(config, {
    rope_theta: positive.nullish(),
    max_position_embeddings: positions,
    partial_rotary_factor: z.literal(1, '1: whole heads are rotated').nullish(),
  });
  const parameters = readParameters(config);
  const theta = parameters.rope_theta ?? outerTheta ?? DEFAULT_THETA;
  const plain = Array.from({ length: dim / 2 }, (_, i) => theta ** ((-2 * i) / dim));
  const made = scale(parameters, plain, { dim, theta, maxPositions });
  return {
    spec: { layout, dim, inverseFrequencies: made.frequencies, attentionFactor: made.attentionFactor ?? 1 },
    softmaxCorrection: made.softmaxCorrection ?? 1,
    contextLength: made.contextLength ?? maxPositions,
  };
}

function readParameters(config: RawConfig): RopeConfig {
  const key = isPresent(config.rope_parameters) ? 'rope_parameters' : 'rope_scaling';
  const value = config[key];
  if (!isPresent(value)) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw badValue(key, 'an object or null', value);
  const nested = readFields(config, { [key]: z.object(ropeFields) });
  return nested[key] as RopeConfig;
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

interface Scaled {
  readonly frequencies: readonly number[];
  readonly attentionFactor?: number;
  readonly softmaxCorrection?: number;
  readonly contextLength?: number;
}

interface Plain {
  readonly dim: number;
  readonly theta: number;
  readonly maxPositions: number;
}

function scale(parameters: RopeConfig, plain: readonly number[], model: Plain): Scaled {
  // Both keys occur in one file; transformers lets rope_type win.
  const type = parameters.rope_type ?? parameters.type ?? 'default';
  switch (type) {
    case 'default':
      return { frequencies: plain };
    case 'linear': {
      const factor = need(parameters, 'factor');
      return { frequencies: plain.map((frequency) => frequency / factor) };
    }
    case 'dynamic':
      // Plain up to the trained length; beyond it the frequencies would depend on the prompt's length, and one token's
      // keys on what follows it. So the context ends there.
      return {
        frequencies: plain,
        contextLength: Math.min(model.maxPositions, parameters.original_max_position_embeddings ?? model.maxPositions),
      };
    case 'llama3':
      return { frequencies: llama3(parameters, plain) };
    case 'yarn':
      return yarn(parameters, plain, model);
    default:
      throw badValue('the rope type', 'default, linear, dynamic, llama3 or yarn', type);
  }
}

function need(
  parameters: RopeConfig,
  key: 'factor' | 'low_freq_factor' | 'high_freq_factor' | 'original_max_position_embeddings',
): number {
  const value = parameters[key];
  if (value === undefined) throw badValue(`rope_scaling.${key}`, 'a number', null);
  return value;
}

/** Llama 3.1's scaling: long wavelengths slowed by `factor`, short ones kept, a linear blend between. */
function llama3(parameters: RopeConfig, plain: readonly number[]): number[] {
  const factor = need(parameters, 'factor');
  const low = need(parameters, 'low_freq_factor');
  const high = need(parameters, 'high_freq_factor');
  const original = need(parameters, 'original_max_position_embeddings');
  if (high <= low) throw badValue('rope_scaling.high_freq_factor', `more than low_freq_factor = ${low}`, high);
  return plain.map((frequency) => {
    const turns = (original * frequency) / (2 * Math.PI);
    if (turns < low) return frequency / factor;
    if (turns > high) return frequency;
    const smooth = (turns - low) / (high - low);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}

/** YaRN's magnitude: 0.1 a ln(s) + 1, and 1 where nothing is stretched (s <= 1). */
function magnitude(factor: number, a = 1): number {
  return factor <= 1 ? 1 : 0.1 * a * Math.log(factor) + 1;
}

/** YaRN (arXiv 2309.00071), applied at every length as transformers and DeepSeek's reference do. */
function yarn(parameters: RopeConfig, plain: readonly number[], { dim, theta, maxPositions }: Plain): Scaled {
  const original = parameters.original_max_position_embeddings ?? maxPositions;
  const factor = parameters.factor ?? maxPositions / original;
  const boundary = (rotations: number) =>
    (dim * Math.log(original / (rotations * 2 * Math.PI))) / (2 * Math.log(theta));
  const round = parameters.truncate ?? true;
  const from = boundary(parameters.beta_fast ?? 32);
  const to = boundary(parameters.beta_slow ?? 1);
  const low = Math.max(round ? Math.floor(from) : from, 0);
  const high = Math.min(round ? Math.ceil(to) : to, dim - 1);
  // The reference's guard against a division by zero.
  const width = high === low ? 0.001 : high - low;
  const frequencies = plain.map((frequency, i) => {
    const ramp = Math.min(Math.max((i - low) / width, 0), 1);
    return (frequency / factor) * ramp + frequency * (1 - ramp);
  });
  const { mscale, mscale_all_dim: mscaleAllDim } = parameters;
  const attentionFactor =
    parameters.attention_factor ??
    (mscale && mscaleAllDim ? magnitude(factor, mscale) / magnitude(factor, mscaleAllDim) : magnitude(factor));
  return {
    frequencies,
    attentionFactor,
    softmaxCorrection: mscaleAllDim ? magnitude(factor, mscaleAllDim) ** 2 : 1,
    contextLength: Math.max(maxPositions, Math.floor(original * factor)),
  };
}
