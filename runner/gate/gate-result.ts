/** The shapes of a gate's decision, as `gate --json` prints them. */
import type { Arm, Comparison, SuiteComparison, Verdict } from '../compare/comparison.js';

/**
 * `critical` must pass; `supporting` must not be a regression, and what is undecided is a warning; `advisory` is shown and decides
 * nothing.
 */
export const tiers = ['critical', 'supporting', 'advisory'] as const;
export type Tier = (typeof tiers)[number];

/** What was found out about a suite. `no-baseline`: there is nothing to compare with, and that is accepted. */
export type SuiteOutcome = Verdict | 'below-minimum' | 'missing' | 'no-baseline';

/** What that means for the gate. */
export type SuiteEffect = 'pass' | 'fail' | 'cannot-tell' | 'warn';

export interface GatedSuite {
  readonly tier: Tier;
  /** The tolerated drop and the least accuracy, 0..1. */
  readonly max_drop: number;
  readonly min_accuracy: number | null;
  /** The candidate's; null where it has no such suite. */
  readonly accuracy: number | null;
  readonly outcome: SuiteOutcome;
  readonly effect: SuiteEffect;
  readonly explanation: string;
  /** Null where there was nothing to compare. */
  readonly comparison: SuiteComparison | null;
}

export interface GateResult {
  readonly schema: 1;
  readonly verdict: Verdict;
  /** 0 pass, 1 regression, 2 cannot tell. */
  readonly exit_code: 0 | 1 | 2;
  /** One line that a person can act on. */
  readonly summary: string;
  readonly candidate: Arm;
  /** Null where there is none and the policy accepts that. */
  readonly baseline: Arm | null;
  readonly suites: Readonly<Record<string, GatedSuite>>;
  /** Null without a baseline. */
  readonly comparison: Comparison | null;
  readonly warnings: readonly string[];
}
