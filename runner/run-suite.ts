/** A run from its first to its last file: plan, run or resume, order, verify, score. */
import type { Engine, OpeningEngine } from '../engine/engine.js';
import { checkMtp } from '../engine/mtp-check.js';
import { EvalrunError } from '../errors.js';
import { writeJson } from './disk.js';
import { type Drafting, DraftingMeter } from './drafting.js';
import { executeSamples } from './execute.js';
import { generateAnswers } from './generate-answers.js';
import { stopIfAborted } from './interruption.js';
import type { ProgramRunner } from './judge-answer.js';
import { lockRun } from './lock.js';
import { makeRecord } from './make-record.js';
import { computeMetrics } from './metrics.js';
import type { Outcome } from './outcome.js';
import { type PlannedSuite, planRun } from './plan.js';
import { missingLanguages, openPrograms, sandboxRecord } from './programs.js';
import { type Progress, ProgressMeter } from './progress.js';
import { dropFailed, indexSamples, orderSamples, readChoices } from './read-samples.js';
import { checkSameRun, loadRun } from './resume.js';
import { createRunFolder, openSamples, runFiles, type SampleWriter } from './run-folder.js';
import type { RunRecord } from './run-record.js';
import { askedSettings, newSettings, type RunRequest } from './run-settings.js';
import type { RunMetrics } from './run-summary.js';
import { keyOf } from './sample-line.js';
import { scoreChoices } from './score-choices.js';
import { parseShard } from './shard.js';
import { shareOf } from './share.js';
import { Telemetry } from './telemetry.js';
import { verifyPrefix } from './verify-prefix.js';
import { whileLoading } from './while-loading.js';

export interface RunSuiteOptions extends RunRequest {
  /** An open engine, or one that is being loaded while the run is planned; the caller closes it. */
  readonly engine: Engine | OpeningEngine;
  /** Folder in which the run's own folder is made; default `runs`. */
  readonly out?: string;
  /** Folder of a run to go on with: settings not given here are taken from it. */
  readonly resume?: string;
  /** Score this many samples again without prefix sharing and fail on any different bit. */
  readonly verifyPrefix?: number;
  /** What runs generated programs; default the sandbox of this machine. */
  readonly openPrograms?: typeof openPrograms;
  /** Which languages of programs this machine cannot run; default as its sandbox says. */
  readonly missingLanguages?: typeof missingLanguages;
  /** The command line, for run.json. */
  readonly command?: readonly string[];
  /** Stops the run after what is being computed; it can be resumed. */
  readonly signal?: AbortSignal;
  readonly onNotice?: (line: string) => void;
  /** Called when everything is planned and the folder exists, before the first sample. */
  readonly onStart?: (started: RunStart) => void;
  readonly onProgress?: (progress: Progress) => void;
}

export interface RunStart {
  readonly folder: string;
  readonly record: RunRecord;
  /** Samples that a resumed run already has. */
  readonly done: number;
  readonly total: number;
}

/** What the engine did in this process; a resumed run's earlier part is not in it. */
export interface RunWork {
  readonly samples: number;
  readonly promptTokens: number;
  readonly sharedTokens: number;
  readonly completionTokens: number;
  readonly seconds: number;
  /** Only where tokens were drafted. */
  readonly drafting?: Drafting;
}

export interface RunResult {
  readonly folder: string;
  readonly record: RunRecord;
  readonly metrics: RunMetrics;
  readonly work: RunWork;
}

/**
 * Runs suites on an engine and leaves a run folder: run.json, samples.jsonl, metrics.json, telemetry.jsonl. Killed at
 * any instant, it can be resumed, and the result is then byte for byte that of an uninterrupted run.
 *
 * Throws `run/locked`, `run/write` (disk full, folder not writable), `run/settings-differ`, `run/interrupted`,
 * `run/sandbox-missing` for a suite of programs on a machine that cannot run them safely, and what the suites and the engine
 * throw. Whatever it throws after `onStart`, what was computed is kept.
 *
 * @example const { metrics } = await runSuite({ engine, suite: 'mmlu', limit: 20 });
 */
export async function runSuite(options: RunSuiteOptions): Promise<RunResult> {
  const { engine: opened, resume, onNotice } = options;
  const stored = resume === undefined ? undefined : await loadRun(resume);
  const settings = stored ? { ...stored.settings, ...askedSettings(options) } : newSettings(options, opened.info);
  if (settings.mtp) checkMtp(opened.info);
  const unsafeExec = settings.unsafe_exec ?? false;
  onNotice?.('planning: writing and tokenising the prompts');
  const { engine, result: planned } = await whileLoading(
    { opened, signal: options.signal, onWait: () => onNotice?.('loading: reading the weights') },
    (signal) =>
      planRun({
        settings,
        tokenizer: opened.tokenizer,
        contextLength: opened.info.contextLength,
        prompts: opened.prompts,
        missingLanguages: (names) => (options.missingLanguages ?? missingLanguages)(names, { unsafeExec }),
        onNotice,
        signal,
      }),
  );
  const share = settings.shard === undefined ? undefined : shareOf(planned, parseShard(settings.shard));
  const suites = share?.suites ?? planned;
  const executes = suites.some(({ record }) => record.generation?.executes);
  const languages = suites.flatMap((suite) => (suite.kind === 'generative' ? suite.codeLanguages : []));
  const open = options.openPrograms ?? openPrograms;
  const programs = executes ? await open({ unsafeExec, languages }) : undefined;
  try {
    const now = await makeRecord({
      settings,
      info: engine.info,
      suites: suites.map((suite) => suite.record),
      ...(programs && { sandbox: sandboxRecord(programs.report) }),
      shard: share?.record,
      command: options.command ?? [],
      time: new Date(),
    });
    const folder = resume ?? (await createRunFolder(options.out ?? 'runs', now.id));
    const lock = await lockRun(folder);
    try {
      if (stored !== undefined) checkSameRun(folder, stored, now);
      const record = stored ?? now;
      if (stored === undefined) await writeJson(runFiles(folder).record, record);
      return await runPlanned({ engine, options, folder, record, suites, programs, mtp: settings.mtp ?? false });
    } finally {
      await lock.release();
    }
  } finally {
    await programs?.close();
  }
}

interface PlannedRun {
  readonly engine: Engine;
  readonly options: RunSuiteOptions;
  readonly folder: string;
  readonly record: RunRecord;
  readonly suites: readonly PlannedSuite[];
  /** Where a suite has programs to be run. */
  readonly programs: ProgramRunner | undefined;
  /** As asked now: a resumed run need not do as its first part did. */
  readonly mtp: boolean;
}

async function runPlanned(run: PlannedRun): Promise<RunResult> {
  const { engine, options, folder, record, suites } = run;
  const { onNotice } = options;
  const files = runFiles(folder);
  const keys = new Set(suites.flatMap((suite) => suite.samples.map(keyOf)));
  const { done, validBytes } = await findDone(run, keys);
  options.onStart?.({ folder, record, done: done.size, total: keys.size });
  const writer = await openSamples(files.samples, validBytes);
  const work = await runPending(run, done, writer).finally(() => writer.close());
  const lines = await orderSamples(files.samples, keys);
  if (options.verifyPrefix !== undefined && engine.info.kind === 'local') {
    engine.onStep = () => stopIfAborted(options.signal);
    const samples = suites.flatMap((suite) => (suite.kind === 'choice' ? suite.samples : []));
    const { seed } = record.settings;
    const readRecorded = (ids: ReadonlySet<string>) => readChoices(files.samples, ids);
    const request = { engine, samples, readRecorded, count: options.verifyPrefix, seed };
    const verified = await verifyPrefix(request).finally(() => {
      engine.onStep = undefined;
    });
    onNotice?.(`${verified} samples scored again without prefix sharing: every bit is the same`);
  }
  const metrics = computeMetrics(record, lines);
  await writeJson(files.metrics, metrics);
  return { folder, record, metrics, work };
}

/** What a resumed run has already: the keys of its samples, and how much of the file is theirs. */
async function findDone(
  { engine, folder }: PlannedRun,
  planned: ReadonlySet<string>,
): Promise<{ done: ReadonlySet<string>; validBytes: number }> {
  const file = runFiles(folder).samples;
  const found = await indexSamples(file);
  // What a server did not answer is asked again.
  const { places, validBytes } = engine.info.kind === 'remote' ? await dropFailed(file, found) : found;
  for (const key of places.keys()) if (!planned.has(key)) throw unplanned(file, key);
  return { done: new Set(places.keys()), validBytes };
}

/** Answers what has no line yet, suite by suite. */
async function runPending(run: PlannedRun, done: ReadonlySet<string>, writer: SampleWriter): Promise<RunWork> {
  const { engine, options, folder, suites } = run;
  const { onNotice, onProgress, signal } = options;
  const total = suites.reduce((sum, suite) => sum + suite.samples.length, 0);
  const meter = new ProgressMeter(total, done.size);
  const routing = run.record.settings.record_experts ?? false;
  const telemetry = new Telemetry(runFiles(folder).telemetry, engine, meter, routing);
  const drafting = new DraftingMeter();
  const work = { samples: 0, promptTokens: 0, sharedTokens: 0, completionTokens: 0, seconds: 0 };
  const onOutcome = (outcome: Outcome) => {
    const { promptTokens, sharedTokens, completionTokens } = outcome.cost;
    work.samples += 1;
    work.promptTokens += promptTokens;
    work.sharedTokens += sharedTokens;
    work.completionTokens += completionTokens;
    meter.computedTokens += promptTokens - sharedTokens + completionTokens;
    telemetry.onSample(outcome);
    meter.finish();
    onProgress?.(meter.read());
  };
  engine.recordRouting = true;
  engine.onStep = (stats) => {
    telemetry.onStep(stats);
    drafting.add(stats);
    onProgress?.(meter.read());
    stopIfAborted(signal);
  };
  try {
    for (const suite of suites) {
      meter.suite = suite.record.suite;
      const expected = new Set(suite.samples.map(keyOf).filter((key) => !done.has(key)));
      if (expected.size === 0) continue;
      await executeSamples({ outcomes: outcomesOf(suite, expected, run), expected, writer, signal, onOutcome });
    }
    await telemetry.close();
  } catch (error) {
    await telemetry.close().catch((second: unknown) => onNotice?.(`Telemetry was lost as well: ${String(second)}`));
    throw error;
  } finally {
    engine.onStep = undefined;
    engine.recordRouting = false;
  }
  const drafted = drafting.read();
  return { ...work, seconds: meter.seconds, ...(drafted && { drafting: drafted }) };
}

/** One generator of outcomes for each kind of suite. */
function outcomesOf(
  suite: PlannedSuite,
  pending: ReadonlySet<string>,
  { engine, options: { signal }, programs, mtp }: PlannedRun,
): AsyncGenerator<Outcome> {
  switch (suite.kind) {
    case 'choice':
      return scoreChoices(
        engine,
        suite.samples.filter((sample) => pending.has(keyOf(sample))),
        { signal },
      );
    case 'generative': {
      const samples = suite.samples.filter((sample) => pending.has(keyOf(sample)));
      return generateAnswers(engine, samples, { judge: suite.judge, programs, signal, mtp });
    }
  }
}

function unplanned(file: string, id: string): EvalrunError {
  return new EvalrunError('run/samples', {
    what: `${file} has a result for ${id}, which is not among the planned samples`,
    expected: 'only results of this run',
    todo: 'restore the file, or start a new run',
  });
}
