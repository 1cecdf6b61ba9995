/** What a caller may ask of a run, and its complete form with every default written out. */
import path from 'node:path';
import { type DeviceOption, isGpu } from '../engine/device.js';
import type { DType, OpeningInfo } from '../engine/engine.js';
import { EvalrunError } from '../errors.js';
import type { RunSettings } from './run-record.js';

/** Settings of a run; what is left out takes the suite's default, or on resume the stored run's value. */
export interface RunRequest {
  /** One suite or several, e.g. `mmlu` or `['mmlu', 'ceval']`; needed unless a run is resumed. */
  readonly suite?: string | readonly string[];
  /** `official`, `deepseek`, `lm-eval`, `simple-evals`, `base`; default the suite's first. */
  readonly protocol?: string;
  readonly shots?: number;
  /** File of worked examples, for protocols of written answers that ask with some, e.g. `base`. */
  readonly shotsFile?: string;
  /** Questions per suite; the same ones for the same seed. */
  readonly limit?: number;
  /** Default 0. */
  readonly seed?: number;
  readonly subjects?: readonly string[];
  /** Data directory, or `embedded` for the questions in the box. */
  readonly dataDir?: string;
  /** Accept data files that differ from the published ones; the differences are recorded. */
  readonly allowModifiedData?: boolean;
  /** Whether prompts of chat protocols go through the checkpoint's chat template. Default `auto`: where it has one. */
  readonly chat?: 'auto' | 'on' | 'off';
  /** The most tokens of a written answer; default the suite's. */
  readonly maxTokens?: number;
  /** 0, the default, is greedy. */
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  /** Samples of every question, 1 by default; more need a temperature and written answers. */
  readonly samples?: number;
  /** Runs generated programs without isolation where there is no sandbox. */
  readonly unsafeExec?: boolean;
  /** Drafts written answers with the model's own MTP module; the answers are the same. */
  readonly mtp?: boolean;
  /** Writes the routed experts of each sample's last prompt token to telemetry.jsonl, so that two runs can be compared in them. */
  readonly recordExperts?: boolean;
  /** `3/8` asks the third of eight shares of the samples; mergeRuns puts them together. */
  readonly shard?: string;
  /** How the engine was opened, recorded so that `evalrun --resume` can open it again. */
  readonly engineOptions?: {
    readonly model?: string;
    readonly dtype?: DType;
    readonly device?: DeviceOption;
    readonly threads?: number;
    readonly batchTokens?: number;
    /** A server instead of the built-in engine, with what follows. */
    readonly engine?: 'openai';
    readonly baseUrl?: string;
    /** Folder with the model's tokenizer. */
    readonly tokenizer?: string;
    readonly concurrency?: number;
    /** Seconds. */
    readonly requestTimeout?: number;
  };
}

/** Only what the caller gave, in the form of run.json. */
export function askedSettings(request: RunRequest): Partial<RunSettings> {
  const { suite, subjects, dataDir, engineOptions = {} } = request;
  const asked: { [K in keyof RunSettings]?: RunSettings[K] | undefined } = {
    suites: suite === undefined ? undefined : typeof suite === 'string' ? suite.split(',') : [...suite],
    protocol: request.protocol,
    shots: request.shots,
    shots_file: request.shotsFile === undefined ? undefined : path.resolve(request.shotsFile),
    limit: request.limit,
    seed: request.seed,
    subjects: subjects === undefined ? undefined : [...subjects],
    // The same folder when the run is resumed from somewhere else.
    data: dataDir === undefined || dataDir === 'embedded' ? dataDir : path.resolve(dataDir),
    allow_modified_data: request.allowModifiedData,
    chat: request.chat,
    max_tokens: request.maxTokens,
    temperature: request.temperature,
    top_p: request.topP,
    top_k: request.topK,
    min_p: request.minP,
    samples: request.samples,
    unsafe_exec: request.unsafeExec,
    mtp: request.mtp,
    record_experts: request.recordExperts,
    shard: request.shard,
    model: engineOptions.model,
    dtype: engineOptions.dtype,
    device: engineOptions.device,
    threads: engineOptions.threads,
    batch_tokens: engineOptions.batchTokens,
    engine: engineOptions.engine,
    base_url: engineOptions.baseUrl,
    tokenizer: engineOptions.tokenizer,
    concurrency: engineOptions.concurrency,
    request_timeout: engineOptions.requestTimeout,
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as Partial<RunSettings>;
}

/** Complete settings of a new run. Throws `usage/suite` when no suite is named. */
export function newSettings(request: RunRequest, info: OpeningInfo): RunSettings {
  const asked = askedSettings(request);
  if (asked.suites === undefined || asked.suites.length === 0) {
    throw new EvalrunError('usage/suite', { what: 'No suite is named', todo: 'name one, e.g. --suite mmlu' });
  }
  const device = isGpu(info.device) ? 'cuda' : 'cpu';
  return {
    suites: asked.suites,
    model: info.model,
    dtype: info.dtype,
    device,
    protocol: null,
    shots: null,
    limit: null,
    seed: 0,
    subjects: null,
    data: null,
    allow_modified_data: false,
    threads: null,
    batch_tokens: null,
    ...asked,
  };
}
