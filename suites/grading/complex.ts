/** Complex numbers over the reals of this folder: sums, products, powers, roots and logarithms. */
import { arctanOfBall, circleOfBall, expOfBall, logOfBall, PI_BALL } from './ball-functions.js';
import { bitLength, exactRoot, integer, power, type Rational } from './rational.js';
import {
  addReals,
  asBall,
  divideReals,
  isExact,
  isZero,
  multiplyReals,
  negateReal,
  ONE,
  type Real,
  rootOfReal,
  sameReal,
  signOfReal,
  ZERO,
} from './real.js';
import { Refusal, type WorkBudget } from './refusal.js';

export interface Complex {
  readonly re: Real;
  readonly im: Real;
}

export const PI: Complex = { re: PI_BALL, im: ZERO };
export const IMAGINARY: Complex = { re: ZERO, im: ONE };

export function real(re: Real): Complex {
  return { re, im: ZERO };
}

export function isReal(z: Complex): boolean {
  return isZero(z.im);
}

export function addComplex(a: Complex, b: Complex, budget: WorkBudget): Complex {
  return { re: addReals(a.re, b.re, budget), im: addReals(a.im, b.im, budget) };
}

export function negateComplex({ re, im }: Complex): Complex {
  return { re: negateReal(re), im: negateReal(im) };
}

export function multiplyComplex(a: Complex, b: Complex, budget: WorkBudget): Complex {
  const times = (x: Real, y: Real) => multiplyReals(x, y, budget);
  return {
    re: addReals(times(a.re, b.re), negateReal(times(a.im, b.im)), budget),
    im: addReals(times(a.re, b.im), times(a.im, b.re), budget),
  };
}

export function divideComplex(a: Complex, b: Complex, budget: WorkBudget): Complex {
  if (isReal(b)) return { re: divideReals(a.re, b.re, budget), im: divideReals(a.im, b.re, budget) };
  const size = squaredSize(b, budget);
  const top = multiplyComplex(a, { re: b.re, im: negateReal(b.im) }, budget);
  return { re: divideReals(top.re, size, budget), im: divideReals(top.im, size, budget) };
}

export function squaredSize(z: Complex, budget: WorkBudget): Real {
  return addReals(multiplyReals(z.re, z.re, budget), multiplyReals(z.im, z.im, budget), budget);
}

/** |z| */
export function sizeOf(z: Complex, budget: WorkBudget): Real {
  if (isReal(z)) return signOfReal(z.re) < 0 ? negateReal(z.re) : z.re;
  return rootOfReal(squaredSize(z, budget), budget);
}

/** Principal square root. */
export function rootOfComplex(z: Complex, budget: WorkBudget): Complex {
  if (isReal(z)) {
    const negative = signOfReal(z.re) < 0;
    const root = rootOfReal(negative ? negateReal(z.re) : z.re, budget);
    return negative ? { re: ZERO, im: root } : real(root);
  }
  const size = sizeOf(z, budget);
  const half = (x: Real) => rootOfReal(divideReals(x, integer(2), budget), budget);
  const im = half(addReals(size, negateReal(z.re), budget));
  return { re: half(addReals(size, z.re, budget)), im: signOfReal(z.im) < 0 ? negateReal(im) : im };
}

/** Principal logarithm. */
export function logOfComplex(z: Complex, budget: WorkBudget): Complex {
  if (isReal(z) && isExact(z.re) && z.re.n === z.re.d) return real(ZERO);
  const size = sizeOf(z, budget);
  return { re: logOfBall(asBall(size), budget), im: angleOf(z, budget) };
}

export function expOfComplex(z: Complex, budget: WorkBudget): Complex {
  if (isReal(z) && isZero(z.re)) return real(ONE);
  const size: Real = isZero(z.re) ? ONE : expOfBall(asBall(z.re), budget);
  if (isReal(z)) return real(size);
  const { sin, cos } = circleOfBall(asBall(z.im), budget);
  return { re: multiplyReals(size, cos, budget), im: multiplyReals(size, sin, budget) };
}

/** Principal value of base^exponent; exact where base and exponent allow it. */
export function powerOfComplex(base: Complex, exponent: Complex, budget: WorkBudget): Complex {
  if (isReal(exponent) && isExact(exponent.re)) {
    if (exponent.re.d === 1n) return wholePower(base, exponent.re.n, budget);
    const exact = isReal(base) ? exactPower(base.re, exponent.re, budget) : undefined;
    if (exact !== undefined) return exact;
    if (exponent.re.d === 2n) return wholePower(rootOfComplex(base, budget), exponent.re.n, budget);
  }
  return expOfComplex(multiplyComplex(exponent, logOfComplex(base, budget), budget), budget);
}

/** @throws Refusal `undecided` where too few digits are left to tell. */
export function sameComplex(a: Complex, b: Complex): boolean {
  // Both parts are looked at before "undecided" wins: one part that differs is enough.
  const verdicts = [tryReal(a.re, b.re), tryReal(a.im, b.im)];
  if (verdicts.includes(false)) return false;
  if (verdicts.includes(undefined)) throw new Refusal('undecided');
  return true;
}

function tryReal(a: Real, b: Real): boolean | undefined {
  try {
    return sameReal(a, b);
  } catch (error) {
    if (error instanceof Refusal && error.reason === 'undecided') return undefined;
    throw error;
  }
}

function angleOf(z: Complex, budget: WorkBudget): Real {
  if (isReal(z)) return signOfReal(z.re) < 0 ? PI_BALL : ZERO;
  // Half the angle lies between -90 and 90 degrees: tan(angle / 2) = im / (|z| + re).
  const below = addReals(sizeOf(z, budget), z.re, budget);
  const half = arctanOfBall(asBall(divideReals(z.im, below, budget)), budget);
  return addReals(half, half, budget);
}

function exactPower(base: Real, exponent: Rational, budget: WorkBudget): Complex | undefined {
  if (!isExact(base) || exponent.d > 64n) return undefined;
  if (base.n < 0n) return undefined;
  if (base.n === 0n && exponent.n < 0n) throw new Refusal('undecided');
  const root = exactRoot(base, Number(exponent.d), budget);
  return root === undefined ? undefined : real(power(root, exponent.n, budget));
}

function wholePower(base: Complex, exponent: bigint, budget: WorkBudget): Complex {
  if (isReal(base) && isExact(base.re)) return real(power(base.re, exponent, budget));
  if (exponent < 0n) return divideComplex(real(ONE), wholePower(base, -exponent, budget), budget);
  if (bitLength(exponent) > 16) throw new Refusal('too-large');
  let result = real(ONE);
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = multiplyComplex(result, square, budget);
    if (rest > 1n) square = multiplyComplex(square, square, budget);
  }
  return result;
}
