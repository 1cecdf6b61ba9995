/** telemetry.jsonl of a run read back: what it cost and which experts its tokens went to. */
import { z } from 'zod';
import { readLines } from '../stored-lines.js';
import type { ArmCost, ExpertLoad } from './comparison.js';

const amount = z.number().nonnegative();

/** One second of work, or less; written by telemetry.ts. */
const engineSchema = z.object({
  type: z.literal('engine'),
  seconds: amount,
  step_ms: amount,
  prefill_tokens: amount,
  decode_tokens: amount,
  weight_bytes: amount.optional(),
  kv_bytes: amount.optional(),
  workspace_bytes: amount.optional(),
  resident_bytes: amount.optional(),
  /** In this interval, where the device measures it. */
  energy_joules: amount.nullish(),
});
const sampleSchema = z.object({ type: z.literal('sample'), seconds: amount });
const expertId = z.int().min(0).max(65_535);
/** The experts of one token of a sample, by MoE layer. */
const routingSchema = z.object({ type: z.literal('routing'), id: z.string(), experts: z.array(z.array(expertId)) });
/** Tokens that each expert got since the last such line, by layer. */
const expertsSchema = z.object({
  type: z.literal('experts'),
  layers: z.array(z.int().nonnegative()),
  counts: z.array(z.array(amount)),
});
const lineSchema = z.discriminatedUnion('type', [engineSchema, sampleSchema, routingSchema, expertsSchema]);

export interface StoredTelemetry {
  readonly cost: ArmCost;
  readonly load: readonly ExpertLoad[];
  /** keyOf of a sample -> experts by MoE layer. */
  readonly routing: ReadonlyMap<string, readonly Uint16Array[]>;
  /** Lines that are no telemetry of this version. */
  readonly unknownLines: number;
}

/** Reads what is there; nothing in it decides a score, so that damaged or unknown lines are counted and left out. */
export async function loadTelemetry(file: string): Promise<StoredTelemetry> {
  const meter = new CostMeter();
  const load = new Map<number, number[]>();
  const routing = new Map<string, Uint16Array[]>();
  let unknownLines = 0;
  for await (const { text } of readLines(file)) {
    const line = parseLine(text);
    switch (line?.type) {
      case 'engine':
        meter.addInterval(line);
        break;
      case 'sample':
        meter.addTime(line.seconds);
        break;
      case 'routing':
        routing.set(
          line.id,
          line.experts.map((experts) => Uint16Array.from(experts)),
        );
        break;
      case 'experts':
        for (const [at, layer] of line.layers.entries()) addCounts(load, layer, line.counts[at] ?? []);
        break;
      default:
        unknownLines += 1;
    }
  }
  return { cost: meter.read(), load: [...load].map(loadOf).sort((a, b) => a.layer - b.layer), routing, unknownLines };
}

function parseLine(text: string): z.infer<typeof lineSchema> | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function addCounts(load: Map<number, number[]>, layer: number, counts: readonly number[]): void {
  const sums = load.get(layer) ?? [];
  for (const [expert, tokens] of counts.entries()) sums[expert] = (sums[expert] ?? 0) + tokens;
  load.set(layer, sums);
}

function loadOf([layer, counts]: [number, readonly number[]]): ExpertLoad {
  const tokens = counts.reduce((sum, n) => sum + n, 0);
  const most = counts.reduce((high, n) => Math.max(high, n), 0);
  return { layer, tokens, max_over_mean: tokens === 0 ? 1 : most / (tokens / counts.length) };
}

/** A resumed run appends, and its clock starts again at 0. */
class CostMeter {
  private finishedSeconds = 0;
  private seconds: number | undefined;
  private readonly prefill = { tokens: 0, ms: 0 };
  private readonly decode = { tokens: 0, ms: 0 };
  private readonly most: Record<string, number> = {};
  private energy: number | null = null;

  addTime(seconds: number): void {
    if (this.seconds !== undefined && seconds < this.seconds) this.finishedSeconds += this.seconds;
    this.seconds = seconds;
  }

  addInterval(line: z.infer<typeof engineSchema>): void {
    this.addTime(line.seconds);
    // A rate of prompts, or of answers: an interval with both has no share of its time for either.
    const rate = line.decode_tokens === 0 ? this.prefill : line.prefill_tokens === 0 ? this.decode : undefined;
    if (rate !== undefined) {
      rate.tokens += line.prefill_tokens + line.decode_tokens;
      rate.ms += line.step_ms;
    }
    for (const name of ['weight_bytes', 'kv_bytes', 'workspace_bytes', 'resident_bytes'] as const) {
      const value = line[name];
      if (value !== undefined) this.most[name] = Math.max(this.most[name] ?? 0, value);
    }
    if (typeof line.energy_joules === 'number') this.energy = (this.energy ?? 0) + line.energy_joules;
  }

  read(): ArmCost {
    const rate = ({ tokens, ms }: { tokens: number; ms: number }) =>
      tokens > 0 && ms > 0 ? tokens / (ms / 1000) : null;
    return {
      wall_seconds: this.seconds === undefined ? null : this.finishedSeconds + this.seconds,
      prefill_tokens_per_second: rate(this.prefill),
      decode_tokens_per_second: rate(this.decode),
      weight_bytes: this.most.weight_bytes ?? null,
      kv_bytes: this.most.kv_bytes ?? null,
      workspace_bytes: this.most.workspace_bytes ?? null,
      peak_resident_bytes: this.most.resident_bytes ?? null,
      energy_joules: this.energy,
    };
  }
}
