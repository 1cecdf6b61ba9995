/** Builds a suite from its wording: loads the dataset, chooses samples, renders prompts, and says what was done. */
import { type ChoiceDataset, loadChoiceDataset } from '../datasets/choice-dataset.js';
import type { ChoiceQuestion, ChoiceRows } from '../datasets/choice-question.js';
import { EMBEDDED } from '../datasets/data-directory.js';
import { type ChoiceProtocol, continuationsOf } from './choice-protocol.js';
import { chooseProtocol } from './choose-protocol.js';
import { datasetNotes, provenanceOf } from './dataset-notes.js';
import { fitShots, renderPrompt, takeShots } from './few-shot.js';
import { takeLimit } from './limit.js';
import type { ChoicePlan, ChoiceSample, PublishedScore, Suite, SuiteOptions } from './suite.js';

export const DEFAULT_PROTOCOL = 'official';
export const DEFAULT_SHOTS = 5;

/** Category -> subjects. */
export type Categories = Readonly<Record<string, readonly string[]>>;

export interface ChoiceSuiteProtocol extends ChoiceProtocol {
  readonly categories: Categories;
  /** Scores published under this protocol; those of another number of shots are left out of a plan. */
  readonly published: readonly PublishedScore[];
}

export interface ChoiceSuiteSpec {
  /** Name of the suite and id of its dataset. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Raised whenever a score could change. */
  readonly version: number;
  readonly language: 'en' | 'zh';
  /** Split that the shots come from, in their ids. */
  readonly shotSplit: string;
  readonly protocols: Readonly<Record<string, ChoiceSuiteProtocol>>;
}

interface Candidate {
  readonly id: string;
  readonly subject: string;
  /** Of its subject. */
  readonly questions: ChoiceRows;
  readonly row: number;
}

/** A suite over one dataset. Its plan has one entry. */
export function defineChoiceSuite(spec: ChoiceSuiteSpec): Suite {
  return {
    name: spec.name,
    title: spec.title,
    description: spec.description,
    protocols: Object.keys(spec.protocols),
    plan: async (options) => [await planChoiceSuite(spec, options)],
  };
}

async function planChoiceSuite(spec: ChoiceSuiteSpec, options: SuiteOptions): Promise<ChoicePlan> {
  const protocolName = options.protocol ?? DEFAULT_PROTOCOL;
  const protocol = chooseProtocol(spec, protocolName);
  const shotCount = options.shots ?? DEFAULT_SHOTS;
  const { dataDir, subjects, allowModified } = options;
  const dataset = await loadChoiceDataset(spec.name, { dataDir, subjects, allowModified });
  const shots = new Map(
    dataset.subjects.map(({ subject, dev }) => [subject, takeShots(dev, shotCount, `${spec.name}/${subject}`)]),
  );
  const all = dataset.subjects.flatMap(({ subject, questions }) =>
    // Joined, because a template literal may keep its parts beside the whole.
    Array.from(
      { length: questions.length },
      (_, row): Candidate => ({ id: [spec.name, subject, row].join('/'), subject, questions, row }),
    ),
  );
  const taken = takeLimit(all, { limit: options.limit, seed: options.seed, idOf: (candidate) => candidate.id });
  const { samples, shortened } = renderSamples(spec, protocol, { taken, shots, options });
  return {
    kind: 'choice',
    suite: spec.name,
    protocol: protocolName,
    version: spec.version,
    shots: shotCount,
    samples,
    fewShotIds: Object.fromEntries(
      [...shots].map(([subject, questions]) => [
        subject,
        questions.map(({ row }) => `${spec.name}/${subject}/${spec.shotSplit}/${row}`),
      ]),
    ),
    categories: presentCategories(protocol.categories, new Set(samples.map((sample) => sample.group))),
    average: protocol.average,
    language: spec.language,
    datasets: [provenanceOf(dataset)],
    published: dataset.source === EMBEDDED ? [] : protocol.published.filter((score) => score.shots === shotCount),
    notes: [
      ...protocol.notes,
      ...planNotes({ taken: taken.length, total: all.length, shortened, shotCount, options, dataset }),
    ],
  };
}

function renderSamples(
  spec: ChoiceSuiteSpec,
  protocol: ChoiceSuiteProtocol,
  {
    taken,
    shots,
    options,
  }: { taken: readonly Candidate[]; shots: ReadonlyMap<string, readonly ChoiceQuestion[]>; options: SuiteOptions },
): { samples: ChoiceSample[]; shortened: number } {
  const continuations = continuationsOf(protocol);
  let shortened = 0;
  const samples = taken.map((candidate): ChoiceSample => {
    const { id, subject } = candidate;
    const question = questionOf(candidate);
    const asked = shots.get(subject) ?? [];
    const fitting = fitShots(protocol, { id, subject, shots: asked, question }, options);
    if (fitting.length < asked.length) shortened += 1;
    const { answer: target } = question;
    return new RenderedSample({ ...candidate, suite: spec.name, target, shots: fitting, protocol, continuations });
  });
  return { samples, shortened };
}

function questionOf({ questions, row }: Pick<Candidate, 'questions' | 'row'>): ChoiceQuestion {
  return questions.at(row) as ChoiceQuestion;
}

interface AskedQuestion extends Candidate {
  readonly suite: string;
  readonly target: ChoiceSample['target'];
  readonly shots: readonly ChoiceQuestion[];
  readonly protocol: ChoiceProtocol;
  readonly continuations: ChoiceSample['continuations'];
}

/** A class, because literals with a getter, of which each has its own, take five times as much memory. */
class RenderedSample implements ChoiceSample {
  readonly id: string;
  readonly suite: string;
  readonly group: string;
  readonly repeat = 0;
  readonly target: string;
  readonly continuations: ChoiceSample['continuations'];
  declare readonly context: string;
  private readonly questions: ChoiceRows;
  private readonly row: number;
  private readonly shots: readonly ChoiceQuestion[];
  private readonly protocol: ChoiceProtocol;

  constructor({ id, suite, subject, questions, row, target, shots, protocol, continuations }: AskedQuestion) {
    this.id = id;
    this.suite = suite;
    this.group = subject;
    this.target = target;
    this.continuations = continuations;
    this.questions = questions;
    this.row = row;
    this.shots = shots;
    this.protocol = protocol;
    // An own property: a sample that is copied with `...` has its context.
    Object.defineProperty(this, 'context', { enumerable: true, get: this.render });
  }

  private render(): string {
    const { group: subject, shots, questions, row } = this;
    return renderPrompt(this.protocol, { subject, shots, question: questionOf({ questions, row }) });
  }
}

function presentCategories(categories: Categories, present: ReadonlySet<string>): Categories {
  const rows = Object.entries(categories).map(
    ([name, subjects]) => [name, subjects.filter((subject) => present.has(subject))] as const,
  );
  return Object.fromEntries(rows.filter(([, subjects]) => subjects.length > 0));
}

interface PlanFacts {
  readonly taken: number;
  readonly total: number;
  readonly shortened: number;
  readonly shotCount: number;
  readonly options: SuiteOptions;
  readonly dataset: ChoiceDataset;
}

function planNotes({ taken, total, shortened, shotCount, options, dataset }: PlanFacts): string[] {
  const notes = datasetNotes(dataset, `${total} over ${dataset.subjects.length} subjects`);
  if (options.subjects !== undefined) notes.push(`Only ${dataset.subjects.length} chosen subjects were asked.`);
  if (taken < total) notes.push(`${taken} of ${total} questions were asked, chosen by seed ${options.seed}.`);
  if (shortened > 0) {
    notes.push(
      `${shortened} of ${taken} prompts had fewer than ${shotCount} shots, to fit into ${options.maxPromptTokens} tokens.`,
    );
  }
  return notes;
}
