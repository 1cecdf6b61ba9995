/** One point of an axis in a process of its own, so that its peak of memory is its own: a task as JSON in, a ScalingPoint out. */
import { measureDecode, measurePrefill } from '../../engine/benchmark/measure.js';
import { rateOf, type Spread, spreadOf } from '../../engine/benchmark/spread.js';
import { loadEngine } from '../../engine/load-engine.js';
import type { LocalEngine } from '../../engine/local-engine.js';
import type { ScalingPoint } from './result.js';

export interface PointTask {
  readonly size: number;
  readonly model: string;
  readonly threads: number;
  readonly repeats: number;
  /** Tokens of a prompt to time. */
  readonly prompt?: number;
  /** Tokens to decode one by one. */
  readonly decode?: number;
  /** Prompts with `prefix` tokens in common and `own` others each. */
  readonly shared?: { readonly prompts: number; readonly prefix: number; readonly own: number };
}

const task = JSON.parse(process.argv[2] ?? '') as PointTask;
const { model, threads, repeats, size, prompt, decode, shared } = task;
const kvTokens = 1024 + (prompt ?? 0) + (shared === undefined ? 0 : shared.prompts * (shared.prefix + shared.own + 32));
const engine = await loadEngine({ model, threads, dtype: 'bf16', kvTokens });
const rates: Record<string, Spread> = {};
if (prompt !== undefined)
  rates.prompts = (await measurePrefill(engine, prompt, { repeats, decodeTokens: 1 })).tokensPerSecond;
if (decode !== undefined) {
  const options = { repeats, decodeTokens: decode };
  rates.decoding = (await measureDecode(engine, { batch: 1, contextTokens: 64 }, options)).tokensPerSecond;
}
if (shared !== undefined) {
  rates.shared = await measureShared(engine, shared, true);
  rates.alone = await measureShared(engine, shared, false);
}
const point: ScalingPoint = { size, rates, peakResidentBytes: process.resourceUsage().maxRSS * 1024 };
await engine.close();
process.stdout.write(JSON.stringify(point));

/** Prompt tokens answered for per second, computed or not. */
async function measureShared(
  { arch }: LocalEngine,
  { prompts, prefix, own }: NonNullable<PointTask['shared']>,
  sharePrefixes: boolean,
): Promise<Spread> {
  const tokens = (count: number, seed: number) =>
    Array.from({ length: count }, (_, i) => ((i + 1) * 7919 + seed * 104_729) % arch.vocabSize);
  const requests = Array.from({ length: prompts }, (_, i) => ({
    id: String(i),
    context: [...tokens(prefix, 0), ...tokens(own, i + 1)],
    continuations: [[0], [1], [2], [3]],
  }));
  const seconds: number[] = [];
  for (let run = 0; run <= repeats; ++run) {
    const begin = performance.now();
    for await (const _ of engine.score(requests, { sharePrefixes }));
    if (run > 0) seconds.push((performance.now() - begin) / 1000);
  }
  return rateOf(prompts * (prefix + own), spreadOf(seconds));
}
