/** Real numbers to about 100 digits that know their own error: what irrational values are computed with. */
import { absolute, bitLength, type Rational } from './rational.js';
import { Refusal, type WorkBudget } from './refusal.js';

/** The number lies within `e` of `v`, both in units of 2^-PRECISION. */
export interface Ball {
  readonly v: bigint;
  readonly e: bigint;
}

export const PRECISION = 320;
export const SHIFT = BigInt(PRECISION);
export const UNIT = 1n << SHIFT;

/**
 * Magnitudes that a ball may have, as powers of two. Within them, distinct answers of a person's size differ by far more
 * than the error; beyond them a difference could drown, so the comparison is refused.
 */
const LARGEST = 1n << BigInt(PRECISION + 160);
const SMALLEST = 1n << BigInt(PRECISION - 160);

/** @throws Refusal `too-large` where the number is outside the magnitudes of a ball or has more than about 60 digits. */
export function toBall({ n, d }: Rational): Ball {
  if (bitLength(n) > 204 || bitLength(d) > 204) throw new Refusal('too-large');
  if (n === 0n) return { v: 0n, e: 0n };
  return bounded({ v: (n << SHIFT) / d, e: 1n });
}

export function addBalls(a: Ball, b: Ball): Ball {
  const v = a.v + b.v;
  if (absolute(v) > LARGEST) throw new Refusal('too-large');
  return { v, e: a.e + b.e };
}

export function negateBall({ v, e }: Ball): Ball {
  return { v: -v, e };
}

export function multiplyBalls(a: Ball, b: Ball, budget: WorkBudget): Ball {
  budget.spend(40);
  const e = ((absolute(a.v) * b.e + absolute(b.v) * a.e + a.e * b.e) >> SHIFT) + 2n;
  return bounded({ v: (a.v * b.v) >> SHIFT, e }, containsZero(a) || containsZero(b));
}

/** @throws Refusal `undecided` where the number may be zero. */
export function invertBall(a: Ball, budget: WorkBudget): Ball {
  budget.spend(60);
  const size = absolute(a.v);
  if (size <= a.e << 8n) throw new Refusal('undecided');
  const v = (UNIT * UNIT) / a.v;
  // d(1/a) = e / a^2; the smallest |a| is within 1 % of |v|.
  const e = (absolute(v) * a.e * 2n) / size + 2n;
  return bounded({ v, e });
}

export function containsZero({ v, e }: Ball): boolean {
  return absolute(v) <= e;
}

/** Sign of the number. @throws Refusal `undecided` where it may be zero. */
export function signOfBall(a: Ball): 1 | -1 {
  if (containsZero(a)) throw new Refusal('undecided');
  return a.v > 0n ? 1 : -1;
}

/** Checks the magnitude; a product with something that may be zero may be as small as it likes. */
export function bounded(a: Ball, mayBeZero = false): Ball {
  const size = absolute(a.v);
  if (size > LARGEST || (size < SMALLEST && !mayBeZero)) throw new Refusal('too-large');
  return a;
}
