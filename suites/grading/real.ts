/** Real numbers: exact fractions as long as possible, balls where they are irrational. */
import {
  addBalls,
  type Ball,
  containsZero,
  invertBall,
  multiplyBalls,
  negateBall,
  PRECISION,
  signOfBall,
  toBall,
  UNIT,
} from './ball.js';
import { rootOfBall } from './ball-functions.js';
import {
  absolute,
  add,
  divide,
  exactRoot,
  multiply as multiplyRationals,
  ONE,
  type Rational,
  ZERO,
} from './rational.js';
import { Refusal, type WorkBudget } from './refusal.js';

export type Real = Rational | Ball;

export function isExact(a: Real): a is Rational {
  return 'n' in a;
}

export function isZero(a: Real): boolean {
  return isExact(a) && a.n === 0n;
}

export function isOne(a: Real): boolean {
  return isExact(a) && a.n === 1n && a.d === 1n;
}

export function asBall(a: Real): Ball {
  return isExact(a) ? toBall(a) : a;
}

export function addReals(a: Real, b: Real, budget: WorkBudget): Real {
  if (isZero(a)) return b;
  if (isZero(b)) return a;
  budget.spend(10);
  return isExact(a) && isExact(b) ? add(a, b, budget) : addBalls(asBall(a), asBall(b));
}

export function negateReal(a: Real): Real {
  return isExact(a) ? { n: -a.n, d: a.d } : negateBall(a);
}

export function multiplyReals(a: Real, b: Real, budget: WorkBudget): Real {
  if (isZero(a) || isZero(b)) return ZERO;
  if (isOne(a)) return b;
  if (isOne(b)) return a;
  return isExact(a) && isExact(b) ? multiplyRationals(a, b, budget) : multiplyBalls(asBall(a), asBall(b), budget);
}

/** @throws Refusal `undecided` for a divisor that is or may be zero. */
export function divideReals(a: Real, b: Real, budget: WorkBudget): Real {
  if (isExact(a) && isExact(b)) return divide(a, b, budget);
  if (isZero(b)) throw new Refusal('undecided');
  return isZero(a) ? ZERO : multiplyBalls(asBall(a), invertBall(asBall(b), budget), budget);
}

/** -1, 0 or 1. @throws Refusal `undecided` for an irrational number that may be zero. */
export function signOfReal(a: Real): -1 | 0 | 1 {
  if (!isExact(a)) return signOfBall(a);
  return a.n === 0n ? 0 : a.n > 0n ? 1 : -1;
}

/** Square root of a number that is not negative, exact where it is rational. */
export function rootOfReal(a: Real, budget: WorkBudget): Real {
  if (isExact(a)) {
    const exact = exactRoot(a, 2, budget);
    if (exact !== undefined) return exact;
  }
  return rootOfBall(asBall(a), budget);
}

/**
 * Whether two numbers are the same. Two irrational ones are where they agree to the last of their digits, and there are
 * at least 24 of those.
 *
 * @throws Refusal `undecided` where too few digits are left to tell.
 */
export function sameReal(a: Real, b: Real): boolean {
  if (isExact(a) && isExact(b)) return a.n === b.n && a.d === b.d;
  const [x, y] = [asBall(a), asBall(b)];
  const difference = addBalls(x, negateBall(y));
  if (!containsZero(difference)) return false;
  const [p, q] = [absolute(x.v), absolute(y.v)];
  const isSmall = (e: bigint): boolean => e < p >> 80n || e < q >> 80n;
  const bothMayBeZero = containsZero(x) && containsZero(y);
  if (bothMayBeZero ? difference.e < UNIT >> BigInt(PRECISION - 80) : isSmall(difference.e)) return true;
  throw new Refusal('undecided');
}

export { ONE, ZERO };
