/** The plan of a run: suites to samples to token ids, everything that can be known before the first step. */
import { createHash } from 'node:crypto';
import type { ScoreRequest, Tokenizer } from '../engine/engine.js';
import { EvalrunError } from '../errors.js';
import { getSuite } from '../suites/registry.js';
import type { ChoiceSample, SuitePlan } from '../suites/suite.js';
import { letterTokens } from '../suites/token-boundary.js';
import { stopIfAborted } from './interruption.js';
import { countPromptTokens } from './prompt-tokens.js';
import type { RunSettings, SuiteRecord } from './run-record.js';

/** A sample as the engine will see it. Its text is gone: a run holds ids, not tens of thousands of long prompts. */
export interface PlannedSample {
  readonly id: string;
  readonly suite: string;
  readonly group: string;
  readonly repeat: number;
  readonly target: string;
  /** Labels of the answers, in the order of `request.continuations`. */
  readonly labels: readonly string[];
  /** SHA-256 of the prompt's UTF-8 text, hex. */
  readonly promptSha256: string;
  readonly request: ScoreRequest;
}

export interface PlannedSuite {
  readonly record: SuiteRecord;
  readonly samples: readonly PlannedSample[];
}

export interface PlanOptions {
  readonly settings: RunSettings;
  readonly tokenizer: Tokenizer;
  /** Most tokens, prompt and answer together, that the model takes. */
  readonly contextLength: number;
  readonly onNotice?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Plans all suites of a run. Throws what the suites throw, `tokenizer/letter-boundary` when an answer is not one token
 * of its own after the prompt, and `suite/empty` for a selection without questions.
 * A suite that two names stand for (`mmlu,bilingual`) is run once.
 */
export async function planRun(options: PlanOptions): Promise<PlannedSuite[]> {
  const { settings, onNotice } = options;
  const planned = new Map<string, PlannedSuite>();
  for (const name of settings.suites) {
    for (const plan of await planSuite(name, options)) {
      if (planned.has(plan.suite)) onNotice?.(`${plan.suite} is part of ${name} and is run once`);
      else planned.set(plan.suite, await tokenizePlan(plan, options));
    }
  }
  return [...planned.values()];
}

function planSuite(name: string, { settings, tokenizer, contextLength }: PlanOptions): Promise<readonly SuitePlan[]> {
  return getSuite(name).plan({
    seed: settings.seed,
    ...(settings.protocol !== null && { protocol: settings.protocol }),
    ...(settings.shots !== null && { shots: settings.shots }),
    ...(settings.limit !== null && { limit: settings.limit }),
    ...(settings.subjects !== null && { subjects: settings.subjects }),
    ...(settings.data !== null && { dataDir: settings.data }),
    allowModified: settings.allow_modified_data,
    countTokens: (text) => tokenizer.encode(text).length,
    // One token is left for the answer.
    maxPromptTokens: contextLength - 1,
  });
}

/** Samples tokenised between two looks at what else happens, such as Ctrl-C. */
const breath = 256;

async function tokenizePlan(plan: SuitePlan, { tokenizer, signal }: PlanOptions): Promise<PlannedSuite> {
  if (plan.samples.length === 0) {
    throw new EvalrunError('suite/empty', {
      what: `${plan.suite} has no questions for this selection`,
      expected: 'at least one question',
      todo: 'check --subjects and --limit',
    });
  }
  const letters = letterTokens(plan, tokenizer);
  const samples: PlannedSample[] = [];
  for (const sample of plan.samples) {
    if (samples.length % breath === 0) await new Promise((resolve) => setImmediate(resolve));
    stopIfAborted(signal);
    samples.push(tokenizeSample(sample, letters, tokenizer));
  }
  const groups: Record<string, number> = {};
  const ids = new Set<string>();
  const prompts = createHash('sha256');
  for (const { id, group, target, labels, promptSha256, request } of samples) {
    if (ids.has(id)) {
      throw new EvalrunError('internal/duplicate-sample', { what: `The plan of ${plan.suite} has ${id} twice` });
    }
    ids.add(id);
    groups[group] = (groups[group] ?? 0) + 1;
    prompts.update(JSON.stringify([id, promptSha256, target, labels, request.continuations]));
  }
  const record: SuiteRecord = {
    suite: plan.suite,
    protocol: plan.protocol,
    version: plan.version,
    shots: plan.shots,
    average: plan.average,
    language: plan.language,
    groups,
    categories: copyLists(plan.categories),
    few_shot_ids: copyLists(plan.fewShotIds),
    datasets: plan.datasets.map((dataset) => ({
      id: dataset.id,
      source: dataset.source,
      licence: dataset.licence,
      files: dataset.files.map(({ path, sha256, rows }) => ({ path, sha256, rows })),
      deviations: [...dataset.deviations],
    })),
    published: plan.published.map(({ model, score, shots, source }) => ({ model, score, shots, source })),
    notes: [...plan.notes],
    prompt_tokens: countPromptTokens(samples.map(({ request }) => request.context)),
    prompts_sha256: prompts.digest('hex'),
  };
  return { record, samples };
}

function tokenizeSample(
  sample: ChoiceSample,
  letters: Readonly<Record<string, number>>,
  tokenizer: Tokenizer,
): PlannedSample {
  const labels = Object.keys(sample.continuations);
  const continuations = labels.flatMap((label) => (letters[label] === undefined ? [] : [[letters[label]]]));
  if (!labels.includes(sample.target) || continuations.length !== labels.length) {
    throw new EvalrunError('internal/labels', {
      what: `The answers of ${sample.id} do not match its key or its tokens`,
    });
  }
  return {
    id: sample.id,
    suite: sample.suite,
    group: sample.group,
    repeat: sample.repeat,
    target: sample.target,
    labels,
    promptSha256: createHash('sha256').update(sample.context, 'utf8').digest('hex'),
    request: { id: sample.id, context: tokenizer.encode(sample.context), continuations },
  };
}

function copyLists(lists: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, [...values]]));
}
