/** What the scripts of pages read from them. */
import type { ChartSpec } from './chart-spec.js';
import type { Dictionary } from './text.js';

/** Of every page. */
export interface PageData {
  readonly dictionary: Dictionary;
  readonly charts: readonly ChartSpec[];
}

/** How often each expert was chosen; the sum over all subjects first. */
export interface ExpertData {
  /** Numbers of the layers that have experts. */
  readonly layers: readonly number[];
  readonly loads: readonly {
    readonly name: string;
    /** [layer][expert] */
    readonly counts: readonly (readonly number[])[];
  }[];
}

/**
 * All samples of a run, column by column, because a column of alike values is small when compressed. Texts are places in
 * `strings`, -1 for none; every array below `id` has one value for each sample.
 */
export interface SampleData {
  readonly strings: readonly string[];
  /** Place in `strings` -> how many characters of that text are left out. */
  readonly clipped: Readonly<Record<string, number>>;
  /** Place in `strings` -> the formula that it is, as HTML made by KaTeX. */
  readonly formulas: Readonly<Record<string, string>>;
  /** Formulas that are shown as source because there are too many. */
  readonly plainFormulas: number;
  readonly suites: readonly string[];
  /** Of each suite: the command that prints a prompt, up to the sample's id. */
  readonly showCommands: readonly string[];
  readonly statuses: readonly string[];
  readonly groups: readonly { readonly suite: number; readonly name: string }[];
  /** Labels of each suite whose answers are labels, in the order of `choices`. */
  readonly labels: readonly (readonly string[])[];
  readonly id: readonly string[];
  readonly repeat: readonly number[];
  readonly group: readonly number[];
  readonly status: readonly number[];
  readonly target: readonly number[];
  readonly answer: readonly number[];
  /** Nats, four decimals. */
  readonly margin: readonly (number | null)[];
  /** Log-probabilities in the order of the suite's labels; empty for written answers. */
  readonly choices: readonly (readonly (number | null)[])[];
  readonly output: readonly number[];
  readonly thinking: readonly number[];
  readonly end: readonly number[];
  readonly extractedBy: readonly number[];
  readonly rule: readonly number[];
  readonly error: readonly number[];
  readonly promptTokens: readonly number[];
  readonly completionTokens: readonly number[];
  /** Prompt tokens that another sample's computation already had; null where it was not recorded. */
  readonly sharedTokens: readonly (number | null)[];
  /** What the sandbox said, JSON of an object. */
  readonly sandbox: readonly number[];
}
