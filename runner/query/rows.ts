/** Runs as rows of the tables `runs` and `suites`. */
import type { ListedRun } from '../run-list.js';
import { sampleStatuses } from '../run-summary.js';

/** A value of each column of a row; what a run does not have is null. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;

export function runRow({ name, folder, status, record }: ListedRun): Row {
  const { model, engine, settings, evalrun } = record;
  return {
    run: name,
    id: record.id,
    status,
    created: timestampOf(record.created),
    model: model.name,
    model_type: model.type,
    random: model.random,
    weights: model.weight_fingerprint,
    tokenizer: model.tokenizer_sha256,
    parameters: Math.round(model.total_parameters),
    active_parameters: Math.round(model.active_parameters),
    dtype: engine.dtype,
    device: engine.device,
    engine: engine.kind,
    threads: engine.threads,
    version: evalrun.version,
    commit: evalrun.commit,
    seed: settings.seed,
    question_limit: settings.limit,
    planned: record.suites.reduce((sum, suite) => sum + plannedSamples(suite.groups), 0),
    command: record.command.join(' '),
    kernels: JSON.stringify(engine.kernels),
    settings: JSON.stringify(settings),
    fingerprint: record.fingerprint,
    folder,
  };
}

export function suiteRows({ name, record, metrics }: ListedRun): Row[] {
  return record.suites.map((suite) => {
    const stored = metrics?.suites[suite.suite];
    const counts = sampleStatuses.map((status) => [status, stored ? (stored.statuses[status] ?? 0) : null]);
    return {
      run: name,
      suite: suite.suite,
      protocol: suite.protocol,
      suite_version: suite.version,
      shots: suite.shots,
      language: suite.language,
      average: suite.average,
      accuracy: stored?.accuracy ?? null,
      low: stored?.low ?? null,
      high: stored?.high ?? null,
      n: plannedSamples(suite.groups),
      micro: stored?.micro.accuracy ?? null,
      macro: stored?.macro.accuracy ?? null,
      ...Object.fromEntries(counts),
      missing: stored?.missing ?? null,
      invalid: stored?.invalid ?? null,
      samples_per_question: suite.generation?.samples ?? 1,
      prompt_tokens: suite.prompt_tokens.asked,
      prompts_sha256: suite.prompts_sha256,
    };
  });
}

function plannedSamples(groups: Readonly<Record<string, number>>): number {
  return Object.values(groups).reduce((sum, n) => sum + n, 0);
}

/** UTC without its zone, as DuckDB's TIMESTAMP has it; null for text that is no time. */
function timestampOf(created: string): string | null {
  const time = new Date(created);
  return Number.isNaN(time.getTime()) ? null : time.toISOString().slice(0, -1).replace('T', ' ');
}
