/** Root, logarithm, exponential and the circle functions of balls, by power series in fixed point. */
import { type Ball, bounded, containsZero, negateBall, PRECISION, SHIFT, signOfBall, UNIT } from './ball.js';
import { absolute, bitLength } from './rational.js';
import { Refusal, type WorkBudget } from './refusal.js';

// Series run with 64 more bits than a ball has, which swallow the rounding of a few hundred terms.
const GUARD = 64n;
const WIDE = SHIFT + GUARD;
const ONE = 1n << WIDE;
const SERIES_COST = 8000;

const narrow = (x: bigint): bigint => x >> GUARD;
const times = (a: bigint, b: bigint): bigint => (a * b) >> WIDE;

/** 2 (y + y^3/3 + y^5/5 + ...) = ln((1+y)/(1-y)); with `sign` -1 the alternating series of 2 arctan y. */
function doubledSeries(y: bigint, sign: 1n | -1n): bigint {
  const square = times(y, y) * sign;
  let term = y;
  let sum = 0n;
  for (let k = 1n; term !== 0n && term !== -1n; k += 2n) {
    sum += term / k;
    term = times(term, square);
  }
  return sum * 2n;
}

const LN2 = doubledSeries(ONE / 3n, 1n);
/** Machin: pi = 16 arctan(1/5) - 4 arctan(1/239). */
const PI = doubledSeries(ONE / 5n, -1n) * 8n - doubledSeries(ONE / 239n, -1n) * 2n;

export const PI_BALL: Ball = { v: narrow(PI), e: 2n };

/** Square root of a number that is not negative. */
export function rootOfBall(a: Ball, budget: WorkBudget): Ball {
  if (a.v === 0n && a.e === 0n) return a;
  if (signOfBall(a) < 0) throw new Refusal('undecided');
  budget.spend(1000);
  const x = a.v << SHIFT;
  let guess = 1n << BigInt(Math.ceil(bitLength(x) / 2) + 1);
  for (let next = (guess + x / guess) >> 1n; next < guess; next = (guess + x / guess) >> 1n) guess = next;
  return bounded({ v: guess, e: (a.e << SHIFT) / guess + 2n });
}

/** Natural logarithm of a positive number. */
export function logOfBall(a: Ball, budget: WorkBudget): Ball {
  if (signOfBall(a) < 0) throw new Refusal('undecided');
  budget.spend(SERIES_COST);
  const twos = BigInt(a.v.toString(2).length - 1 - PRECISION);
  const wide = a.v << GUARD;
  const mantissa = twos >= 0n ? wide >> twos : wide << -twos;
  const y = ((mantissa - ONE) << WIDE) / (mantissa + ONE);
  return { v: narrow(doubledSeries(y, 1n) + twos * LN2), e: (a.e << SHIFT) / a.v + 4n };
}

/** e to a real power. @throws Refusal `too-large` outside the magnitudes of a ball. */
export function expOfBall(a: Ball, budget: WorkBudget): Ball {
  if (absolute(a.v) > UNIT << 7n) throw new Refusal('too-large');
  budget.spend(SERIES_COST);
  const twos = narrow(LN2) === 0n ? 0n : a.v / narrow(LN2);
  const rest = (a.v << GUARD) - twos * LN2;
  let term = ONE;
  let sum = ONE;
  for (let k = 1n; term !== 0n && term !== -1n; k += 1n) {
    term = times(term, rest) / k;
    sum += term;
  }
  const v = narrow(twos >= 0n ? sum << twos : sum >> -twos);
  return bounded({ v, e: ((absolute(v) * (a.e * 2n + 4n)) >> SHIFT) + 4n });
}

/** Sine and cosine of a real number below 2^40. */
export function circleOfBall(a: Ball, budget: WorkBudget): { sin: Ball; cos: Ball } {
  if (absolute(a.v) > UNIT << 40n) throw new Refusal('too-large');
  budget.spend(SERIES_COST);
  const turn = PI * 2n;
  let rest = (a.v << GUARD) % turn;
  if (rest > PI) rest -= turn;
  if (rest < -PI) rest += turn;
  let term = ONE;
  const sums = [ONE, 0n, 0n, 0n];
  for (let k = 1; term !== 0n && term !== -1n; k += 1) {
    term = times(term, rest) / BigInt(k);
    sums[k % 4] = (sums[k % 4] ?? 0n) + term;
  }
  const [c0 = 0n, s0 = 0n, c1 = 0n, s1 = 0n] = sums;
  const e = a.e + 4n;
  return { sin: { v: narrow(s0 - s1), e }, cos: { v: narrow(c0 - c1), e } };
}

/** Inverse tangent, between -pi/2 and pi/2. */
export function arctanOfBall(a: Ball, budget: WorkBudget): Ball {
  if (containsZero(a)) return a;
  if (a.v < 0n) return negateBall(arctanOfBall(negateBall(a), budget));
  budget.spend(SERIES_COST);
  let y = a.v << GUARD;
  const large = y > ONE;
  if (large) y = (ONE * ONE) / y;
  // arctan y = 2 arctan(y / (1 + sqrt(1 + y^2))), three times, leaves y below 0.1.
  for (let step = 0; step < 3; step += 1) y = (y << WIDE) / (ONE + wideRoot(ONE + times(y, y)));
  const angle = doubledSeries(y, -1n) * 4n;
  return { v: narrow(large ? PI / 2n - angle : angle), e: a.e + 4n };
}

function wideRoot(x: bigint): bigint {
  const square = x << WIDE;
  let guess = ONE << 1n;
  for (let next = (guess + square / guess) >> 1n; next < guess; next = (guess + square / guess) >> 1n) guess = next;
  return guess;
}
