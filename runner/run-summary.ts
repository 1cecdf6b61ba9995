/** The shapes of a run's results as metrics.json holds them: all that reports and comparisons need to know of a run. */

/** What became of a sample. Every planned sample ends in exactly one of these. */
export const sampleStatuses = [
  'correct',
  'wrong',
  'unparsed',
  'truncated',
  'timeout',
  'oom',
  'sandbox_error',
  'engine_error',
] as const;

export type SampleStatus = (typeof sampleStatuses)[number];

/** A proportion with its 95 % interval, all 0..1. */
export interface Estimate {
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  /** Planned samples: the denominator. */
  readonly n: number;
}

/** An estimate that averages over subjects. */
export interface MacroEstimate extends Estimate {
  /** Subjects averaged over. */
  readonly groups: number;
}

/** The chance that one of k answers to a task is right. */
export interface PassAtK {
  /** Over tasks, 0..1. */
  readonly mean: number;
  /** Of the mean, over tasks; null for a single task. */
  readonly standard_error: number | null;
  readonly tasks: number;
}

export interface PublishedScore {
  readonly model: string;
  readonly score: number;
  readonly shots: number;
  readonly source: string;
}

export interface PromptTokens {
  /** Tokens of all prompts. */
  readonly asked: number;
  /** Tokens left when every prefix that prompts of this suite have in common is computed once. */
  readonly computed: number;
  /** asked - computed */
  readonly shared: number;
}

export interface SuiteMetrics extends Estimate {
  readonly protocol: string;
  readonly version: number;
  readonly shots: number;
  readonly language: 'en' | 'zh' | 'mixed';
  /** Which of `micro` and `macro` is the headline above. */
  readonly average: 'micro' | 'macro';
  /** How the headline's interval is computed. */
  readonly interval: string;
  readonly micro: Estimate;
  readonly macro: MacroEstimate;
  readonly statuses: Readonly<Record<SampleStatus, number>>;
  /** Planned samples without a result: 0 in a finished run. They count in the denominator. */
  readonly missing: number;
  /** By subject, Wilson intervals; questions of several samples are clusters. */
  readonly groups: Readonly<Record<string, Estimate>>;
  /** By category, averaged as the suite's headline is. */
  readonly categories: Readonly<Record<string, Estimate>>;
  /** How often each label was answered and how often it is the key; null where answers are written. */
  readonly letters: {
    readonly predicted: Readonly<Record<string, number>>;
    readonly keyed: Readonly<Record<string, number>>;
  } | null;
  /** Only where answers are written. */
  readonly written?: WrittenMetrics;
  /** By k, ascending; only where answers are programs. */
  readonly pass_at_k?: Readonly<Record<string, PassAtK>>;
  /** Languages of programs that the machine cannot run, which are not in the score -> why; only where there are such. */
  readonly languages_missing?: Readonly<Record<string, string>>;
  /** Why the score means nothing; only where it does. */
  readonly invalid?: string;
  readonly prompt_tokens: PromptTokens;
  readonly published: readonly PublishedScore[];
  readonly notes: readonly string[];
}

/** What is known about written answers besides their scores. */
export interface WrittenMetrics {
  /** Of each question. */
  readonly samples: number;
  /** How often each rule found the answer, or each way of putting the program together was taken. */
  readonly extracted_by: Readonly<Record<string, number>>;
  /** How often each rule of equality decided, or each way of failing was seen. */
  readonly rules: Readonly<Record<string, number>>;
  readonly completion_tokens: number;
  /** How generation ended. */
  readonly ends: Readonly<Record<'stop' | 'eos' | 'truncated', number>>;
}

/** English minus Chinese, in the headline accuracies of multiple choice. */
export interface LanguageGap {
  readonly english: Estimate;
  readonly chinese: Estimate;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  readonly interval: string;
}

/** English minus Chinese on the same problems, pair by pair. */
export interface PairedLanguageGap {
  /** The suite that asks them in both languages. */
  readonly suite: string;
  /** Problems answered in both. */
  readonly pairs: number;
  readonly english: Estimate;
  readonly chinese: Estimate;
  /** Problems answered right (or, of several samples, right more often) in this language only. */
  readonly only_english: number;
  readonly only_chinese: number;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  readonly interval: string;
}

export interface RunMetrics {
  readonly schema: 1;
  readonly run: string;
  readonly model: string;
  /** True when the weights are random: the scores mean nothing. */
  readonly random: boolean;
  readonly suites: Readonly<Record<string, SuiteMetrics>>;
  /** Null unless the run has multiple choice in both languages. */
  readonly language_gap: LanguageGap | null;
  /** Only where a suite asks the same problems in both languages. */
  readonly paired_language_gap?: PairedLanguageGap;
}
