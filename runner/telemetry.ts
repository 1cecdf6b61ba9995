/** telemetry.jsonl: what a run cost. Times and memory live here, so that samples.jsonl never changes from run to run. */

import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import type { Engine, StepStats } from '../engine/engine.js';
import { writeError } from './disk.js';
import { ExpertLoad, routingLines } from './expert-load.js';
import { GpuTelemetry } from './gpu-telemetry.js';
import type { Outcome } from './outcome.js';
import type { ProgressMeter } from './progress.js';
import { keyOf } from './sample-line.js';

/** Intervals between two writings of the experts' load: it grows with layers times experts. */
const loadIntervals = 60;

/** Appends one line per second of work and one per sample. Not synced: nothing depends on its last seconds. */
export class Telemetry {
  private readonly stream: WriteStream;
  private readonly timer: NodeJS.Timeout;
  private failure: unknown;
  private step: StepStats | undefined;
  private steps = 0;
  private prefillTokens = 0;
  private decodeTokens = 0;
  private draftedTokens = 0;
  private acceptedTokens = 0;
  private sequences = 0;
  private stepMs = 0;
  private readonly load = new ExpertLoad();
  private intervals = 0;
  private readonly gpu: GpuTelemetry | undefined;

  constructor(
    private readonly file: string,
    private readonly engine: Engine,
    private readonly meter: ProgressMeter,
    /** Writes the experts of each sample's last token, too. */
    private readonly routing = false,
  ) {
    this.stream = createWriteStream(file, { flags: 'a' });
    this.stream.on('error', (error) => {
      this.failure ??= error;
    });
    if (engine.sampleGpu !== undefined) {
      this.gpu = new GpuTelemetry(engine.sampleGpu.bind(engine), (entry) => this.write(entry));
    }
    this.timer = setInterval(() => this.writeInterval(), 1000);
    this.timer.unref();
  }

  onStep(stats: StepStats): void {
    this.step = stats;
    this.steps += 1;
    this.prefillTokens += stats.prefillTokens;
    this.decodeTokens += stats.decodeTokens;
    this.draftedTokens += stats.draftedTokens ?? 0;
    this.acceptedTokens += stats.acceptedTokens ?? 0;
    this.sequences += stats.sequences;
    this.stepMs += stats.latencyMs;
    if (stats.routing === undefined) return;
    this.load.add(stats.routing);
    if (this.routing) for (const line of routingLines(stats.routing)) this.write({ ...line });
  }

  onSample({ line, cost }: Outcome): void {
    this.write({
      type: 'sample',
      seconds: this.seconds(),
      id: keyOf(line),
      prompt_tokens: cost.promptTokens,
      shared_tokens: cost.sharedTokens,
      ...(cost.completionTokens > 0 && { completion_tokens: cost.completionTokens }),
      ...(cost.sandbox && { sandbox: cost.sandbox }),
    });
  }

  write(entry: Readonly<Record<string, unknown>>): void {
    if (this.failure === undefined) this.stream.write(`${JSON.stringify(entry)}\n`);
  }

  /** Writes the running second and closes the file. Throws `run/write` when any write failed. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.writeInterval();
    this.writeLoad();
    if (this.failure === undefined) {
      this.stream.end();
      await once(this.stream, 'close').catch((error: unknown) => {
        this.failure ??= error;
      });
    }
    if (this.failure !== undefined) throw writeError(this.file, this.failure);
  }

  private seconds(): number {
    return Math.round(this.meter.seconds * 1000) / 1000;
  }

  private writeInterval(): void {
    if (this.steps === 0) return;
    const memory = this.engine.memory();
    const energyJoules = this.gpu?.interval(this.seconds());
    this.write({
      type: 'engine',
      seconds: this.seconds(),
      steps: this.steps,
      step_ms: Math.round(this.stepMs * 1000) / 1000,
      prefill_tokens: this.prefillTokens,
      decode_tokens: this.decodeTokens,
      ...(this.draftedTokens > 0 && { drafted_tokens: this.draftedTokens, accepted_tokens: this.acceptedTokens }),
      sequences_per_step: this.sequences / this.steps,
      kv_pages_used: this.step?.kvPagesUsed,
      kv_pages_total: this.step?.kvPagesTotal,
      weight_bytes: memory.weightBytes,
      kv_bytes: memory.kvBytes,
      workspace_bytes: memory.workspaceBytes,
      resident_bytes: memory.residentBytes,
      ...(energyJoules !== undefined && { energy_joules: energyJoules }),
    });
    [this.steps, this.prefillTokens, this.decodeTokens, this.sequences, this.stepMs] = [0, 0, 0, 0, 0];
    [this.draftedTokens, this.acceptedTokens] = [0, 0];
    this.intervals += 1;
    if (this.intervals % loadIntervals === 0) this.writeLoad();
  }

  private writeLoad(): void {
    for (const line of this.load.takeLines()) this.write({ ...line });
  }
}
