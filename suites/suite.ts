/** What a benchmark is to the runner: a plan of samples with their prompts, and how their scores are averaged. */
import type { DatasetFile } from '../datasets/choice-question.js';

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
  /** The prompt, up to where the answer is read. */
  readonly context: string;
  /** Label -> text that follows the context if that label is the answer, e.g. `{ A: ' A' }`. */
  readonly continuations: Readonly<Record<string, string>>;
}

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

export interface SuitePlan {
  readonly suite: string;
  readonly protocol: string;
  /** Version of this suite's prompts and scoring; raised whenever a score could change. */
  readonly version: number;
  readonly shots: number;
  readonly samples: readonly ChoiceSample[];
  /** Subject -> ids of the development questions used as shots. */
  readonly fewShotIds: Readonly<Record<string, readonly string[]>>;
  /** Category -> subjects; categories may overlap. */
  readonly categories: Readonly<Record<string, readonly string[]>>;
  /** How the headline number averages: over questions (micro) or over subjects (macro). */
  readonly average: 'micro' | 'macro';
  readonly language: 'en' | 'zh';
  readonly datasets: readonly DatasetProvenance[];
  readonly published: readonly PublishedScore[];
  /** Things a reader of the score must know (shots dropped, a mapping choice), each one sentence. */
  readonly notes: readonly string[];
}

export interface SuiteOptions {
  readonly protocol?: string;
  readonly shots?: number;
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
