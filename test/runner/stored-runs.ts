/** Run folders made up for tests of what reads many of them. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fingerprintOf } from '../../runner/fingerprint.js';
import { computeMetrics } from '../../runner/metrics.js';
import { runFiles } from '../../runner/run-folder.js';
import type { RunRecord, SuiteRecord } from '../../runner/run-record.js';
import { renderSampleLine, type SampleLine } from '../../runner/sample-line.js';
import { runRecord, sampleLine, suiteRecord } from './run-fixture.js';

export interface StoredRun {
  /** Folder name below the parent, and the run's id unless `id` is given. */
  readonly name: string;
  readonly id?: string;
  /** By question: right or wrong; the subjects alternate between the suite's groups. */
  readonly right: readonly boolean[];
  readonly suite?: Partial<SuiteRecord>;
  readonly record?: Partial<RunRecord>;
  /** Lines of samples.jsonl are left out after this many, and metrics.json too. */
  readonly stopAfter?: number;
  readonly withMetrics?: boolean;
}

export function temporaryRuns(): string {
  return mkdtempSync(path.join(tmpdir(), 'evalrun-runs-'));
}

/** Writes a run folder as evalrun leaves it and returns it. */
export function storeRun(parent: string, options: StoredRun): string {
  const { name, id = name, right, stopAfter, withMetrics = stopAfter === undefined } = options;
  const folder = path.join(parent, name);
  mkdirSync(folder, { recursive: true });
  const suite = suiteRecord({ groups: { anatomy: right.length }, ...options.suite });
  const unsealed = runRecord({ id, created: createdOf(name), suites: [suite], ...options.record });
  const record = { ...unsealed, fingerprint: fingerprintOf(unsealed) };
  const lines = sampleLines(suite, right).slice(0, stopAfter);
  const files = runFiles(folder);
  writeFileSync(files.record, JSON.stringify(record));
  writeFileSync(files.samples, lines.map(renderSampleLine).join(''));
  writeFileSync(
    files.telemetry,
    `${JSON.stringify({ type: 'engine', seconds: 1, steps: 2, step_ms: 900, prefill_tokens: 500, decode_tokens: 0 })}\n`,
  );
  if (withMetrics) writeFileSync(files.metrics, JSON.stringify(computeMetrics(record, lines)));
  return folder;
}

export function sampleLines(suite: SuiteRecord, right: readonly boolean[]): SampleLine[] {
  const groups = Object.entries(suite.groups).flatMap(([group, n]) => new Array<string>(n).fill(group));
  return right.map((isRight, at) => {
    const group = groups[at] ?? '';
    const verdict = isRight ? {} : ({ status: 'wrong', answer: 'B', score: 0 } as const);
    return sampleLine({ id: `${suite.suite}/${group}/${at}`, suite: suite.suite, group, ...verdict });
  });
}

/** Names like `run-007` are days of one year. */
function createdOf(name: string): string {
  const day = Number(/\d+$/.exec(name)?.[0] ?? 0);
  return new Date(Date.UTC(2026, 0, 1 + day, 2)).toISOString();
}
