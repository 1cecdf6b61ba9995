/** What the pages of `evalrun view` are told: the list of runs, and the state of one run. */

export interface ListedSuite {
  readonly suite: string;
  /** Null until the run is finished. */
  readonly accuracy: number | null;
}

export interface ListRow {
  /** Leads to the run. */
  readonly name: string;
  /** What is shown of the name. */
  readonly label: string;
  /** UTC, ISO 8601. */
  readonly created: string;
  readonly model: string;
  readonly dtype: string;
  readonly device: string;
  readonly status: 'running' | 'complete' | 'incomplete' | 'invalid';
  readonly suites: readonly ListedSuite[];
  /** Planned samples of all suites. */
  readonly planned: number;
}

export interface RunsState {
  /** Latest first. */
  readonly rows: readonly ListRow[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

export interface SuiteState {
  readonly suite: string;
  readonly planned: number;
  readonly done: number;
  /** How often each status was seen, and only those that were. */
  readonly statuses: Readonly<Record<string, number>>;
}

export interface RecentSample {
  readonly id: string;
  readonly status: string;
  readonly target: string;
  /** Clipped; null where there is none. */
  readonly answer: string | null;
}

/** What the engine did in one interval. */
export interface SpeedPoint {
  /** Seconds of work since the run began or was resumed. */
  readonly seconds: number;
  readonly prefillPerSecond: number;
  readonly decodePerSecond: number;
}

export interface RunState {
  readonly status: ListRow['status'];
  readonly suites: readonly SuiteState[];
  /** Of the last half minute; null while nothing is known, and when the run is not running. */
  readonly samplesPerSecond: number | null;
  readonly secondsLeft: number | null;
  /** The latest intervals, oldest first. */
  readonly speed: readonly SpeedPoint[];
  /** Of the whole process, bytes; null where telemetry has none. */
  readonly residentBytes: number | null;
  /** Latest first. */
  readonly recent: readonly RecentSample[];
  /** Lines that are no samples of this version. */
  readonly damagedLines: number;
}
