/** How a comparison ends early: a work budget that is counted, not timed, so that a verdict never depends on the machine. */

/** Why a comparison was given up; it counts as unequal. */
export type RefusalReason = 'too-large' | 'undecided';

/** Thrown inside a comparison and caught by `equal`; never leaves this folder. */
export class Refusal extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super(reason);
    this.reason = reason;
  }
}

/** A formula that is not one: the text does not parse. Caught where texts are parsed. */
export class NotAFormula extends Error {}

/**
 * Counts work in units of about 10 ns (measured on BigInt arithmetic), so that the default is a few tens of milliseconds. One budget covers a whole comparison, whatever
 * its lists, points and digits are.
 */
export class WorkBudget {
  #left: number;

  constructor(units = 1_200_000) {
    this.#left = units;
  }

  /** @throws Refusal `too-large` when nothing is left. */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw new Refusal('too-large');
  }
}
