/** The value of a formula at a point: exact where it can be, else to about 100 digits. */
import {
  addComplex,
  type Complex,
  divideComplex,
  expOfComplex,
  IMAGINARY,
  isReal,
  logOfComplex,
  multiplyComplex,
  negateComplex,
  PI,
  powerOfComplex,
  real,
  rootOfComplex,
  sizeOf,
} from './complex.js';
import { evaluateCircle, evaluateInverseCircle } from './evaluate-circle.js';
import { integer, type Rational, rational } from './rational.js';
import { isExact, isZero, ONE, type Real, signOfReal, ZERO } from './real.js';
import { Refusal, type WorkBudget } from './refusal.js';
import type { Node } from './syntax.js';

/** A node that has no number as its value: a set, a list, infinity, words. */
export class NotANumber extends Error {}

/** The formula has no real value at this point, and it is a formula in real variables. */
export class NotReal extends Error {}

export interface Point {
  readonly values: ReadonlyMap<string, Rational>;
  /** Whether roots and logarithms of negative numbers have their complex value; false for formulas in real variables. */
  readonly complex: boolean;
  readonly budget: WorkBudget;
}

/** @throws Refusal, NotANumber, NotReal */
export function evaluate(node: Node, point: Point): Complex {
  const { budget } = point;
  budget.spend(5);
  const at = (child: Node): Complex => evaluate(child, point);
  switch (node.kind) {
    case 'number':
      return real(node.value);
    case 'variable': {
      const value = point.values.get(node.name);
      if (value === undefined) throw new NotANumber(`${node.name} has no value`);
      return real(value);
    }
    case 'constant':
      return constant(node.name, budget);
    case 'sum':
      return node.of.map(at).reduce((a, b) => addComplex(a, b, budget));
    case 'product':
      return node.of.map(at).reduce((a, b) => multiplyComplex(a, b, budget));
    case 'negative':
      return negateComplex(at(node.of));
    case 'quotient':
      return divideComplex(at(node.top), at(node.bottom), budget);
    case 'power':
      return node.base.kind === 'constant' && node.base.name === 'e'
        ? expOfComplex(at(node.exponent), budget)
        : raise(at(node.base), at(node.exponent), point);
    case 'root':
      return root(at(node.of), node.degree, point);
    case 'factorial':
      return real(factorial(wholeNumber(at(node.of), 300), budget));
    case 'binomial':
      return real(binomial(wholeNumber(at(node.top), 1000), wholeNumber(at(node.bottom), 1000), budget));
    case 'degrees':
      return multiplyComplex(at(node.of), divideComplex(PI, real(integer(180)), budget), budget);
    case 'call':
      return call(node, point);
    default:
      throw new NotANumber(node.kind);
  }
}

function constant(name: 'π' | 'e' | 'i' | '∞', budget: WorkBudget): Complex {
  if (name === 'π') return PI;
  if (name === 'i') return IMAGINARY;
  if (name === 'e') return expOfComplex(real(ONE), budget);
  throw new NotANumber('infinity');
}

function raise(base: Complex, exponent: Complex, point: Point): Complex {
  const whole = isReal(exponent) && isExact(exponent.re) && exponent.re.d === 1n;
  if (isReal(base) && isZero(base.re)) {
    if (!isReal(exponent) || signOfReal(exponent.re) <= 0) throw new Refusal('undecided');
    return real(ZERO);
  }
  if (!whole) mustBePositive(base, point);
  return powerOfComplex(base, exponent, point.budget);
}

function root(of: Complex, degree: number, point: Point): Complex {
  if (isReal(of) && isZero(of.re)) return real(ZERO);
  const negative = isReal(of) && signOfReal(of.re) < 0;
  // An odd root of a negative number is real in school mathematics: the cube root of -8 is -2.
  if (negative && degree % 2 === 1) return negateComplex(root(negateComplex(of), degree, point));
  mustBePositive(of, point);
  if (degree === 2) return rootOfComplex(of, point.budget);
  return powerOfComplex(of, real(rational(1n, BigInt(degree), point.budget)), point.budget);
}

function mustBePositive(z: Complex, point: Point): void {
  if (!point.complex && isReal(z) && signOfReal(z.re) < 0) throw new NotReal();
}

function call(node: Extract<Node, { kind: 'call' }>, point: Point): Complex {
  const { budget } = point;
  const argument = evaluate(node.of, point);
  switch (node.name) {
    case 'exp':
      return expOfComplex(argument, budget);
    case 'ln':
      return logarithm(argument, point);
    case 'log': {
      const base = node.base === undefined ? real(integer(10)) : evaluate(node.base, point);
      return (
        wholeLogarithm(argument, base, budget) ??
        divideComplex(logarithm(argument, point), logarithm(base, point), budget)
      );
    }
    case 'abs':
      return real(sizeOf(argument, budget));
    case 'floor':
    case 'ceil':
      return real(wholePart(realPart(argument), node.name));
    case 'arcsin':
    case 'arccos':
    case 'arctan':
      return real(evaluateInverseCircle(node.name, realPart(argument), budget));
    default:
      return real(evaluateCircle(node.name, realPart(argument), budget));
  }
}

function logarithm(z: Complex, point: Point): Complex {
  if (isReal(z) && isZero(z.re)) throw new Refusal('undecided');
  mustBePositive(z, point);
  return logOfComplex(z, point.budget);
}

/** log of a power of its base, exactly: log_2 8 = 3. */
function wholeLogarithm(z: Complex, base: Complex, budget: WorkBudget): Complex | undefined {
  if (!isReal(z) || !isReal(base) || !isExact(z.re) || !isExact(base.re)) return undefined;
  if (z.re.d !== 1n || base.re.d !== 1n || base.re.n < 2n || z.re.n < 1n) return undefined;
  let exponent = 0;
  let value = 1n;
  for (; value < z.re.n; exponent += 1) {
    budget.spend(20);
    value *= base.re.n;
  }
  return value === z.re.n ? real(integer(exponent)) : undefined;
}

function realPart(z: Complex): Real {
  if (!isReal(z)) throw new NotReal();
  return z.re;
}

function wholePart(x: Real, side: 'floor' | 'ceil'): Real {
  if (!isExact(x)) throw new Refusal('undecided');
  const below = x.n >= 0n ? x.n / x.d : -((-x.n + x.d - 1n) / x.d);
  return { n: side === 'ceil' && below * x.d !== x.n ? below + 1n : below, d: 1n };
}

function wholeNumber(z: Complex, most: number): number {
  if (!isReal(z) || !isExact(z.re) || z.re.d !== 1n || z.re.n < 0n) throw new NotReal();
  if (z.re.n > BigInt(most)) throw new Refusal('too-large');
  return Number(z.re.n);
}

function factorial(n: number, budget: WorkBudget): Rational {
  budget.spend(n * 10);
  let product = 1n;
  for (let k = 2n; k <= BigInt(n); k += 1n) product *= k;
  return rational(product, 1n, budget);
}

function binomial(n: number, k: number, budget: WorkBudget): Rational {
  if (k > n) return ZERO;
  budget.spend(n * 10);
  let value = 1n;
  for (let i = 0; i < Math.min(k, n - k); i += 1) value = (value * BigInt(n - i)) / BigInt(i + 1);
  return rational(value, 1n, budget);
}
