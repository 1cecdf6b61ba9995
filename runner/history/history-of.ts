/** The history of a folder of runs: series, their points, and where their level changes. */
import pLimit from 'p-limit';
import { runFiles } from '../run-folder.js';
import { type ListedRun, listRuns } from '../run-list.js';
import type { SuiteRecord } from '../run-record.js';
import type { Estimate } from '../run-summary.js';
import { wilson } from '../statistics.js';
import { type Entry, groupSeries, type SeriesEntries, type SeriesFilter } from './group-series.js';
import type { History, HistoryPoint, HistorySeries } from './history-data.js';
import { pairQuestions } from './pair-questions.js';
import { leastUnsteady } from './paired-chance.js';
import { type RunAnswers, readAnswers } from './read-answers.js';
import { changesOf } from './series-changes.js';

export interface HistoryOptions extends SeriesFilter {
  /** Chance of marking anything in a series in which nothing changed; default 0.01. */
  readonly alarmRate?: number;
}

/**
 * Trends of all runs in `folder`, by suite, model and dtype, with change points. Reads run.json, metrics.json and samples.jsonl and
 * changes nothing. Throws `run/not-found`.
 *
 * @example const { series } = await historyOf('runs', { suite: 'mmlu' });
 */
export async function historyOf(folder: string, options: HistoryOptions = {}): Promise<History> {
  const { alarmRate = 0.01, ...filter } = options;
  const { folder: root, runs, skipped } = await listRuns(folder);
  const [shards, whole] = [runs.filter(isShard), runs.filter((run) => !isShard(run))];
  const groups = groupSeries(whole, filter);
  const answers = await readAllAnswers(groups);
  return {
    folder: root,
    alarm_rate: alarmRate,
    least_unsteady: leastUnsteady(alarmRate),
    series: groups.map((group) => seriesOf(group, answers, alarmRate)),
    skipped: [
      ...skipped,
      ...shards.map(({ name }) => ({ name, reason: 'a shard of a run; "evalrun merge" puts shards together' })),
    ],
  };
}

function isShard({ record }: ListedRun): boolean {
  return record.shard !== undefined;
}

type AnswersByRun = ReadonlyMap<ListedRun, RunAnswers | undefined>;

/** Only of runs that have company: one run alone changes nothing. */
async function readAllAnswers(groups: readonly SeriesEntries[]): Promise<AnswersByRun> {
  const atOnce = pLimit(4);
  const wanted = new Set(
    groups.filter(({ entries }) => entries.length > 1).flatMap(({ entries }) => entries.map((e) => e.run)),
  );
  const read = [...wanted].map((run) =>
    atOnce(async () => [run, await readAnswers(runFiles(run.folder).samples)] as const),
  );
  return new Map(await Promise.all(read));
}

function seriesOf({ entries, differs }: SeriesEntries, answers: AnswersByRun, alarmRate: number): HistorySeries {
  const [first] = entries;
  if (first === undefined) throw new RangeError('a series has at least one run');
  const why = whyExcluded(entries, answers);
  const included = entries.filter((entry) => why.get(entry) === null);
  const paired = pairQuestions(included.map(({ run, suite }) => ({ run: run.name, suite, answers: answers.get(run) })));
  const { model, engine } = first.run.record;
  return {
    suite: first.suite.suite,
    model: model.name,
    dtype: engine.dtype,
    protocol: first.suite.protocol,
    shots: first.suite.shots,
    n: Object.values(first.suite.groups).reduce((sum, n) => sum + n, 0),
    average: first.suite.average,
    differs,
    random: entries.some(({ run }) => run.record.model.random),
    paired: typeof paired !== 'string',
    unpaired_because: typeof paired === 'string' ? paired : null,
    unsteady: typeof paired === 'string' ? null : paired.unsteady,
    points: entries.map((entry) => pointOf(entry, answers.get(entry.run), why.get(entry) ?? null)),
    changes: changesOf(included, paired, alarmRate),
  };
}

function pointOf({ run, suite }: Entry, answers: RunAnswers | undefined, excluded: string | null): HistoryPoint {
  const { accuracy = null, low = null, high = null } = run.metrics?.suites[suite.suite] ?? soFar(suite, answers);
  const { created, evalrun } = run.record;
  return { run: run.name, created, accuracy, low, high, version: evalrun.version, commit: evalrun.commit, excluded };
}

/** Of an unfinished run: over the samples that it has, which are not a random part of the plan. */
function soFar({ suite }: SuiteRecord, answers: RunAnswers | undefined): Partial<Estimate> {
  const questions = [...(answers?.get(suite)?.values() ?? [])];
  const n = questions.reduce((sum, { samples }) => sum + samples, 0);
  return n === 0 ? {} : wilson({ correct: correctOf(questions), n });
}

/** Null for entries that count. */
function whyExcluded(entries: readonly Entry[], answers: AnswersByRun): ReadonlyMap<Entry, string | null> {
  const names = new Map<string, string>();
  return new Map(
    entries.map((entry) => {
      const { run, suite } = entry;
      const stored = run.metrics?.suites[suite.suite];
      const original = names.get(run.record.id);
      names.set(run.record.id, original ?? run.name);
      if (original !== undefined) return [entry, `a copy of ${original}`];
      if (run.status === 'running') return [entry, 'still running'];
      if (stored === undefined || stored.missing > 0) return [entry, 'incomplete'];
      if (stored.invalid !== undefined) return [entry, `invalid: ${stored.invalid}`];
      const lines = answers.get(run)?.get(suite.suite);
      if (lines !== undefined && correctOf(lines.values()) !== (stored.statuses.correct ?? 0)) {
        return [entry, 'its metrics.json does not agree with its samples.jsonl; "evalrun rescore" writes it again'];
      }
      return [entry, null];
    }),
  );
}

function correctOf(answers: Iterable<{ readonly correct: number }>): number {
  let sum = 0;
  for (const { correct } of answers) sum += correct;
  return sum;
}
