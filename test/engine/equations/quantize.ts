/** Block-scaled e4m3: weights in 128x128 blocks, activations in groups of 128 along a row. */
import { type Details, PUBLISHED } from './details.js';
import { E4M3_MAX, E4M3_VALUES, nearestE4m3 } from './number-formats.js';
import { at, type Row } from './vectors.js';

// Taken once: a test runner's sandbox makes every look-up of a global slow.
const { fround, max, sign } = Math;

export const BLOCK = 128;
/** Smallest amax of a weight block. */
const WEIGHT_CLAMP = 1e-12;

export interface QuantizedMatrix {
  /** Sign and code of each weight, row after row. */
  readonly codes: Uint8Array;
  /** float32 [ceil(rows / 128)][ceil(columns / 128)]: a weight is its e4m3 value times its block's scale. */
  readonly scales: readonly Row[];
  /** What the stored numbers mean. */
  readonly values: readonly Row[];
}

/** Quantises a matrix per 128x128 block: scale = max(amax, 1e-12) / 448 in float32; blocks at the edges are smaller. */
export function quantizeBlocks(rows: readonly Row[], details: Details = PUBLISHED): QuantizedMatrix {
  const columns = rows[0]?.length ?? 0;
  const codes = new Uint8Array(rows.length * columns);
  const scales: Row[] = [];
  const values = rows.map((row) => new Float64Array(row.length));
  for (let top = 0; top < rows.length; top += BLOCK) {
    const scaleRow: number[] = [];
    for (let left = 0; left < columns; left += BLOCK) {
      const block = rows.slice(top, top + BLOCK).map((row) => row.subarray(left, left + BLOCK));
      const amax = max(...block.map((row) => max(...row.map(Math.abs))));
      const scale = fround(max(amax, WEIGHT_CLAMP) / E4M3_MAX);
      scaleRow.push(scale);
      block.forEach((row, r) => {
        row.forEach((weight, c) => {
          const code = nearestE4m3(quotient(weight, scale, details), details.ties);
          codes[(top + r) * columns + left + c] = code | (weight < 0 ? 0x80 : 0);
          (values[top + r] as Row)[left + c] = sign(weight) * at(E4M3_VALUES, code) * scale;
        });
      });
    }
    scales.push(Float64Array.from(scaleRow));
  }
  return { codes, scales, values };
}

/** A row of activations after quantisation: groups of 128, scale = max(amax, 1e-4) / 448. */
export function quantizeRow(x: Row, details: Details): Row {
  const { activationClamp, activationGroup, ties } = details;
  const out = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += activationGroup) {
    const group = x.subarray(start, start + activationGroup);
    const scale = fround(max(...group.map(Math.abs), activationClamp) / E4M3_MAX);
    group.forEach((value, i) => {
      out[start + i] = sign(value) * at(E4M3_VALUES, nearestE4m3(quotient(value, scale, details), ties)) * scale;
    });
  }
  return out;
}

/**
 * x / scale, a float32 division: bf16 weights lie halfway between two codes quite often (at 3/4 of a block's amax, for one),
 * and there float64's quotient by a rounded scale would fall to one side where the format's definition has a tie.
 */
function quotient(x: number, scale: number, { divide }: Details): number {
  return fround(divide === 'by the scale' ? x / scale : x * fround(1 / scale));
}
