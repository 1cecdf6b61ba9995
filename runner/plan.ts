/** The plan of a run: suites to samples to token ids, everything that can be known before the first step. */
import { createHash } from 'node:crypto';
import type { PromptForms, Tokenizer } from '../engine/engine.js';
import { EvalrunError } from '../errors.js';
import { getSuite } from '../suites/registry.js';
import type { GenerativePlan, SuiteOptions, SuitePlan } from '../suites/suite.js';
import { type PlannedChoice, planChoices, promptIdentity } from './plan-choices.js';
import { completionIdentity, type PlannedCompletion, planCompletions } from './plan-completions.js';
import { countPromptTokens } from './prompt-tokens.js';
import type { RunSettings, SuiteRecord } from './run-record.js';
import { checkSampleCount } from './sample-count.js';
import { keyOf } from './sample-line.js';

/** A suite ready to be run; its kind says how its samples are answered. */
export type PlannedSuite = { readonly record: SuiteRecord } & (
  | { readonly kind: 'choice'; readonly samples: readonly PlannedChoice[] }
  | {
      readonly kind: 'generative';
      readonly samples: readonly PlannedCompletion[];
      readonly judge: GenerativePlan['judge'];
      /** Languages besides Python that its programs are in. */
      readonly codeLanguages: GenerativePlan['codeLanguages'];
    }
);

export interface PlanOptions {
  readonly settings: RunSettings;
  readonly tokenizer: Tokenizer;
  /** Most tokens, prompt and answer together, that the model takes; 0 where that is not known. */
  readonly contextLength: number;
  /** What the engine's requests must hold; default token ids alone. */
  readonly prompts?: PromptForms | undefined;
  /** Which languages this machine cannot run. */
  readonly missingLanguages?: SuiteOptions['missingLanguages'] | undefined;
  readonly onNotice?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Plans all suites of a run. Throws what the suites throw, what planChoices and planCompletions throw, `usage/samples` for several
 * samples that would be the same, and `suite/empty` for a selection without questions.
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

function planSuite(name: string, options: PlanOptions): Promise<readonly SuitePlan[]> {
  const { settings, tokenizer, contextLength, missingLanguages, prompts = idsAlone } = options;
  return getSuite(name).plan({
    ...suiteOptions(settings),
    ...(missingLanguages && { missingLanguages }),
    ...(prompts.ids &&
      contextLength > 0 && {
        countTokens: (text: string) => tokenizer.encode(text).length,
        // One token is left for the answer.
        maxPromptTokens: contextLength - 1,
      }),
  });
}

/** What the built-in engine takes. */
export const idsAlone: PromptForms = { ids: true, text: false, chat: false };

/** What a reader of the score must know where prompts were not counted. */
function uncounted({ contextLength, prompts = idsAlone }: PlanOptions): string[] {
  if (prompts.ids && contextLength > 0) return [];
  const why = prompts.ids ? 'the server does not say how long its context is' : 'no --tokenizer was given';
  return [`Prompts were sent at full length and not fitted to the context, because ${why}.`];
}

/** The part of the settings that a suite needs to say what it asks. */
export function suiteOptions(settings: Partial<RunSettings>): SuiteOptions {
  return {
    seed: settings.seed ?? 0,
    ...(settings.protocol && { protocol: settings.protocol }),
    ...(typeof settings.shots === 'number' && { shots: settings.shots }),
    ...(settings.shots_file && { shotsFile: settings.shots_file }),
    ...(typeof settings.limit === 'number' && { limit: settings.limit }),
    ...(settings.subjects && { subjects: settings.subjects }),
    ...(settings.data && { dataDir: settings.data }),
    allowModified: settings.allow_modified_data ?? false,
  };
}

async function tokenizePlan(plan: SuitePlan, options: PlanOptions): Promise<PlannedSuite> {
  if (plan.samples.length === 0) {
    throw new EvalrunError('suite/empty', {
      what: `${plan.suite} has no questions for this selection`,
      expected: 'at least one question',
      ...(plan.kind === 'generative' &&
        Object.keys(plan.languagesMissing).length > 0 && { found: Object.values(plan.languagesMissing).join('; ') }),
      todo: 'check --subjects and --limit',
    });
  }
  checkSampleCount(plan, options.settings);
  if (plan.kind === 'choice') {
    const samples = await planChoices(plan, options);
    const noted = { ...plan, notes: [...plan.notes, ...uncounted(options)] };
    return { kind: 'choice', record: recordOf(noted, samples, promptIdentity), samples };
  }
  const { samples, generation, notes } = await planCompletions(plan, options);
  const noted = { ...plan, notes: [...plan.notes, ...notes, ...uncounted(options)] };
  const record = {
    ...recordOf(noted, samples, completionIdentity),
    generation,
    ...(plan.sharesTasks && { shares_tasks: true as const }),
    ...(Object.keys(plan.languagesMissing).length > 0 && { languages_missing: { ...plan.languagesMissing } }),
  };
  return { kind: 'generative', record, samples, judge: plan.judge, codeLanguages: plan.codeLanguages };
}

/** `identityOf` says as a text what a sample asks. */
function recordOf<Planned extends PlannedChoice | PlannedCompletion>(
  plan: SuitePlan,
  samples: readonly Planned[],
  identityOf: (sample: Planned) => string,
): SuiteRecord {
  const keys = new Set<string>();
  for (const sample of samples) {
    const key = keyOf(sample);
    if (keys.has(key)) {
      throw new EvalrunError('internal/duplicate-sample', { what: `The plan of ${plan.suite} has ${key} twice` });
    }
    keys.add(key);
  }
  return {
    suite: plan.suite,
    protocol: plan.protocol,
    version: plan.version,
    shots: plan.shots,
    average: plan.average,
    language: plan.language,
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
    ...factsOf(samples, identityOf),
  };
}

/** What the record of a suite says of its samples themselves. */
function factsOf<Planned extends PlannedChoice | PlannedCompletion>(
  samples: readonly Planned[],
  identityOf: (sample: Planned) => string,
) {
  const groups: Record<string, number> = {};
  for (const { group } of samples) groups[group] = (groups[group] ?? 0) + 1;
  const prompts = createHash('sha256');
  for (const sample of samples) prompts.update(identityOf(sample));
  return {
    groups,
    prompt_tokens: countPromptTokens(samples.map(({ request }) => request.context)),
    prompts_sha256: prompts.digest('hex'),
  };
}

/** The record of a suite of which only these samples are asked. Published scores are not beside a part. */
export function recordOfShare(share: PlannedSuite, note: string): SuiteRecord {
  const { record } = share;
  const facts =
    share.kind === 'choice' ? factsOf(share.samples, promptIdentity) : factsOf(share.samples, completionIdentity);
  return { ...record, ...facts, published: [], notes: [...record.notes, note] };
}

function copyLists(lists: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, [...values]]));
}
