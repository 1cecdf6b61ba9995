/** Two stored runs of the same questions compared: a pure function of their folders, which it never changes. */
import { isGpu } from '../../engine/device.js';
import { EvalrunError } from '../../errors.js';
import { differencesOf } from '../fingerprint.js';
import { type Allowance, checkComparable } from './comparable.js';
import { measureSuite } from './compare-suite.js';
import type { Arm, Comparison, SuiteComparison, Verdict } from './comparison.js';
import { compareExperts } from './expert-agreement.js';
import { holm } from './holm.js';
import { repeatControl } from './repeat-control.js';
import { confidence } from './score-interval.js';
import { loadStoredRun, type StoredRun } from './stored-run.js';
import { loadTelemetry, type StoredTelemetry } from './stored-telemetry.js';

export interface CompareOptions {
  /** The drop that is tolerated, 0..1; default 0.01, one point. */
  readonly margin?: number;
  /** By suite, where it is another one. */
  readonly margins?: Readonly<Record<string, number>>;
  /** Suites that no decision depends on, so that Holm's correction leaves them out. */
  readonly advisory?: readonly string[];
  /** Differences that are the point of the comparison. */
  readonly allow?: readonly Allowance[];
  /** Folder of a second run of the baseline, for the A/A control. */
  readonly aa?: string;
}

export const defaultMargin = 0.01;

/**
 * Compares the run in folder `candidate` with the run in folder `baseline`, question by question. Throws `run/not-comparable`, naming
 * the fields that differ, `usage/margin`, and what reading a run throws: `run/not-found`, `run/record`, `run/samples`, `run/read`.
 *
 * @example const { suites } = await compareRuns('runs/bf16', 'runs/fp8', { margin: 0.005 });
 */
export async function compareRuns(
  baseline: string,
  candidate: string,
  options: CompareOptions = {},
): Promise<Comparison> {
  const { margin = defaultMargin, margins = {}, advisory = [], allow = [], aa } = options;
  for (const value of [margin, ...Object.values(margins)]) checkMargin(value);
  const a = await loadStoredRun(baseline);
  const b = await loadStoredRun(candidate);
  const differs = checkComparable(a, b, allow);
  const repeat = aa === undefined ? undefined : await loadStoredRun(aa);
  const marginOf = (suite: string) => (Object.hasOwn(margins, suite) ? (margins[suite] ?? margin) : margin);
  const suites = compareSuites(a, b, { marginOf, advisory });
  const [costA, costB] = [await loadTelemetry(a.telemetry), await loadTelemetry(b.telemetry)];
  const only = (one: StoredRun, other: StoredRun) =>
    [...one.samples.keys()].filter((suite) => !other.samples.has(suite));
  return {
    schema: 1,
    baseline: armOf(a),
    candidate: armOf(b),
    confidence,
    differs,
    suites,
    only_in: { baseline: only(a, b), candidate: only(b, a) },
    verdict: worstOf(Object.values(suites).map(({ verdict }) => verdict)),
    cost: { baseline: costA.cost, candidate: costB.cost },
    experts: compareExperts(costA, costB),
    aa: repeat === undefined ? null : repeatControl(a, repeat),
    warnings: warningsOf(a, b, [costA, costB]),
  };
}

function checkMargin(margin: number): void {
  if (margin >= 0 && margin <= 1) return;
  throw new EvalrunError('usage/margin', {
    what: 'the tolerated drop is not usable',
    expected: 'a ratio from 0 to 1, e.g. 0.01 for one point',
    found: String(margin),
  });
}

interface SuiteRules {
  readonly marginOf: (suite: string) => number;
  readonly advisory: readonly string[];
}

function compareSuites(
  a: StoredRun,
  b: StoredRun,
  { marginOf, advisory }: SuiteRules,
): Record<string, SuiteComparison> {
  const sameArm = differencesOf(a.record, b.record).length === 0;
  const measured = a.record.suites.flatMap((record) => {
    const [baseline, candidate] = [a.samples.get(record.suite), b.samples.get(record.suite)];
    if (baseline === undefined || candidate === undefined) return [];
    const margin = marginOf(record.suite);
    return [{ suite: record.suite, ...measureSuite({ record, baseline, candidate, margin, sameArm }) }];
  });
  const family = measured.filter(({ suite }) => !advisory.includes(suite));
  const adjusted = holm(family.map(({ pRegression }) => pRegression));
  return Object.fromEntries(
    measured.map((one) => [one.suite, one.judge(adjusted[family.indexOf(one)] ?? one.pRegression)]),
  );
}

/** One regression is a regression; a pass takes a pass of all. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('regression')) return 'regression';
  return verdicts.length > 0 && verdicts.every((verdict) => verdict === 'pass') ? 'pass' : 'undecided';
}

export function armOf({ folder, record }: StoredRun): Arm {
  const { id, created, model, engine } = record;
  return {
    folder,
    run: id,
    model: model.name,
    dtype: engine.dtype,
    device: engine.device,
    created,
    random: model.random,
  };
}

function warningsOf(a: StoredRun, b: StoredRun, telemetry: readonly StoredTelemetry[]): string[] {
  const warnings: string[] = [];
  const runs = [a, b];
  if (runs.some(({ record }) => record.model.random))
    warnings.push('These weights are random: the scores mean nothing.');
  const [before, after] = [a.record.engine, b.record.engine];
  if (before.device !== after.device || before.threads !== after.threads) {
    const machine = ({ device, threads }: typeof before) =>
      `${device} with ${threads} ${isGpu(device) ? 'CPU ' : ''}threads`;
    warnings.push(
      `Speed and memory are those of different machines or settings: ${machine(before)}, then ${machine(after)}.`,
    );
  }
  for (const { folder, record } of runs) {
    const deviating = record.suites.filter(({ datasets }) => datasets.some(({ deviations }) => deviations.length > 0));
    if (deviating.length > 0) {
      const names = deviating.map(({ suite }) => suite).join(', ');
      warnings.push(`${folder}: data that deviates from the published files: ${names}.`);
    }
  }
  for (const [at, { unknownLines }] of telemetry.entries()) {
    if (unknownLines === 0) continue;
    warnings.push(`${runs[at]?.folder}: ${unknownLines} lines of telemetry.jsonl were not understood and left out.`);
  }
  return warnings;
}
