/** The state of one run, kept up to date from its growing files. */
import { z } from 'zod';
import type { RecentSample, RunState, SpeedPoint, SuiteState } from '../reports/view/live-data.js';
import { clipText, visibleText } from '../reports/visible-text.js';
import { runFiles } from '../runner/run-folder.js';
import { findRun, type ListedRun } from '../runner/run-list.js';
import { sampleStatuses } from '../runner/run-summary.js';
import { keyOf } from '../runner/sample-line.js';
import { FileTail } from './file-tail.js';
import { Rate } from './rate.js';

const sampleLine = z.object({
  id: z.string(),
  suite: z.string(),
  repeat: z.int().nonnegative(),
  status: z.enum(sampleStatuses),
  target: z.string(),
  answer: z.string().nullable(),
});

const engineLine = z.object({
  type: z.literal('engine'),
  seconds: z.number(),
  prefill_tokens: z.number(),
  decode_tokens: z.number(),
  resident_bytes: z.number().optional(),
});

const shownSamples = 12;
/** Two minutes of work. */
const shownIntervals = 120;
const shownCharacters = 160;

export class RunWatch {
  private readonly samples: FileTail;
  private readonly telemetry: FileTail;
  private readonly rate = new Rate();
  private counts = new Map<string, Map<string, number>>();
  private recent: RecentSample[] = [];
  private speed: SpeedPoint[] = [];
  private residentBytes: number | null = null;
  private damagedLines = 0;

  constructor(
    private readonly folder: string,
    private run: ListedRun,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    const files = runFiles(run.folder);
    this.samples = new FileTail(files.samples);
    this.telemetry = new FileTail(files.telemetry);
  }

  /** Reads what is new and returns the whole state. */
  async state(): Promise<RunState> {
    this.run = (await findRun(this.folder, this.run.name)) ?? this.run;
    await this.samples.read({ onLine: (line) => this.onSample(line), onRestart: () => this.forgetSamples() });
    await this.telemetry.read({ onLine: (line) => this.onTelemetry(line), onRestart: () => this.forgetTelemetry() });
    const suites = this.run.record.suites.map((suite): SuiteState => {
      const counts = this.counts.get(suite.suite) ?? new Map<string, number>();
      const done = [...counts.values()].reduce((sum, count) => sum + count, 0);
      const planned = Object.values(suite.groups).reduce((sum, count) => sum + count, 0);
      return { suite: visibleText(suite.suite), planned, done, statuses: Object.fromEntries(counts) };
    });
    const done = suites.reduce((sum, suite) => sum + suite.done, 0);
    const planned = suites.reduce((sum, suite) => sum + suite.planned, 0);
    const { status } = this.run;
    this.rate.note(done, this.nowMs());
    const samplesPerSecond = status === 'running' ? this.rate.perSecond() : null;
    return {
      status,
      suites,
      samplesPerSecond,
      secondsLeft: samplesPerSecond === null ? null : Math.max(0, planned - done) / samplesPerSecond,
      speed: this.speed,
      residentBytes: this.residentBytes,
      recent: this.recent,
      damagedLines: this.damagedLines,
    };
  }

  private onSample(text: string): void {
    const line = parse(sampleLine, text);
    if (line === undefined) {
      this.damagedLines += 1;
      return;
    }
    const { suite, status, target, answer } = line;
    const counts = this.counts.get(suite) ?? new Map<string, number>();
    this.counts.set(suite, counts.set(status, (counts.get(status) ?? 0) + 1));
    const shown = { id: shorten(keyOf(line)), status, target: shorten(target), answer: answer && shorten(answer) };
    this.recent = [shown, ...this.recent.slice(0, shownSamples - 1)];
  }

  private onTelemetry(text: string): void {
    const line = parse(engineLine, text);
    // The other lines are about samples.
    if (line === undefined) return;
    const { seconds, prefill_tokens: prefill, decode_tokens: decode } = line;
    // The clock begins again when a run is resumed.
    const before = this.speed.at(-1)?.seconds ?? 0;
    const duration = Math.max(0.001, seconds > before ? seconds - before : seconds);
    const point = { seconds, prefillPerSecond: prefill / duration, decodePerSecond: decode / duration };
    this.speed = [...this.speed.slice(1 - shownIntervals), point];
    this.residentBytes = line.resident_bytes ?? this.residentBytes;
  }

  private forgetSamples(): void {
    [this.counts, this.recent, this.damagedLines] = [new Map(), [], 0];
  }

  private forgetTelemetry(): void {
    [this.speed, this.residentBytes] = [[], null];
  }
}

function parse<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function shorten(value: string): string {
  const { text, left } = clipText(value, shownCharacters);
  return visibleText(left === 0 ? text : `${text}…`);
}
