/** Whether two formulas have the same value: exactly for numbers, at many points for formulas in variables. */
import { addComplex, type Complex, isReal, multiplyComplex, negateComplex, real, sameComplex } from './complex.js';
import { evaluate, NotANumber, NotReal, type Point } from './evaluate.js';
import { integer, type Rational } from './rational.js';
import { signOfReal, ZERO } from './real.js';
import { Refusal, type WorkBudget } from './refusal.js';
import { type Node, variablesOf } from './syntax.js';

const TRIES = 40;
/** Points that must agree; a formula of degree D agrees at a wrong one by chance with probability below D / 40. */
const AGREEMENTS = 8;
const MOST_VARIABLES = 10;

/**
 * Whether `a` and `b` are equal wherever both are real (for formulas in variables), or are the same complex number.
 * Polynomials and rational functions are evaluated exactly; irrational values agree to about 90 digits.
 *
 * @throws Refusal
 */
export function sameValue(a: Node, b: Node, budget: WorkBudget): boolean {
  const [left, right] = [infinitySign(a), infinitySign(b)];
  if (left !== 0 || right !== 0) return left === right;
  const names = variablesOf(a, b);
  try {
    if (names.length === 0) {
      const point: Point = { values: new Map(), complex: true, budget };
      return sameComplex(evaluate(a, point), evaluate(b, point));
    }
    return agree(names, budget, (point) => sameComplex(evaluate(a, point), evaluate(b, point)));
  } catch (error) {
    if (error instanceof NotANumber || error instanceof NotReal) return false;
    throw error;
  }
}

/**
 * Whether `a` = c `b` for one constant c that is not zero; with `positive`, for a positive one. Both are formulas that
 * an equation or an inequality says are zero, or below it.
 */
export function proportional(
  a: Node,
  b: Node,
  { budget, positive }: { budget: WorkBudget; positive: boolean },
): boolean {
  const names = variablesOf(a, b);
  if (names.length === 0 || infinitySign(a) !== 0 || infinitySign(b) !== 0) return false;
  let first: readonly [Complex, Complex] | undefined;
  const test = (point: Point): boolean | undefined => {
    const [x, y] = [evaluate(a, point), evaluate(b, point)];
    const zeros = [x, y].filter((value) => sameComplex(value, real(ZERO)));
    if (zeros.length === 2) return undefined;
    if (zeros.length === 1 || (positive && !sameSign(x, y))) return false;
    first ??= [x, y];
    return sameComplex(multiplyComplex(first[0], y, budget), multiplyComplex(first[1], x, budget));
  };
  try {
    return agree(names, budget, test);
  } catch (error) {
    if (error instanceof NotANumber || error instanceof NotReal) return false;
    throw error;
  }
}

/** -1, 0 or 1 for a constant. @throws Refusal, NotANumber, NotReal */
export function signOfDifference(a: Node, b: Node, budget: WorkBudget): -1 | 0 | 1 {
  const point: Point = { values: new Map(), complex: true, budget };
  const [x, y] = [evaluate(a, point), evaluate(b, point)];
  if (!isReal(x) || !isReal(y)) throw new NotReal();
  if (sameComplex(x, y)) return 0;
  return signOfReal(addComplex(x, negateComplex(y), budget).re);
}

/** 1 for infinity, -1 for minus infinity, 0 for everything else. */
export function infinitySign(node: Node): -1 | 0 | 1 {
  if (node.kind === 'constant') return node.name === '∞' ? 1 : 0;
  return node.kind === 'negative' ? (-infinitySign(node.of) as -1 | 0 | 1) : 0;
}

function sameSign(x: Complex, y: Complex): boolean {
  return isReal(x) && isReal(y) && signOfReal(x.re) === signOfReal(y.re);
}

/** Whether `test` holds at every point that decides, and enough points do. `undefined` is a point that does not. */
function agree(names: readonly string[], budget: WorkBudget, test: (point: Point) => boolean | undefined): boolean {
  if (names.length > MOST_VARIABLES) throw new Refusal('too-large');
  const random = generator();
  let agreements = 0;
  let reason: 'undecided' | 'too-large' = 'undecided';
  for (let tried = 0; tried < TRIES && agreements < AGREEMENTS; tried += 1) {
    const values = new Map(names.map((name): [string, Rational] => [name, coordinate(tried % 4, random)]));
    try {
      const verdict = test({ values, complex: false, budget });
      if (verdict === false) return false;
      if (verdict) agreements += 1;
    } catch (error) {
      // A pole, a root of a negative number or a giant power: another point may do.
      if (error instanceof Refusal) reason = error.reason === 'too-large' ? 'too-large' : reason;
      else if (!(error instanceof NotReal)) throw error;
    }
  }
  if (agreements < AGREEMENTS) throw new Refusal(reason);
  return true;
}

/** Whole numbers for powers and factorials, numbers in (0, 1) for roots and inverse functions, and both signs. */
function coordinate(kind: number, random: () => number): Rational {
  const upTo = (most: number): number => 1 + Math.floor(random() * most);
  const prime = [3, 5, 7, 11, 13][Math.floor(random() * 5)] ?? 3;
  if (kind === 0) return integer(1 + upTo(30));
  if (kind === 1) return fraction(upTo(prime - 1), prime);
  if (kind === 2) return fraction(-upTo(40) * prime - 1, prime);
  return fraction((random() < 0.5 ? -1 : 1) * (upTo(40) * prime + 1), prime);
}

function fraction(n: number, d: number): Rational {
  return { n: BigInt(n), d: BigInt(d) };
}

/** Mulberry32 from a fixed seed: the same points, so the same verdict, every time. */
function generator(): () => number {
  let state = 0x5eed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
