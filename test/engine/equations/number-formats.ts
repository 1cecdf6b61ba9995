/** The storage formats of checkpoints as sets of numbers: rounding a float64 into them, and their bytes. */

// Taken once: a test runner's sandbox makes every look-up of a global slow.
const { abs, floor, log2, max, round } = Math;

/**
 * The nearest number with `fractionBits` after the leading one and exponents from `minExponent` up, ties to even. Overflow
 * is not handled: weights are small.
 */
function roundToFormat(x: number, fractionBits: number, minExponent: number): number {
  if (x === 0) return 0;
  const exponent = max(floor(log2(abs(x))), minExponent);
  const step = 2 ** (exponent - fractionBits);
  return roundHalfToEven(x / step) * step;
}

function roundHalfToEven(x: number): number {
  const down = floor(x);
  if (x - down !== 0.5) return round(x);
  return down % 2 === 0 ? down : down + 1;
}

export const roundToBf16 = (x: number): number => roundToFormat(x, 7, -126);
export const roundToF16 = (x: number): number => roundToFormat(x, 10, -14);

const oneFloat = new DataView(new ArrayBuffer(4));

/** Bits of a number that bfloat16 holds exactly: the upper half of its float32 bits. */
export function bf16Bits(x: number): number {
  oneFloat.setFloat32(0, x);
  return oneFloat.getUint16(0);
}

/** Bits of a number that float16 holds exactly. */
export function f16Bits(x: number): number {
  const sign = x < 0 ? 0x8000 : 0;
  const magnitude = abs(x);
  if (magnitude < 2 ** -14) return sign | (magnitude / 2 ** -24);
  const exponent = floor(log2(magnitude));
  return sign | ((exponent + 15) << 10) | ((magnitude / 2 ** exponent - 1) * 1024);
}

/** e4m3 (finite, no infinities): the value of each non-negative code 0..126; 127 is NaN. */
export const E4M3_VALUES: readonly number[] = Array.from({ length: 127 }, (_, code) => {
  const exponent = code >> 3;
  const fraction = (code & 7) / 8;
  return exponent === 0 ? fraction * 2 ** -6 : (1 + fraction) * 2 ** (exponent - 7);
});

export const E4M3_MAX = 448;

/**
 * Code of the e4m3 number nearest to |x|, found by looking at all of them; the largest where x lies beyond it. In a tie
 * the even code wins, or with 'away from zero' the larger.
 */
export function nearestE4m3(x: number, ties: 'to even' | 'away from zero' = 'to even'): number {
  const magnitude = abs(x);
  let best = 0;
  let distance = magnitude;
  for (let code = 1; code < E4M3_VALUES.length; ++code) {
    const here = abs((E4M3_VALUES[code] as number) - magnitude);
    if (here > distance || (here === distance && ties === 'to even' && code % 2 !== 0)) continue;
    best = code;
    distance = here;
  }
  return best;
}
