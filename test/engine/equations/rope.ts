/** Rotary position embeddings: frequencies with YaRN or llama3 scaling, the rotation, and the softmax scale. */
import type { Details } from './details.js';
import { headDim, isDeepseek, type PublishedConfig, type RopeScaling } from './published-config.js';
import { at, type Row } from './vectors.js';

export interface Rope {
  /** Radians per position of each pair. */
  readonly frequencies: readonly number[];
  /** On cos and sin. */
  readonly factor: number;
  readonly interleaved: boolean;
}

export function ropeOf(config: PublishedConfig, details: Details): Rope {
  const dim = isDeepseek(config) ? (config.qk_rope_head_dim as number) : headDim(config);
  const plain = Array.from({ length: dim / 2 }, (_, i) => config.rope_theta ** ((-2 * i) / dim));
  const published = isDeepseek(config);
  return {
    frequencies: details.scaleFrequencies ? scaled(plain, dim, config) : plain,
    factor: details.yarnCosSinFactor ? cosSinFactor(config) : 1,
    interleaved: details.ropeLayout === 'published' ? published : !published,
  };
}

function scaled(plain: readonly number[], dim: number, config: PublishedConfig): readonly number[] {
  const scaling = config.rope_scaling;
  if (!scaling) return plain;
  return isYarn(scaling) ? yarn(plain, dim, { theta: config.rope_theta, scaling }) : llama3(plain, scaling);
}

function isYarn(scaling: RopeScaling): boolean {
  return scaling.type === 'yarn' || scaling.rope_type === 'yarn';
}

/** YaRN (Peng et al. 2023), section 3.2: fast pairs stay, slow pairs are interpolated, with a ramp between them. */
function yarn(plain: readonly number[], dim: number, parts: { theta: number; scaling: RopeScaling }): number[] {
  const { theta, scaling } = parts;
  const { factor, beta_fast = 32, beta_slow = 1, original_max_position_embeddings: length } = scaling;
  const pairTurning = (turns: number) => (dim * Math.log(length / (2 * Math.PI * turns))) / (2 * Math.log(theta));
  const low = Math.max(Math.floor(pairTurning(beta_fast)), 0);
  const high = Math.min(Math.ceil(pairTurning(beta_slow)), dim - 1);
  return plain.map((frequency, i) => {
    const ramp = Math.min(1, Math.max(0, (i - low) / (high === low ? 0.001 : high - low)));
    return (frequency / factor) * ramp + frequency * (1 - ramp);
  });
}

/** Llama 3.1: by the wavelength against the trained length. */
function llama3(plain: readonly number[], scaling: RopeScaling): number[] {
  const { factor, low_freq_factor: low = 1, high_freq_factor: high = 4 } = scaling;
  return plain.map((frequency) => {
    const turns = (scaling.original_max_position_embeddings * frequency) / (2 * Math.PI);
    const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return kept * frequency + (1 - kept) * (frequency / factor);
  });
}

/** m(s, a) = 0.1 a ln(s) + 1. */
function yarnMagnitude(factor: number, mscale: number): number {
  return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
}

function cosSinFactor(config: PublishedConfig): number {
  const scaling = config.rope_scaling;
  if (!scaling || !isYarn(scaling)) return 1;
  const { factor, mscale, mscale_all_dim } = scaling;
  if (mscale === undefined || mscale_all_dim === undefined) return yarnMagnitude(factor, 1);
  return yarnMagnitude(factor, mscale) / yarnMagnitude(factor, mscale_all_dim);
}

/** d^-0.5, in the DeepSeek families times m(mscale_all_dim)^2 under YaRN. */
export function softmaxScale(config: PublishedConfig, details: Details): number {
  if (!isDeepseek(config)) return headDim(config) ** -0.5;
  const plain = ((config.qk_nope_head_dim as number) + (config.qk_rope_head_dim as number)) ** -0.5;
  const { factor, mscale_all_dim } = config.rope_scaling ?? {};
  if (factor === undefined || mscale_all_dim === undefined || !details.yarnSoftmaxCorrection) return plain;
  return plain * yarnMagnitude(factor, mscale_all_dim) ** 2;
}

/** `x` at `position`: pairs (0,1),(2,3).. interleaved, else (0,d/2),(1,d/2+1).. */
export function rotate(x: Row, position: number, rope: Rope): Row {
  const out = new Float64Array(x.length);
  rope.frequencies.forEach((frequency, i) => {
    const [a, b] = rope.interleaved ? [2 * i, 2 * i + 1] : [i, i + x.length / 2];
    const cos = Math.cos(position * frequency) * rope.factor;
    const sin = Math.sin(position * frequency) * rope.factor;
    out[a] = at(x, a) * cos - at(x, b) * sin;
    out[b] = at(x, a) * sin + at(x, b) * cos;
  });
  return out;
}
