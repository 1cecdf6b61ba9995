/** The few operations on float64 rows that the equations are written in. */

// Taken once: a test runner's sandbox makes every look-up of a global slow.
const { exp, log, max, sqrt } = Math;

export type Row = Float64Array;

export function at(row: ArrayLike<number>, i: number): number {
  return row[i] as number;
}

/** Element `i` of a list that has one. */
export function item<T>(list: readonly T[], i: number): T {
  return list[i] as T;
}

export function dot(a: Row, b: Row): number {
  let sum = 0;
  for (let i = 0; i < a.length; ++i) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** a + factor b, a new row. */
export function plus(a: Row, b: Row, factor = 1): Row {
  return a.map((value, i) => value + factor * at(b, i));
}

export function times(a: Row, b: Row): Row {
  return a.map((value, i) => value * at(b, i));
}

export function concat(...parts: readonly Row[]): Row {
  const out = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** matrix x. */
export function product(matrix: readonly Row[], x: Row): Row {
  const out = new Float64Array(matrix.length);
  for (let i = 0; i < matrix.length; ++i) out[i] = dot(matrix[i] as Row, x);
  return out;
}

/** x / sqrt(mean(x^2) + eps) * weight. */
export function rmsNorm(x: Row, weight: Row, eps: number): Row {
  const scale = 1 / sqrt(dot(x, x) / x.length + eps);
  return x.map((value, i) => value * scale * at(weight, i));
}

export function softmax(x: Row): Row {
  const largest = max(...x);
  const powers = x.map((value) => exp(value - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

export function sigmoid(x: number): number {
  return 1 / (1 + exp(-x));
}

export function silu(x: number): number {
  return x * sigmoid(x);
}

export function logSumExp(x: Row): number {
  const largest = max(...x);
  return largest + log(x.reduce((sum, value) => sum + exp(value - largest), 0));
}
