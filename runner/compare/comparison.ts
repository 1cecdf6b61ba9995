/** The shapes of a comparison of two runs, as `compare --json` prints them: all that terminal, Markdown and HTML need to know. */
import type { SampleStatus } from '../run-summary.js';

export type Verdict = 'pass' | 'regression' | 'undecided';

/** Why a verdict is what it is; the sentence for people is `explanation`. */
export type VerdictReason =
  | 'above-margin'
  | 'below-margin'
  | 'identical'
  | 'too-few-questions'
  | 'on-the-margin'
  | 'multiple-suites'
  | 'incomplete'
  | 'engine-errors'
  | 'invalid';

/** One of the two runs. */
export interface Arm {
  readonly folder: string;
  readonly run: string;
  readonly model: string;
  readonly dtype: string;
  readonly device: string;
  readonly created: string;
  /** True when the weights are random: the scores mean nothing. */
  readonly random: boolean;
}

/** A setting in which the runs differ; `allowed` where the runs would not be comparable without the caller's word for it. */
export interface Differing {
  readonly field: string;
  readonly baseline: string;
  readonly candidate: string;
  readonly allowed: boolean;
}

/** Exact binomial below 50 discordant questions, normal from there on. */
export interface SignTest {
  readonly method: 'exact' | 'normal';
  readonly discordant: number;
  readonly two_sided: number;
  /** Of H0 "the candidate is not worse". */
  readonly one_sided: number;
}

/** A sample whose answer changed. */
export interface Flip {
  readonly sample: string;
  readonly group: string;
  /** `lost`: right before; `gained`: right now; `changed`: another wrong answer. */
  readonly kind: 'lost' | 'gained' | 'changed';
  readonly target: string;
  readonly baseline: FlipSide;
  readonly candidate: FlipSide;
  /** The larger margin of both, nats: how far the letters had to move; null without log-probabilities. */
  readonly size: number | null;
}

export interface FlipSide {
  readonly answer: string | null;
  readonly status: SampleStatus;
  /** Best minus second best log-probability, nats; null without log-probabilities. */
  readonly margin: number | null;
}

/** A range of values and how many fall into it; null is no limit on that side. */
export interface Band {
  readonly from: number | null;
  readonly to: number | null;
  readonly count: number;
}

/** How the letters' probabilities moved; natural logarithms. */
export interface DistributionShift {
  /** Samples with finite log-probabilities of the same letters in both runs. */
  readonly samples: number;
  /** Letters whose log-probability has the same bits in both runs. */
  readonly same_bits: number;
  /** Of candidate - baseline, all letters that moved, nats. */
  readonly histogram: readonly Band[];
  /** Largest |candidate - baseline| of a letter, nats. */
  readonly largest: number;
  /** Means over samples of KL(baseline || candidate) and of the Jensen-Shannon divergence of the renormalised letters, nats. */
  readonly kl: number;
  readonly js: number;
  readonly groups: Readonly<Record<string, { readonly samples: number; readonly kl: number; readonly js: number }>>;
  /** By KL, largest first. */
  readonly worst: readonly { readonly sample: string; readonly kl: number; readonly js: number }[];
}

export interface GroupDifference {
  readonly n: number;
  readonly difference: number;
  readonly worse: number;
  readonly better: number;
}

export interface SuiteComparison {
  /** candidate - baseline in the suite's headline average, with the limits of its two-sided 95 % interval; all -1..1. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** How the interval is computed. */
  readonly interval: string;
  /** Samples that are right in one run and not in the other. */
  readonly flips: number;
  readonly worse: number;
  readonly better: number;
  /** Samples with another answer, right or wrong. */
  readonly answers_changed: number;
  readonly verdict: Verdict;
  readonly reason: VerdictReason;
  readonly explanation: string;
  /** The tolerated drop, 0..1. */
  readonly margin: number;
  readonly average: 'micro' | 'macro';
  /** Paired samples, and the questions that they are of. */
  readonly n: number;
  readonly questions: number;
  readonly accuracy: { readonly baseline: number; readonly candidate: number };
  /** Subjects taken as clusters; 0 where questions count as independent. */
  readonly clusters: number;
  /** Independent questions with the same standard error. */
  readonly effective_questions: number;
  /** One-sided p of H0 "the drop is at most the margin", and after Holm's correction over the suites. */
  readonly p_regression: number;
  readonly p_regression_holm: number;
  /** Over questions: McNemar's test where each has one sample. */
  readonly sign_test: SignTest;
  /** The smallest drop that is found with 80 % power, and the z that it is computed with; null without a discordant question. */
  readonly minimum_detectable: { readonly effect: number; readonly z: number } | null;
  /** Questions that would decide an undecided verdict if the rates stay; null where decided, and where no number would. */
  readonly questions_to_decide: number | null;
  /** Samples that make a pass impossible. */
  readonly defects: { readonly missing: number; readonly engine_errors: number; readonly invalid: readonly string[] };
  /** Flips by size, nats; empty without log-probabilities. */
  readonly flip_bands: readonly Band[];
  /** Every sample whose answer changed, largest first. */
  readonly flip_list: readonly Flip[];
  readonly shift: DistributionShift | null;
  readonly groups: Readonly<Record<string, GroupDifference>>;
}

/** What a run cost as its telemetry has it; null is not recorded. */
export interface ArmCost {
  readonly wall_seconds: number | null;
  readonly prefill_tokens_per_second: number | null;
  readonly decode_tokens_per_second: number | null;
  readonly weight_bytes: number | null;
  readonly kv_bytes: number | null;
  readonly workspace_bytes: number | null;
  readonly peak_resident_bytes: number | null;
  readonly energy_joules: number | null;
}

/** Tokens that each expert of a layer got: the busiest over the mean, 1 is perfect balance. */
export interface ExpertLoad {
  readonly layer: number;
  readonly tokens: number;
  readonly max_over_mean: number;
}

export interface ExpertComparison {
  /** Mean share of a token's experts that both runs chose, by MoE layer; null unless both recorded their routing. */
  readonly agreement: {
    readonly samples: number;
    readonly layers: readonly { readonly layer: number; readonly share: number }[];
  } | null;
  readonly load: { readonly baseline: readonly ExpertLoad[]; readonly candidate: readonly ExpertLoad[] };
}

/** The same arm twice: what changes without any change. */
export interface RepeatControl {
  readonly folder: string;
  readonly run: string;
  readonly samples: number;
  readonly flips: number;
  readonly answers_changed: number;
  /** Samples whose lines differ in any byte. */
  readonly different_lines: number;
  /** Largest change of a letter's log-probability, nats; null without log-probabilities. */
  readonly largest_shift: number | null;
  /** `clean`: the same bytes. `defect`: not, though everything that determines a result is the same. `noise`: not, and that was to be
   * expected of answers drawn with another seed or of a server. */
  readonly finding: 'clean' | 'defect' | 'noise' | 'incomplete';
}

export interface Comparison {
  readonly schema: 1;
  readonly baseline: Arm;
  readonly candidate: Arm;
  /** Of the intervals, two-sided; each limit by itself holds with (1 + confidence) / 2. */
  readonly confidence: number;
  readonly differs: readonly Differing[];
  readonly suites: Readonly<Record<string, SuiteComparison>>;
  /** Suites that only one of the runs has. */
  readonly only_in: { readonly baseline: readonly string[]; readonly candidate: readonly string[] };
  /** Regression if any suite is one, pass if all are. */
  readonly verdict: Verdict;
  readonly cost: { readonly baseline: ArmCost; readonly candidate: ArmCost };
  readonly experts: ExpertComparison | null;
  readonly aa: RepeatControl | null;
  /** What a reader must know before believing the numbers. */
  readonly warnings: readonly string[];
}
