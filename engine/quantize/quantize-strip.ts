/** Quantises up to 128 rows of a weight: one row of blocks, each with its scale. */
import { E4M3_MAX, E4M3_OF_BF16, E4M3_VALUES } from './e4m3.js';
import type { ErrorSums } from './weight-error.js';

/** Side of a block that shares one scale. */
export const BLOCK = 128;

/** Keeps the scale of a block of zeros above zero: 0 / scale is then 0, never NaN. */
const SMALLEST_AMAX = Math.fround(1e-12);
const INFINITY_BITS = 0x7f800000;
const { abs } = Math;

export interface Strip {
  /** Bits of float32 [rows, columns]. */
  readonly weights: Uint32Array;
  /** 1 to 128. */
  readonly rows: number;
  readonly columns: number;
}

const amaxBits = new Uint32Array(1);
const amaxValue = new Float32Array(amaxBits.buffer);
const quotients = new Float32Array(BLOCK);
const quotientBits = new Uint32Array(quotients.buffer);

/**
 * Codes [rows, columns] and scales [ceil(columns / 128)] into `codes` and `scales`, by the rule with which the engine
 * quantises at load (native/cpu/convert_weight.cpp, to_e4m3), bit for bit: scale = max(amax, 1e-12) / 448 and code =
 * e4m3(weight / scale), both divisions rounded to float32.
 *
 * @returns the error, or the place of a weight that is NaN or infinite
 */
export function quantizeStrip(
  strip: Strip,
  codes: Uint8Array,
  scales: Float32Array,
): ErrorSums | { nonFinite: number } {
  const { weights: bits, rows, columns } = strip;
  const values = new Float32Array(bits.buffer, bits.byteOffset, bits.length);
  let [squaredError, squaredWeight, maxError, saturated] = [0, 0, 0, 0];
  for (let left = 0; left < columns; left += BLOCK) {
    const width = Math.min(BLOCK, columns - left);
    let amax = 0;
    for (let r = 0; r < rows; ++r) {
      const start = r * columns + left;
      const end = start + width;
      for (let i = start; i < end; ++i) {
        const magnitude = (bits[i] as number) & 0x7fffffff;
        if (magnitude > amax) amax = magnitude;
      }
    }
    if (amax >= INFINITY_BITS) return { nonFinite: firstNonFiniteOf(strip, left, width) };
    amaxBits[0] = amax;
    scales[left / BLOCK] = Math.max(amaxValue[0] as number, SMALLEST_AMAX) / E4M3_MAX;
    const scale = scales[left / BLOCK] as number;
    for (let r = 0; r < rows; ++r) {
      const start = r * columns + left;
      for (let c = 0; c < width; ++c) quotients[c] = (values[start + c] as number) / scale;
      for (let c = 0; c < width; ++c) {
        const quotient = quotientBits[c] as number;
        // e4m3OfFloatBits, by hand: this line runs once per weight.
        const code = E4M3_OF_BF16[(quotient >>> 16) | ((quotient & 0xffff) === 0 ? 0 : 1)] as number;
        codes[start + c] = code;
        const weight = values[start + c] as number;
        const difference = (E4M3_VALUES[code] as number) * scale - weight;
        squaredError += difference * difference;
        squaredWeight += weight * weight;
        // Not by a comparison: its sign is a coin toss, and a mispredicted branch costs as much as all the rest.
        const magnitude = abs(difference);
        if (magnitude > maxError) maxError = magnitude;
        if ((code & 0x7f) === 0x7e) ++saturated;
      }
    }
  }
  return { elements: rows * columns, squaredError, squaredWeight, maxError, saturated };
}

function firstNonFiniteOf({ weights, rows, columns }: Strip, left: number, width: number): number {
  for (let r = 0; r < rows; ++r) {
    for (let i = r * columns + left; i < r * columns + left + width; ++i) {
      if (((weights[i] as number) & INFINITY_BITS) === INFINITY_BITS) return i;
    }
  }
  return -1;
}
