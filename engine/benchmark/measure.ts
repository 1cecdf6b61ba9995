/** Measures an open engine: prompts of many lengths, decoding in many batches, through the interface that runs use. */
import { promptFlops } from '../accounting/flops.js';
import { kvElementsPerToken } from '../accounting/kv-cache.js';
import { countParameters } from '../accounting/parameters.js';
import { kvElementBytes } from '../accounting/weight-memory.js';
import type { ArchSpec } from '../arch-spec.js';
import type { StepRouting, StepStats } from '../engine.js';
import type { LocalEngine } from '../local-engine.js';
import { numericsOf, type Precision } from '../numerics.js';
import { rateOf, type Spread, spreadOf } from './spread.js';

export interface PrefillPoint {
  readonly promptTokens: number;
  readonly tokensPerSecond: Spread;
  /** Two operations for each multiply-add, of weights and of attention. */
  readonly flops: Spread;
}

export interface DecodePoint {
  /** Sequences at once, each one token a step. */
  readonly batch: number;
  /** Tokens in the cache of each when decoding begins. */
  readonly contextTokens: number;
  readonly tokensPerSecond: Spread;
  /** Bytes per second of weights and cache that a step has to read at least: each once. */
  readonly readBytes: Spread;
}

export interface MeasureOptions {
  readonly repeats: number;
  /** Tokens that each sequence decodes in one measurement. */
  readonly decodeTokens: number;
  readonly signal?: AbortSignal;
}

/** Times one prompt, after a warm-up that is not counted. */
export async function measurePrefill(
  engine: LocalEngine,
  promptTokens: number,
  { repeats, signal }: MeasureOptions,
): Promise<PrefillPoint> {
  const seconds: number[] = [];
  for (let run = 0; run <= repeats; ++run) {
    signal?.throwIfAborted();
    let stepMs = 0;
    engine.onStep = ({ latencyMs }) => {
      stepMs += latencyMs;
    };
    const context = promptOf(engine.arch, promptTokens, run);
    for await (const _ of engine.score([{ id: 'prompt', context, continuations: [[0]] }]));
    if (run > 0) seconds.push(stepMs / 1000);
  }
  engine.onStep = undefined;
  const spread = spreadOf(seconds);
  return {
    promptTokens,
    tokensPerSecond: rateOf(promptTokens, spread),
    flops: rateOf(promptFlops(engine.arch, promptTokens), spread),
  };
}

/** Times the steps in which all sequences decode and no prompt is computed. */
export async function measureDecode(
  engine: LocalEngine,
  point: { readonly batch: number; readonly contextTokens: number },
  { repeats, decodeTokens, signal }: MeasureOptions,
): Promise<DecodePoint> {
  const { batch, contextTokens } = point;
  const perStep: number[] = [];
  let bytes = 0;
  for (let run = 0; run <= repeats; ++run) {
    signal?.throwIfAborted();
    const steps: StepStats[] = [];
    engine.recordRouting = true;
    engine.onStep = (stats) => {
      if (stats.prefillTokens === 0 && stats.decodeTokens === batch) steps.push(stats);
    };
    const requests = Array.from({ length: batch }, (_, i) => ({
      id: `sequence-${i}`,
      context: promptOf(engine.arch, contextTokens, i),
      maxTokens: decodeTokens + 1,
      stopIds: [],
    }));
    for await (const _ of engine.generate(requests));
    if (run === 0 || steps.length === 0) continue;
    perStep.push(steps.reduce((sum, { latencyMs }) => sum + latencyMs, 0) / steps.length / 1000);
    const length = contextTokens + decodeTokens / 2;
    bytes = steps.reduce((sum, { routing }) => sum + stepBytes(engine, { batch, length, routing }), 0) / steps.length;
  }
  engine.onStep = undefined;
  engine.recordRouting = false;
  const spread = spreadOf(perStep);
  return { batch, contextTokens, tokensPerSecond: rateOf(batch, spread), readBytes: rateOf(bytes, spread) };
}

const WEIGHT_BYTES: Readonly<Record<Precision, number>> = { f32: 4, bf16: 2, fp8: 1 };

interface DecodeStep {
  readonly batch: number;
  /** Tokens in the cache of each sequence. */
  readonly length: number;
  readonly routing: StepRouting | undefined;
}

/** Every weight that a step multiplies with once, and the cache of every sequence. FP8's scales are left out: 1 in 4,096. */
function stepBytes({ arch, info }: LocalEngine, { batch, length, routing }: DecodeStep): number {
  const { parts } = countParameters(arch);
  const totalOf = (name: string) => parts.find(({ part }) => part === name)?.total ?? 0;
  const experts = totalOf('experts');
  const embedding = arch.tiedHead ? 0 : totalOf('embedding');
  const always = parts.reduce((sum, { total }) => sum + total, 0) - experts - embedding;
  const layers = routing?.layers.length ?? 0;
  const perExpert = arch.moe === null || layers === 0 ? 0 : experts / (layers * arch.moe.experts);
  const weights = always + perExpert * (routing === undefined ? 0 : distinctExperts(routing));
  const cache = batch * length * kvElementsPerToken(arch) * kvElementBytes(info.dtype);
  return weights * WEIGHT_BYTES[numericsOf(info.dtype).linear] + cache;
}

/** Over all layers. */
function distinctExperts({ layers, expertsPerToken, chosen, groups }: StepRouting): number {
  const pairs = groups.reduce((sum, { count }) => sum + count, 0) * expertsPerToken;
  return layers.reduce((sum, _, at) => sum + new Set(chosen.subarray(at * pairs, (at + 1) * pairs)).size, 0);
}

/** Different tokens for each `seed`, so that no prefix is shared. */
function promptOf({ vocabSize }: ArchSpec, tokens: number, seed: number): number[] {
  return Array.from({ length: tokens }, (_, i) => ((i + 1) * 7919 + seed * 104_729) % vocabSize);
}
