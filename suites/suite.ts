/** What a benchmark is to the runner: a plan of samples with their prompts, how answers are judged, and how scores average. */
import type { DatasetFile } from '../datasets/choice-question.js';
import type { MulLanguage } from '../datasets/mul-problem.js';

/** A question answered by comparing log-probabilities of continuations of one context. */
export interface ChoiceSample {
  /** `<suite>/<subject>/<row>`, e.g. `mmlu/anatomy/7`. */
  readonly id: string;
  /** Name of the suite that the sample counts for; of the component in a combined suite. */
  readonly suite: string;
  /** The subject. */
  readonly group: string;
  readonly repeat: number;
  /** Label of the right answer, a key of `continuations`. */
  readonly target: string;
  /** The prompt, up to where the answer is read. It is written when it is read: all prompts of a plan would take much memory. */
  readonly context: string;
  /** Label -> text that follows the context if that label is the answer, e.g. `{ A: ' A' }`. */
  readonly continuations: Readonly<Record<string, string>>;
}

/** A question answered in writing. */
export interface GenerativeSample {
  /** `<suite>/<row>`, `<suite>/<subject>/<row>`, e.g. `math500/12`, `mgsm/zh/3`. */
  readonly id: string;
  readonly suite: string;
  /** The subject; `all` where there are none. */
  readonly group: string;
  /** The key: a formula or a number; the function's name where programs are asked for. */
  readonly target: string;
  /** What is asked: the user's message in a chat, else the text that is continued. Written when it is read, as `context` above. */
  readonly prompt: string;
  /** Strings that end this answer, where they are not the plan's. */
  readonly stop?: readonly string[];
}

/** What the model wrote. */
export interface Answer {
  readonly text: string;
  /** Whether it was cut off at the most tokens allowed. */
  readonly truncated: boolean;
}

/** A judgement that needs nothing but the text. */
export interface Grade {
  readonly status: 'correct' | 'wrong' | 'unparsed' | 'truncated';
  /** As extracted; null where there is none. */
  readonly answer: string | null;
  /** The rule that found the answer; null where none did. */
  readonly extractedBy: string | null;
  /** What decided; null where there was nothing to compare. */
  readonly rule: string | null;
}

/** A judgement that needs a program to be run. */
export interface Trial {
  /** The code that was taken from the answer. */
  readonly answer: string;
  /** How the program was put together. */
  readonly extractedBy: string;
  readonly execute: PythonProgram | ForeignProgram;
}

interface PythonProgram {
  /** The whole program, the prompt's part included. */
  readonly program: string;
  /** Source that defines `check(candidate)`. */
  readonly test: string;
  readonly entryPoint: string;
  /** Source that the test may use by name. */
  readonly prelude: string;
  /** What it may use where that is not what every program may. */
  readonly limits?: ProgramLimits;
}

export interface ProgramLimits {
  readonly timeoutMs: number;
  /** One answer, as bytes between the two processes. */
  readonly replyBytes: number;
  /** Numbers, texts and lists in one answer. */
  readonly replyNodes: number;
}

/** A program of another language; its test is what follows the function's body, and its prelude what stands before that. */
interface ForeignProgram extends PythonProgram {
  readonly language: CodeLanguage;
}

export type CodeLanguage = Exclude<MulLanguage, 'python'>;

export type Judgement = Grade | Trial;

/** A score that the authors of a model published under this suite's protocol. */
export interface PublishedScore {
  readonly model: string;
  /** 0..1 */
  readonly score: number;
  readonly shots: number;
  readonly source: string;
}

/** Where the questions of a plan came from. */
export interface DatasetProvenance {
  readonly id: string;
  /** `embedded` for the questions in the box, else the data directory. */
  readonly source: string;
  readonly licence: string;
  readonly files: readonly DatasetFile[];
  /** Differences from the manifest, each one sentence; empty when the files are the published ones. */
  readonly deviations: readonly string[];
}

/** What all plans say. */
interface PlanFacts {
  readonly suite: string;
  readonly protocol: string;
  /** Version of this suite's prompts and scoring; raised whenever a score could change. */
  readonly version: number;
  readonly shots: number;
  /** Subject -> ids of the development questions used as shots. */
  readonly fewShotIds: Readonly<Record<string, readonly string[]>>;
  /** Category -> subjects; categories may overlap. */
  readonly categories: Readonly<Record<string, readonly string[]>>;
  /** How the headline number averages: over questions (micro) or over subjects (macro). */
  readonly average: 'micro' | 'macro';
  /** `mixed` for a suite that asks in both. */
  readonly language: 'en' | 'zh' | 'mixed';
  readonly datasets: readonly DatasetProvenance[];
  readonly published: readonly PublishedScore[];
  /** Things a reader of the score must know (shots dropped, a mapping choice), each one sentence. */
  readonly notes: readonly string[];
}

/** Answers are read from log-probabilities. */
export interface ChoicePlan extends PlanFacts {
  readonly kind: 'choice';
  readonly samples: readonly ChoiceSample[];
}

/** Answers are read from generated text. */
export interface GenerativePlan extends PlanFacts {
  readonly kind: 'generative';
  readonly samples: readonly GenerativeSample[];
  /** `chat` puts the prompt into the checkpoint's chat template where it has one; `completion` never does. */
  readonly asks: 'chat' | 'completion';
  /** Strings that end an answer. */
  readonly stop: readonly string[];
  /** The most tokens of an answer, unless the user says otherwise. */
  readonly maxTokens: number;
  /** Whether `judge` asks for programs to be run. */
  readonly executes: boolean;
  /** Whether the groups ask the same tasks, named by the last part of an id. */
  readonly sharesTasks: boolean;
  /** Languages whose programs are run, besides Python. */
  readonly codeLanguages: readonly CodeLanguage[];
  /** Languages that were left out because this machine cannot run them -> why. */
  readonly languagesMissing: Readonly<Record<string, string>>;
  /** How an answer is read, one sentence. */
  readonly reading: string;
  /** Judges an answer to the sample `id`; pure. */
  readonly judge: (id: string, answer: Answer) => Judgement;
}

export type SuitePlan = ChoicePlan | GenerativePlan;

export interface SuiteOptions {
  readonly protocol?: string;
  readonly shots?: number;
  /** File of worked examples, for protocols of written answers that ask with some. */
  readonly shotsFile?: string;
  /** Take this many samples, the same ones for the same seed. */
  readonly limit?: number;
  readonly seed: number;
  readonly subjects?: readonly string[];
  /**
   * What the user gave as `--data`: a folder, or `embedded` for the questions in the box. Undefined takes EVALRUN_DATA,
   * else `~/.cache/evalrun/datasets` if the dataset is installed there, else the questions in the box.
   */
  readonly dataDir?: string;
  /** Takes files that differ from the published ones, as deviations of the plan's datasets; else they are an error. */
  readonly allowModified?: boolean;
  /**
   * Which of these languages this machine cannot run, each with the reason and what to do. Their problems are then left out of the
   * plan; without it all are planned.
   */
  readonly missingLanguages?: (names: readonly CodeLanguage[]) => Promise<ReadonlyMap<CodeLanguage, string>>;
  /** Prompt tokens of a text and the most that the model takes; shots are dropped from the end until it fits. */
  readonly countTokens?: (text: string) => number;
  readonly maxPromptTokens?: number;
}

export interface Suite {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly protocols: readonly string[];
  /** Plans one suite, or one per component for a combined suite such as `bilingual`. */
  plan(options: SuiteOptions): Promise<readonly SuitePlan[]>;
}
