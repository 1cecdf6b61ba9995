/** `evalrun --suite ...`: opens the engine, runs the suites, prints the result. */

import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import type { DType, Engine, OpeningEngine } from '../engine/engine.js';
import { checkBaseUrl } from '../engine/remote/base-url.js';
import { EvalrunError } from '../errors.js';
import { DEFAULT_MODEL_NOTE } from '../models/default-model.js';
import { makeFolder, writeError } from '../runner/disk.js';
import { suiteOptions } from '../runner/plan.js';
import { missingLanguages, openPrograms } from '../runner/programs.js';
import { loadRun } from '../runner/resume.js';
import type { RunSettings } from '../runner/run-record.js';
import { askedSettings, type RunRequest } from '../runner/run-settings.js';
import { type RunResult, type RunStart, runSuite } from '../runner/run-suite.js';
import { checkSampleCount } from '../runner/sample-count.js';
import { getSuite, parseSuiteNames } from '../suites/registry.js';
import { addHint } from './failure.js';
import { listenForInterrupt } from './interrupt.js';
import { runModelFolder } from './model-folder.js';
import type { CliParts } from './parts.js';
import { ProgressLine } from './progress-line.js';
import { checkEngineSettings, remoteOptions } from './remote-engine.js';
import { renderStart } from './run-banner.js';
import type { RunFlags } from './run-options.js';
import { type ReportedRun, renderRunJson, renderRunText } from './run-report.js';
import { wrapText } from './wrap-text.js';
import { writeRunReport } from './write-report.js';

/** Runs or resumes what `flags` ask for. Throws what goes wrong, with a hint how the run can go on. */
export async function run(flags: RunFlags, parts: CliParts): Promise<void> {
  const progress = new ProgressLine(process.stderr, { quiet: flags.quiet === true, term: process.env.TERM });
  const interrupt = listenForInterrupt(() => progress.print('Stopping; once more to stop at once.'));
  let started: RunStart | undefined;
  try {
    const result = await runWith(flags, parts, {
      signal: interrupt.signal,
      progress,
      onStart: (start) => {
        started = start;
        for (const line of renderStart(start, process.stderr.columns)) progress.print(line);
      },
    });
    progress.clear();
    const report = flags.report ? await writeRunReport(result.folder, (line) => progress.print(line)) : undefined;
    printResult({ ...result, ...(report !== undefined && { report }) }, flags);
  } catch (error) {
    progress.clear();
    if (started === undefined) throw error;
    throw addHint(error, `What is finished is kept. Go on with: evalrun --resume ${started.folder}`);
  } finally {
    interrupt.release();
  }
}

export interface RunHooks {
  readonly signal: AbortSignal;
  readonly progress: ProgressLine;
  readonly onStart: (start: RunStart) => void;
}

/** One run from flags to result, without printing it. */
export async function runWith(
  flags: RunFlags,
  parts: CliParts,
  { signal, progress, onStart }: RunHooks,
): Promise<RunResult> {
  const onNotice = (text: string) => {
    for (const line of wrapText(text, process.stderr.columns ?? Number.POSITIVE_INFINITY, 2)) progress.print(line);
  };
  const defaultModelFolder = (dtype?: DType) => {
    onNotice(DEFAULT_MODEL_NOTE);
    return parts.defaultModel({ ...(dtype && { dtype }) });
  };
  const stored = flags.resume === undefined ? undefined : (await loadRun(flags.resume)).settings;
  const request = requestOf(flags);
  const settings = { ...stored, ...askedSettings(request) };
  await checkSettings(settings);
  if (flags.resume === undefined) await checkWritable(flags.out);
  checkEngineSettings(settings, flags);
  const dtype = settings.dtype === 'unknown' ? undefined : settings.dtype;
  const openLocal = async () => {
    const chosen = {
      // A snapshot's own folder: a resumed run finds the same commit, whatever the branch is by then.
      model:
        settings.model === undefined
          ? await defaultModelFolder(dtype)
          : await runModelFolder(settings.model, { progress, signal }),
      ...(dtype && { dtype }),
      device: settings.device ?? 'auto',
      ...(settings.threads && { threads: settings.threads }),
      ...(settings.batch_tokens && { batchTokens: settings.batch_tokens }),
    };
    return { engine: await parts.openEngine({ ...chosen, onNotice }), chosen };
  };
  const openRemote = async () => {
    const options = remoteOptions(settings);
    const engine = await parts.openRemoteEngine({ ...options, signal, onNotice });
    return { engine, chosen: { ...request.engineOptions, model: engine.info.model } };
  };
  const opened: { engine: Engine | OpeningEngine; chosen: NonNullable<RunRequest['engineOptions']> } =
    settings.engine === 'openai' ? await openRemote() : await openLocal();
  const { engine, chosen } = opened;
  try {
    if (signal.aborted) throw new EvalrunError('run/interrupted', { what: 'Interrupted before the run began' });
    return await runSuite({
      ...request,
      engine,
      engineOptions: chosen,
      out: flags.out,
      ...(flags.resume !== undefined && { resume: flags.resume }),
      ...(flags.verifyPrefix !== undefined && { verifyPrefix: flags.verifyPrefix }),
      command: ['evalrun', ...process.argv.slice(2)],
      signal,
      onNotice,
      onStart,
      onProgress: (state) => progress.update(state),
    });
  } finally {
    await engine.close();
  }
}

function requestOf(flags: RunFlags): RunRequest {
  const { suite, model, dtype, device, threads, batchTokens, protocol, shots, shotsFile, limit, seed, subjects, data } =
    flags;
  return {
    ...(suite !== undefined && { suite: parseSuiteNames(suite) }),
    ...(protocol !== undefined && { protocol }),
    ...(shots !== undefined && { shots }),
    ...(shotsFile !== undefined && { shotsFile }),
    ...(limit !== undefined && { limit }),
    ...(seed !== undefined && { seed }),
    ...(subjects !== undefined && { subjects }),
    ...(data !== undefined && { dataDir: data }),
    ...(flags.allowModifiedData && { allowModifiedData: true }),
    ...(flags.chat !== undefined && { chat: flags.chat }),
    ...(flags.maxTokens !== undefined && { maxTokens: flags.maxTokens }),
    ...(flags.temperature !== undefined && { temperature: flags.temperature }),
    ...(flags.topP !== undefined && { topP: flags.topP }),
    ...(flags.topK !== undefined && { topK: flags.topK }),
    ...(flags.minP !== undefined && { minP: flags.minP }),
    ...(flags.samples !== undefined && { samples: flags.samples }),
    ...(flags.unsafeExec && { unsafeExec: true }),
    ...(flags.mtp && { mtp: true }),
    ...(flags.recordExperts && { recordExperts: true }),
    ...(flags.shard !== undefined && { shard: flags.shard }),
    engineOptions: {
      // A folder is found again when the run is resumed from somewhere else; anything else is a model's name.
      ...(model !== undefined && {
        model: flags.engine !== 'openai' && existsSync(model) ? path.resolve(model) : model,
      }),
      ...(flags.engine === 'openai' && { engine: 'openai' }),
      ...(flags.baseUrl !== undefined && { baseUrl: checkBaseUrl(flags.baseUrl) }),
      ...(flags.tokenizer !== undefined && { tokenizer: path.resolve(flags.tokenizer) }),
      ...(flags.concurrency !== undefined && { concurrency: flags.concurrency }),
      ...(flags.requestTimeout !== undefined && { requestTimeout: flags.requestTimeout }),
      ...(dtype !== undefined && { dtype }),
      ...(device !== undefined && { device }),
      ...(threads !== undefined && { threads }),
      ...(batchTokens !== undefined && { batchTokens }),
    },
  };
}

/** Plans without a model: what is wrong with suites, options, data or sandbox is said before minutes of loading. */
async function checkSettings(settings: Partial<RunSettings>): Promise<void> {
  if (settings.suites === undefined) {
    throw new EvalrunError('usage/suite', { what: 'No suite is named', todo: 'name one, e.g. --suite mmlu' });
  }
  for (const name of settings.suites) {
    const unsafeExec = settings.unsafe_exec ?? false;
    const plans = await getSuite(name).plan({
      ...suiteOptions(settings),
      missingLanguages: (languages) => missingLanguages(languages, { unsafeExec }),
    });
    for (const plan of plans) checkSampleCount(plan, settings);
    if (!plans.some((plan) => plan.kind === 'generative' && plan.executes)) continue;
    const programs = await openPrograms({ unsafeExec });
    await programs.close();
  }
}

async function checkWritable(out: string): Promise<void> {
  try {
    await makeFolder(out);
    await access(out, constants.W_OK);
  } catch (cause) {
    throw writeError(out, cause);
  }
}

function printResult(result: ReportedRun, { json, quiet, verbose }: RunFlags): void {
  const text = () => `${renderRunText(result, { verbose: verbose === true })}\n`;
  if (!json) process.stdout.write(text());
  else {
    if (!quiet) process.stderr.write(text());
    process.stdout.write(`${JSON.stringify(renderRunJson(result))}\n`);
  }
}
