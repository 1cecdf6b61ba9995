/** A run folder as plain data, for reports: the record, the scores, every sample, and what the run cost. */
import type { RunRecord } from './run-record.js';
import type { RunMetrics } from './run-summary.js';
import type { SampleLine } from './sample-line.js';

export type { RunRecord, SuiteRecord } from './run-record.js';
export type { ChoiceLine, GenerativeLine, SampleLine } from './sample-line.js';

/** What the engine did until `seconds`, since the interval before. */
export interface EngineInterval {
  /** End of the interval; seconds of work since the run began, without the time between an interruption and the resumption. */
  readonly seconds: number;
  /** Length of the interval, seconds. */
  readonly duration: number;
  readonly prefillTokens: number;
  readonly decodeTokens: number;
  readonly weightBytes: number;
  readonly kvBytes: number;
  readonly workspaceBytes: number;
  readonly residentBytes: number;
  /** Null where the device does not say. */
  readonly energyJoules: number | null;
}

/** What answering one sample took. */
export interface SampleUse {
  readonly promptTokens: number;
  readonly sharedTokens: number;
  readonly completionTokens: number;
  /** What the sandbox said and measured, by name; null where no program was run. */
  readonly sandbox: Readonly<Record<string, string | number | null>> | null;
}

/** How often each expert was chosen while a subject was answered. */
export interface ExpertLoad {
  readonly suite: string;
  readonly group: string;
  readonly tokens: number;
  /** The layers that have experts, by number. */
  readonly layers: readonly number[];
  /** [layer][expert] */
  readonly counts: readonly (readonly number[])[];
}

export interface RunTelemetry {
  readonly intervals: readonly EngineInterval[];
  /** Of all processes that worked on the run, together. */
  readonly seconds: number;
  /** By keyOf of a sample. */
  readonly samples: ReadonlyMap<string, SampleUse>;
  /** One for each suite and subject; empty where it was not recorded. */
  readonly experts: readonly ExpertLoad[];
  /** Lines that are no telemetry of this version. */
  readonly unreadableLines: number;
}

/** What a reader must know about the folder itself. */
export type RunRemark =
  /** run.json does not have the fingerprint that its settings have. */
  | 'record-changed'
  /** samples.jsonl ends in a part of a line, as after a crash. */
  | 'torn-samples'
  /** metrics.json says something else than samples.jsonl. */
  | 'metrics-differ'
  /** Some lines of telemetry.jsonl cannot be read. */
  | 'damaged-telemetry';

export interface RunReportData {
  readonly record: RunRecord;
  /** Computed from `lines`. */
  readonly metrics: RunMetrics;
  /** In the order of the file. */
  readonly lines: readonly SampleLine[];
  /** Planned samples without a line: 0 in a finished run. */
  readonly missing: number;
  /** Null where there is no telemetry.jsonl. */
  readonly telemetry: RunTelemetry | null;
  readonly remarks: readonly RunRemark[];
}
