/** Builds a suite whose answers are written: loads the problems, chooses samples, renders prompts, and says what was done. */
import { EMBEDDED } from '../datasets/data-directory.js';
import { nearestTo } from '../datasets/nearest-name.js';
import type { ProblemDataset, ProblemDatasetOptions } from '../datasets/problem-dataset.js';
import { EvalrunError } from '../errors.js';
import { chooseProtocol } from './choose-protocol.js';
import { datasetNotes, provenanceOf } from './dataset-notes.js';
import { takeLimit } from './limit.js';
import type { Answer, CodeLanguage, GenerativePlan, Judgement, PublishedScore, Suite, SuiteOptions } from './suite.js';
import { type FewShot, type WorkedExamples, workedExamples } from './worked-examples.js';

export interface GenerativeProtocol<Problem> {
  readonly asks: GenerativePlan['asks'];
  /** What is asked; with `fewShot`, the question that follows the worked examples. */
  readonly prompt: (problem: Problem) => string;
  readonly fewShot?: FewShot;
  /** Strings that end an answer, besides the one of `fewShot`. */
  readonly stop: readonly string[];
  /** Where they differ between problems. */
  readonly stopOf?: (problem: Problem) => readonly string[];
  /** The most tokens of an answer; default the suite's. */
  readonly maxTokens?: number;
  /** How an answer is read, one sentence. */
  readonly reading: string;
  readonly judge: (problem: Problem, answer: Answer) => Judgement;
  readonly published: readonly PublishedScore[];
  /** What a reader of the score must know, each one sentence. */
  readonly notes: readonly string[];
}

export interface GenerativeSuiteSpec<Problem extends { readonly id: string }> {
  /** Name of the suite and id of its dataset. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Raised whenever a score could change. */
  readonly version: number;
  readonly language: GenerativePlan['language'];
  readonly average: GenerativePlan['average'];
  readonly maxTokens: number;
  /** Whether answers are programs to be run. */
  readonly executes: boolean;
  readonly load: (options: ProblemDatasetOptions) => Promise<ProblemDataset<Problem>>;
  readonly groupOf: (problem: Problem) => string;
  /** Group -> what people call it; such groups are shown as categories. */
  readonly groupTitles?: Readonly<Record<string, string>>;
  /** Whether the groups ask the same tasks, named by the last part of an id. */
  readonly sharesTasks?: boolean;
  /** Groups whose programs need more than Python. */
  readonly toolchains?: readonly CodeLanguage[];
  readonly targetOf: (problem: Problem) => string;
  /** Problems of the same name are taken together by a limit; default the id. */
  readonly drawnBy?: (problem: Problem) => string;
  /** The first is the default. */
  readonly protocols: Readonly<Record<string, GenerativeProtocol<Problem>>>;
}

/** A suite over one dataset. Its plan has one entry. */
export function defineGenerativeSuite<Problem extends { readonly id: string }>(
  spec: GenerativeSuiteSpec<Problem>,
): Suite {
  return {
    name: spec.name,
    title: spec.title,
    description: spec.description,
    protocols: Object.keys(spec.protocols),
    plan: async (options) => [await planGenerativeSuite(spec, options)],
  };
}

async function planGenerativeSuite<Problem extends { readonly id: string }>(
  spec: GenerativeSuiteSpec<Problem>,
  options: SuiteOptions,
): Promise<GenerativePlan> {
  const protocolName = options.protocol ?? Object.keys(spec.protocols)[0] ?? '';
  const protocol = chooseProtocol(spec, protocolName);
  const { fewShot } = protocol;
  const worked = fewShot === undefined ? NO_EXAMPLES : await workedExamples(spec.name, fewShot, options);
  const { dataDir, allowModified, limit, seed } = options;
  const dataset = await spec.load({ dataDir, allowModified });
  const chosen = chooseGroups(spec, dataset.problems, options.subjects);
  const { codeLanguages, languagesMissing } = await findLanguages(spec, chosen, options);
  const asked = chosen.filter((problem) => !(spec.groupOf(problem) in languagesMissing));
  const taken = takeLimit(asked, { limit, seed, idOf: spec.drawnBy ?? (({ id }) => id) });
  const problems = new Map(taken.map((problem) => [problem.id, problem]));
  const notes = [...protocol.notes, ...datasetNotes(dataset, `${dataset.problems.length} problems`)];
  if (fewShot === undefined) {
    if (options.shots !== undefined && options.shots > 0)
      notes.push('--shots has no effect: this protocol has no shots.');
    if (options.shotsFile !== undefined) notes.push('--shots-file has no effect: this protocol has no shots.');
  }
  if (options.subjects !== undefined) notes.push(`Only these subjects were asked: ${options.subjects.join(', ')}.`);
  for (const [name, why] of Object.entries(languagesMissing)) {
    notes.push(`${spec.groupTitles?.[name] ?? name} was not asked: ${why}.`);
  }
  const isPart = options.subjects !== undefined || Object.keys(languagesMissing).length > 0;
  if (taken.length < asked.length) {
    notes.push(`${taken.length} of ${asked.length} questions were asked, chosen by seed ${seed}.`);
  }
  return {
    kind: 'generative',
    suite: spec.name,
    protocol: protocolName,
    version: spec.version,
    shots: worked.shots,
    samples: taken.map((problem) => ({
      id: problem.id,
      suite: spec.name,
      group: spec.groupOf(problem),
      target: spec.targetOf(problem),
      get prompt() {
        return worked.prompt(protocol.prompt(problem));
      },
      ...(protocol.stopOf && { stop: protocol.stopOf(problem) }),
    })),
    fewShotIds: {},
    categories: Object.fromEntries(Object.entries(spec.groupTitles ?? {}).map(([group, title]) => [title, [group]])),
    average: spec.average,
    language: spec.language,
    datasets: [provenanceOf(dataset), ...worked.provenance],
    published:
      dataset.source === EMBEDDED || (isPart && spec.average === 'macro')
        ? []
        : protocol.published.filter(({ shots }) => shots === worked.shots),
    notes,
    asks: protocol.asks,
    stop: [...protocol.stop, ...worked.stop],
    maxTokens: protocol.maxTokens ?? spec.maxTokens,
    executes: spec.executes,
    sharesTasks: spec.sharesTasks ?? false,
    codeLanguages,
    languagesMissing,
    reading: protocol.reading,
    judge: (id, answer) => protocol.judge(problemOf(problems, id), answer),
  };
}

/** Languages of the problems that this machine can run, and those that it cannot. */
async function findLanguages<Problem extends { readonly id: string }>(
  { groupOf, toolchains = [] }: GenerativeSuiteSpec<Problem>,
  problems: readonly Problem[],
  { missingLanguages }: SuiteOptions,
): Promise<Pick<GenerativePlan, 'codeLanguages' | 'languagesMissing'>> {
  const groups = [...new Set(problems.map(groupOf))];
  const needed = toolchains.filter((name) => groups.includes(name));
  const missing = needed.length === 0 ? undefined : await missingLanguages?.(needed);
  return {
    codeLanguages: needed.filter((name) => missing?.has(name) !== true),
    languagesMissing: Object.fromEntries(missing ?? []),
  };
}
const NO_EXAMPLES: WorkedExamples = { shots: 0, prompt: (question) => question, stop: [], provenance: [] };

function chooseGroups<Problem extends { readonly id: string }>(
  { name, groupOf }: GenerativeSuiteSpec<Problem>,
  problems: readonly Problem[],
  subjects: readonly string[] | undefined,
): readonly Problem[] {
  if (subjects === undefined) return problems;
  const groups = [...new Set(problems.map(groupOf))];
  const unknown = subjects.find((subject) => !groups.includes(subject));
  if (unknown === undefined) return problems.filter((problem) => subjects.includes(groupOf(problem)));
  throw new EvalrunError('usage/unknown-subject', {
    what: `${name} has no subject "${unknown}"`,
    expected: `some of ${groups.join(', ')}`,
    todo: `the nearest name is "${nearestTo(unknown, groups)}"`,
  });
}

function problemOf<Problem>(problems: ReadonlyMap<string, Problem>, id: string): Problem {
  const problem = problems.get(id);
  if (problem !== undefined) return problem;
  throw new EvalrunError('internal/unplanned-sample', {
    what: `an answer to ${id} was to be judged, which was not asked`,
  });
}
