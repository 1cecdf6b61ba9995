import { describe, expect, test } from '@jest/globals';
import { dequantizeStrip } from '../../../engine/quantize/dequantize-strip.js';
import { E4M3_VALUES } from '../../../engine/quantize/e4m3.js';
import { bf16Value } from '../../../engine/quantize/float-bits.js';
import { quantizeStrip } from '../../../engine/quantize/quantize-strip.js';
import { weightError } from '../../../engine/quantize/weight-error.js';
import { quantizeBlocks } from '../equations/quantize.js';
import { SeededRandom } from '../equations/seeded-random.js';

/** Rows of float32 through quantizeStrip. */
function quantized(rows: readonly Float32Array[]) {
  const columns = rows[0]?.length ?? 0;
  const weights = Float32Array.from(rows.flatMap((row) => [...row]));
  const codes = new Uint8Array(weights.length);
  const scales = new Float32Array(Math.ceil(columns / 128));
  const result = quantizeStrip({ weights: new Uint32Array(weights.buffer), rows: rows.length, columns }, codes, scales);
  return { codes, scales, result, weights };
}

function randomRows(height: number, columns: number, seed = 7): Float32Array[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: height }, () => Float32Array.from({ length: columns }, () => random.normal() / 50));
}

function requireSums<T extends object>(result: T | { nonFinite: number }): T {
  if ('nonFinite' in result) throw new Error(`not finite at ${result.nonFinite}`);
  return result;
}

describe('quantizing a row of blocks', () => {
  test.each([
    [1, 1],
    [1, 128],
    [3, 129],
    [128, 300],
    [37, 64],
    [2, 10944],
  ])('%i x %i: codes and scales are those of the equations, which search the nearest code', (height, columns) => {
    const rows = randomRows(height, columns);
    const { codes, scales } = quantized(rows);
    const expected = quantizeBlocks(rows.map((row) => Float64Array.from(row)));
    expect(Buffer.from(codes).equals(expected.codes)).toBe(true);
    expect([...scales]).toEqual([...(expected.scales[0] as Float64Array)]);
  });

  test('the error is that of the decoded weights', () => {
    const { codes, scales, result, weights } = quantized(randomRows(5, 200));
    const decoded = [...codes].map(
      (code, i) => (E4M3_VALUES[code] as number) * (scales[i % 200 < 128 ? 0 : 1] as number),
    );
    const differences = decoded.map((value, i) => value - (weights[i] as number));
    const norm = (values: Iterable<number>) => Math.hypot(...values);
    const error = weightError(requireSums(result));
    expect(error.elements).toBe(1000);
    expect(error.relativeError).toBeCloseTo(norm(differences) / norm(weights), 12);
    expect(error.relativeError).toBeGreaterThan(0.01);
    expect(error.maxError).toBe(Math.max(...differences.map(Math.abs)));
    expect(error.saturated).toBe([...codes].filter((code) => (code & 0x7f) === 0x7e).length);
    expect(error.saturated).toBeGreaterThanOrEqual(2);
  });

  test('zeros get a scale above zero and decode to zeros with their signs, without an error', () => {
    const { codes, scales, result } = quantized([Float32Array.of(0, -0, 0)]);
    expect([...codes]).toEqual([0, 0x80, 0]);
    expect([...scales]).toEqual([Math.fround(Math.fround(1e-12) / 448)]);
    expect(weightError(requireSums(result))).toMatchObject({ relativeError: 0, maxError: 0, saturated: 0 });
    const out = new Uint16Array(3);
    dequantizeStrip({ codes, scales, rows: 1, columns: 3 }, out);
    expect([...out]).toEqual([0, 0x8000, 0]);
  });

  test('numbers from the ends of float32 become no NaN', () => {
    for (const value of [3.4e38, 1e-45, 1e-12, 1e-13, 448, 449]) {
      const { codes, scales } = quantized([Float32Array.of(value, -value, 0)]);
      const decoded = (E4M3_VALUES[codes[0] as number] as number) * (scales[0] as number);
      if (value > 1e-11) expect(Math.abs(decoded / value - 1)).toBeLessThan(1e-6);
      expect(decoded).toBeGreaterThanOrEqual(0);
      expect(decoded).toBeLessThan(3.5e38);
      expect(codes[1]).toBe((codes[0] as number) | 0x80);
    }
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%d is refused with its place', (bad) => {
    const rows = randomRows(3, 200);
    (rows[1] as Float32Array)[150] = bad;
    expect(quantized(rows).result).toEqual({ nonFinite: 350 });
  });
});

describe('decoding a row of blocks', () => {
  test('each code becomes the bfloat16 nearest to its float32 value, and the error is that of the roundings', () => {
    const columns = 300;
    const codes = Uint8Array.from(
      { length: 2 * columns },
      (_, i) => [i % 127, (i % 127) | 0x80][(i >> 3) & 1] as number,
    );
    const scales = Float32Array.of(0.00123, 1, 7e-5);
    const out = new Uint16Array(codes.length);
    const error = weightError(requireSums(dequantizeStrip({ codes, scales, rows: 2, columns }, out)));
    let [worst, squares] = [0, 0];
    codes.forEach((code, i) => {
      const value = (E4M3_VALUES[code] as number) * (scales[Math.floor((i % columns) / 128)] as number);
      const difference = bf16Value(out[i] as number) - value;
      expect(Math.abs(difference)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -8);
      [worst, squares] = [Math.max(worst, Math.abs(difference)), squares + difference ** 2];
    });
    expect(error.maxError).toBe(worst);
    expect(error.squaredError).toBeCloseTo(squares, 12);
    expect(error.saturated).toBe([...codes].filter((code) => (code & 0x7f) === 126).length);
  });

  test.each<[string, number, number]>([
    ['a NaN code', 0xff, 1],
    ['a weight beyond bfloat16', 0x7e, 1e36],
  ])('%s is refused with its place', (_, code, scale) => {
    const codes = new Uint8Array(400).fill(1);
    codes[333] = code;
    const strip = { codes, scales: Float32Array.of(scale, scale), rows: 2, columns: 200 };
    expect(dequantizeStrip(strip, new Uint16Array(400))).toEqual({ nonFinite: 333 });
  });
});
