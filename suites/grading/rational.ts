/** Exact fractions of bounded size: the arithmetic of every number that can be written with digits. */
import { Refusal, type WorkBudget } from './refusal.js';

/** In lowest terms, `d` positive. */
export interface Rational {
  readonly n: bigint;
  readonly d: bigint;
}

/** Most bits of a numerator or denominator: about 1,200 digits. */
export const MAX_BITS = 4096;

export const ZERO: Rational = { n: 0n, d: 1n };
export const ONE: Rational = { n: 1n, d: 1n };

/** Bits of |x|, within 3. */
export function bitLength(x: bigint): number {
  return x.toString(16).length * 4;
}

export function absolute(x: bigint): bigint {
  return x < 0n ? -x : x;
}

/** @throws Refusal `too-large` past MAX_BITS, `undecided` for a zero denominator. */
export function rational(n: bigint, d: bigint, budget: WorkBudget): Rational {
  if (d === 0n) throw new Refusal('undecided');
  if (d === 1n && n < 0x1_0000_0000n && n > -0x1_0000_0000n) return { n, d };
  const bits = Math.max(bitLength(n), bitLength(d));
  if (bits > MAX_BITS * 2) throw new Refusal('too-large');
  budget.spend(20 + 4 * bits + Math.ceil((bits * bits) / 64));
  const divisor = greatestDivisor(absolute(n), absolute(d)) * (d < 0n ? -1n : 1n);
  const reduced = { n: n / divisor, d: d / divisor };
  if (bits > MAX_BITS && Math.max(bitLength(reduced.n), bitLength(reduced.d)) > MAX_BITS)
    throw new Refusal('too-large');
  return reduced;
}

export function integer(n: number): Rational {
  return { n: BigInt(n), d: 1n };
}

/**
 * The number that a literal such as `15`, `.35625` or `3.20` writes.
 *
 * @throws Refusal `too-large` past 1,000 digits.
 */
export function parseDecimal(text: string, budget: WorkBudget): Rational {
  if (text.length > 1000) throw new Refusal('too-large');
  const [whole = '', part = ''] = text.split('.');
  return rational(BigInt(`${whole}${part}` || '0'), 10n ** BigInt(part.length), budget);
}

export function add(a: Rational, b: Rational, budget: WorkBudget): Rational {
  return rational(a.n * b.d + b.n * a.d, a.d * b.d, budget);
}

export function multiply(a: Rational, b: Rational, budget: WorkBudget): Rational {
  return rational(a.n * b.n, a.d * b.d, budget);
}

export function divide(a: Rational, b: Rational, budget: WorkBudget): Rational {
  return rational(a.n * b.d, a.d * b.n, budget);
}

/** `a` to a whole power; a negative power of zero is undecided. */
export function power(a: Rational, exponent: bigint, budget: WorkBudget): Rational {
  if (exponent < 0n) return power(rational(a.d, a.n, budget), -exponent, budget);
  if (exponent === 0n && a.n === 0n) throw new Refusal('undecided');
  if (a.d === 1n && (a.n === 0n || a.n === 1n)) return a;
  if (a.d === 1n && a.n === -1n) return exponent % 2n === 0n ? ONE : a;
  // A number of k bits is at least 2^(k-4); past this the power cannot fit.
  const bits = Math.max(bitLength(a.n), bitLength(a.d)) - 3;
  if (exponent > BigInt(MAX_BITS) || bits * Number(exponent) > MAX_BITS * 2) throw new Refusal('too-large');
  return rational(a.n ** exponent, a.d ** exponent, budget);
}

/** The exact root of degree `degree` of a fraction that is not negative, or undefined where it is irrational. */
export function exactRoot(a: Rational, degree: number, budget: WorkBudget): Rational | undefined {
  const n = wholeRoot(a.n, degree, budget);
  const d = wholeRoot(a.d, degree, budget);
  if (n ** BigInt(degree) !== a.n || d ** BigInt(degree) !== a.d) return undefined;
  return { n, d };
}

/** Floor of the root of degree `degree` (1 to 64) of x >= 0, by Newton's method from above. */
export function wholeRoot(x: bigint, degree: number, budget: WorkBudget): bigint {
  if (x < 2n || degree === 1) return x;
  const k = BigInt(degree);
  const bits = bitLength(x);
  let guess = 1n << BigInt(Math.ceil(bits / degree) + 1);
  for (;;) {
    budget.spend(20 + Math.ceil((bits * bits) / 2048));
    const next = (guess * (k - 1n) + x / guess ** (k - 1n)) / k;
    if (next >= guess) return guess;
    guess = next;
  }
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}
