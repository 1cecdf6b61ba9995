/** Decodes up to 128 rows of an FP8 weight to bfloat16: one row of blocks, each with its scale. */
import { E4M3_VALUES } from './e4m3.js';
import { bf16Bits, bf16Value } from './float-bits.js';
import { BLOCK } from './quantize-strip.js';
import type { ErrorSums } from './weight-error.js';

export interface CodedStrip {
  /** [rows, columns] */
  readonly codes: Uint8Array;
  /** [ceil(columns / 128)] */
  readonly scales: Float32Array;
  /** 1 to 128. */
  readonly rows: number;
  readonly columns: number;
}

const CODES = 256;
const decoded = new Uint16Array(CODES);
const counts = new Uint32Array(CODES);

/**
 * Bits of bfloat16 [rows, columns] into `out`: code * scale, which is a float32 wherever an FP8 weight is used, rounded
 * once to bfloat16. So the decoded checkpoint is the one that the engine makes of the FP8 checkpoint with --dtype bf16.
 *
 * @returns the error against code * scale, or the place of a weight that is no finite bfloat16
 */
export function dequantizeStrip(strip: CodedStrip, out: Uint16Array): ErrorSums | { nonFinite: number } {
  const { codes, scales, rows, columns } = strip;
  let [squaredError, squaredWeight, maxError] = [0, 0, 0];
  let saturated = 0;
  for (let left = 0; left < columns; left += BLOCK) {
    const width = Math.min(BLOCK, columns - left);
    const scale = scales[left / BLOCK] as number;
    for (let code = 0; code < CODES; ++code)
      decoded[code] = bf16Bits(Math.fround((E4M3_VALUES[code] as number) * scale));
    counts.fill(0);
    for (let r = 0; r < rows; ++r) {
      const start = r * columns + left;
      const end = start + width;
      for (let i = start; i < end; ++i) {
        const code = codes[i] as number;
        out[i] = decoded[code] as number;
        counts[code] = (counts[code] as number) + 1;
      }
    }
    for (let code = 0; code < CODES; ++code) {
      const count = counts[code] as number;
      if (count === 0) continue;
      const value = (E4M3_VALUES[code] as number) * scale;
      const bits = decoded[code] as number;
      if ((code & 0x7f) === 0x7f || (bits & 0x7f80) === 0x7f80) return { nonFinite: firstInBlock(strip, left, code) };
      const difference = bf16Value(bits) - value;
      squaredError += count * difference * difference;
      squaredWeight += count * value * value;
      maxError = Math.max(maxError, Math.abs(difference));
      if ((code & 0x7f) === 0x7e) saturated += count;
    }
  }
  return { elements: rows * columns, squaredError, squaredWeight, maxError, saturated };
}

function firstInBlock({ codes, rows, columns }: CodedStrip, left: number, code: number): number {
  for (let r = 0; r < rows; ++r) {
    const found = codes
      .subarray(r * columns + left, Math.min(r * columns + left + BLOCK, (r + 1) * columns))
      .indexOf(code);
    if (found >= 0) return r * columns + left + found;
  }
  return -1;
}
