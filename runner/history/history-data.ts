/** The shapes of a history: what trends and change points of a folder of runs are, as plain data. */

/** One run in a series. Ratios are 0..1; null where the run has no score. */
export interface HistoryPoint {
  readonly run: string;
  /** UTC, ISO 8601. */
  readonly created: string;
  readonly accuracy: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly version: string;
  readonly commit: string | null;
  /** Why the run is not part of the trend; null where it is. */
  readonly excluded: string | null;
}

export interface OtherChange {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** Where the level of a series changes. */
export interface ChangePoint {
  /** The first run on the new level. */
  readonly run: string;
  /** The last one before it. */
  readonly previous: string;
  /** New level minus old level, means over the runs among which the change is clearest; with a 95 % interval over questions. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** How often chance alone makes a change at least as clear, anywhere in this stretch of the series. */
  readonly p: number;
  /** Questions answered right in `run` and wrong in `previous`, and the other way round; null where runs are not paired. */
  readonly gained: number | null;
  readonly lost: number | null;
  /** What else is different between the two runs, by their run.json. */
  readonly also_changed: readonly OtherChange[];
}

/** Runs that ask one model the same questions in the same way, oldest first. */
export interface HistorySeries {
  readonly suite: string;
  readonly model: string;
  readonly dtype: string;
  readonly protocol: string;
  readonly shots: number;
  /** Samples in each run. */
  readonly n: number;
  readonly average: 'micro' | 'macro';
  /** In what this series differs from the first one of the same suite, model and dtype; empty for that one. */
  readonly differs: readonly OtherChange[];
  readonly random: boolean;
  /** Whether the test goes question by question, and if not, why. */
  readonly paired: boolean;
  readonly unpaired_because: string | null;
  /** Questions whose answer was not right or wrong in every run alike; null where runs are not paired. */
  readonly unsteady: number | null;
  readonly points: readonly HistoryPoint[];
  readonly changes: readonly ChangePoint[];
}

export interface History {
  readonly folder: string;
  /** Chance of marking anything in a series in which nothing changed. */
  readonly alarm_rate: number;
  /** Fewer unsteady questions than this can never tell a change from chance. */
  readonly least_unsteady: number;
  readonly series: readonly HistorySeries[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/** The method in one sentence each, for people who read the marks. */
export const pairedMethod =
  'Every question is its own control: the clearest shift of level over seeded intervals (binary segmentation) is compared ' +
  'with the same runs after the shifts of a random half of the questions are turned round.';

export const unpairedMethod =
  'The clearest difference between neighbouring runs is compared with runs drawn from one binomial distribution with the ' +
  'pooled accuracy.';
