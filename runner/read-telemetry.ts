/** Reads telemetry.jsonl, which nothing depends on: what cannot be read is counted and left out. */
import { z } from 'zod';
import type { EngineInterval, ExpertLoad, RunTelemetry, SampleUse } from './report-data.js';
import { isRegularFile, readLines } from './stored-lines.js';

const amount = z.number().nonnegative();

const engineSchema = z.object({
  type: z.literal('engine'),
  seconds: amount,
  prefill_tokens: amount,
  decode_tokens: amount,
  weight_bytes: amount,
  kv_bytes: amount,
  workspace_bytes: amount,
  resident_bytes: amount,
  /** Since the line before. */
  energy_joules: amount.nullish(),
});

const sampleSchema = z.object({
  type: z.literal('sample'),
  seconds: amount,
  id: z.string(),
  prompt_tokens: amount,
  shared_tokens: amount,
  completion_tokens: amount.optional(),
  sandbox: z.record(z.string(), z.union([z.string(), z.number(), z.null()])).optional(),
});

/** Additive: a subject may have several lines. */
const expertsSchema = z.object({
  type: z.literal('experts'),
  suite: z.string(),
  group: z.string(),
  tokens: amount,
  layers: z.array(z.int().nonnegative()).min(1),
  counts: z.array(z.array(amount).min(1)).min(1),
});

const lineSchema = z.discriminatedUnion('type', [engineSchema, sampleSchema, expertsSchema]);

type EngineLine = z.infer<typeof engineSchema>;
type SampleUseLine = z.infer<typeof sampleSchema>;
type ExpertsLine = z.infer<typeof expertsSchema>;

/** Kinds of lines that other parts of evalrun read. */
const otherKinds = new Set(['routing', 'gpu']);

/** Null where there is no such file. Throws `run/read` as readLines does. */
export async function readTelemetry(file: string): Promise<RunTelemetry | null> {
  if (!(await isRegularFile(file))) return null;
  const collector = new Collector();
  for await (const { text } of readLines(file)) collector.add(text);
  return collector.finish();
}

class Collector {
  private readonly intervals: EngineInterval[] = [];
  private readonly samples = new Map<string, SampleUse>();
  private readonly experts = new Map<string, ExpertLoad>();
  private unreadableLines = 0;
  /** Seconds of the processes before this one; each counts its own from 0. */
  private before = 0;
  private now = 0;
  private intervalStart = 0;

  add(text: string): void {
    if (text === '') return;
    const value = parseJson(text);
    if (isOtherKind(value)) return;
    const parsed = lineSchema.safeParse(value);
    if (!parsed.success) {
      this.unreadableLines += 1;
      return;
    }
    const line = parsed.data;
    if (line.type === 'experts') this.addExperts(line);
    else {
      this.passTo(line.seconds);
      if (line.type === 'engine') this.addInterval(line);
      else this.addSample(line);
    }
  }

  finish(): RunTelemetry {
    return {
      intervals: this.intervals,
      seconds: this.before + this.now,
      samples: this.samples,
      experts: [...this.experts.values()],
      unreadableLines: this.unreadableLines,
    };
  }

  private passTo(seconds: number): void {
    if (seconds < this.now) {
      this.before += this.now;
      this.intervalStart = this.before;
    }
    this.now = seconds;
  }

  private addInterval(line: EngineLine): void {
    const seconds = this.before + line.seconds;
    this.intervals.push({
      seconds,
      duration: seconds - this.intervalStart,
      prefillTokens: line.prefill_tokens,
      decodeTokens: line.decode_tokens,
      weightBytes: line.weight_bytes,
      kvBytes: line.kv_bytes,
      workspaceBytes: line.workspace_bytes,
      residentBytes: line.resident_bytes,
      energyJoules: line.energy_joules ?? null,
    });
    this.intervalStart = seconds;
  }

  private addSample(line: SampleUseLine): void {
    this.samples.set(line.id, {
      promptTokens: line.prompt_tokens,
      sharedTokens: line.shared_tokens,
      completionTokens: line.completion_tokens ?? 0,
      sandbox: line.sandbox ?? null,
    });
  }

  private addExperts({ suite, group, tokens, layers, counts }: ExpertsLine): void {
    const shape = counts.map((row) => row.length);
    const key = JSON.stringify([suite, group, layers, shape]);
    const known = this.experts.get(key);
    if (layers.length !== counts.length) this.unreadableLines += 1;
    else if (known === undefined) this.experts.set(key, { suite, group, tokens, layers, counts });
    else {
      this.experts.set(key, {
        ...known,
        tokens: known.tokens + tokens,
        counts: known.counts.map((row, layer) => row.map((count, expert) => count + (counts[layer]?.[expert] ?? 0))),
      });
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Counted as unreadable by the caller, because it is no object.
    return undefined;
  }
}

function isOtherKind(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && otherKinds.has(String(value.type));
}
