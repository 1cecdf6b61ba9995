/** The numbers of e4m3fn (OCP FP8: bias 7, no infinity, 0x7f and 0xff are NaN) and the rounding of float32 to them. */

/** The largest e4m3 number; everything beyond it is rounded to it. */
export const E4M3_MAX = 448;

const SIGN = 0x80;
const LARGEST_CODE = 0x7e;

/** Value of each code 0..255. */
export const E4M3_VALUES: Float32Array = Float32Array.from({ length: 256 }, (_, code) => {
  const magnitude = code & 0x7f;
  const exponent = magnitude >> 3;
  const fraction = (magnitude & 7) / 8;
  const value = exponent === 0 ? fraction * 2 ** -6 : (1 + fraction) * 2 ** (exponent - 7);
  if (magnitude === 0x7f) return Number.NaN;
  return code & SIGN ? -value : value;
});

/** Code of each bfloat16 number by its bits: nearest, ties to the even code, saturating at 448; NaN gives a NaN. */
export const E4M3_OF_BF16: Uint8Array = Uint8Array.from(
  { length: 0x10000 },
  (_, bits) => ((bits >> 8) & SIGN) | codeOfMagnitude(bits & 0x7fff),
);

/**
 * Code of the float32 with these bits, rounded as E4M3_OF_BF16. A bit beyond bfloat16's seven cannot decide a rounding to
 * three but by being there, so it is kept as the lowest of the seven ("round to odd"), and the table decides.
 */
export function e4m3OfFloatBits(bits: number): number {
  return E4M3_OF_BF16[(bits >>> 16) | ((bits & 0xffff) === 0 ? 0 : 1)] as number;
}

function codeOfMagnitude(bf16: number): number {
  if (bf16 > 0x7f80) return 0x7f;
  const exponent = (bf16 >> 7) - 127;
  const fraction = bf16 & 0x7f;
  // Below 2^-6 e4m3 numbers are multiples of 2^-9; its codes go on from there to the normal ones without a seam.
  if (exponent < -6) return roundHalfToEven((1 + fraction / 128) * 2 ** (exponent + 9));
  return Math.min(LARGEST_CODE, roundHalfToEven((exponent + 7) * 8 + fraction / 16));
}

function roundHalfToEven(value: number): number {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}
