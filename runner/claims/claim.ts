/** A published statement as a check: what was claimed under which definition, and what the evidence at hand says of it. */
import type { Evidence } from './evidence.js';

export type ClaimVerdict =
  /** Computed or measured here, and as claimed. */
  | 'holds'
  /** Measured here, and not as claimed. */
  | 'differs'
  /** Measured here; the interval leaves it open. */
  | 'undecided'
  /** Something was measured here, but not the thing that the claim is about. */
  | 'not comparable'
  | 'not measured';

export interface Finding {
  /** What was computed or measured; empty where nothing was. */
  readonly measured: string;
  readonly verdict: ClaimVerdict;
  /** Whose number it is, or what would measure it. */
  readonly remark: string;
}

export interface Claim {
  /** Stable, for --json: `score/mmlu-base`. */
  readonly id: string;
  readonly topic:
    | 'scores'
    | 'size'
    | 'KV cache'
    | 'FP8'
    | 'experts'
    | 'multi-token prediction'
    | 'training cost'
    | 'serving cost';
  /** As its authors say it. */
  readonly statement: string;
  /** What exactly is counted or compared. */
  readonly definition: string;
  readonly source: string;
  readonly claimed: string;
  readonly check: (evidence: Evidence) => Finding;
}

export interface CheckedClaim extends Omit<Claim, 'check'> {
  readonly finding: Finding;
}

/** Every claim with what the evidence says of it. */
export function checkClaims(claims: readonly Claim[], evidence: Evidence): CheckedClaim[] {
  return claims.map(({ check, ...claim }) => ({ ...claim, finding: check(evidence) }));
}
