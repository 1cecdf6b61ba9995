import { describe, expect, test } from '@jest/globals';
import { E4M3_OF_BF16, E4M3_VALUES, e4m3OfFloatBits } from '../../../engine/quantize/e4m3.js';
import { E4M3_VALUES as NUMBERS, nearestE4m3 } from '../equations/number-formats.js';

const view = new DataView(new ArrayBuffer(4));
const { abs } = Math;

function floatOf(bits: number): number {
  view.setUint32(0, bits);
  return view.getFloat32(0);
}

function bitsOf(value: number): number {
  view.setFloat32(0, value);
  return view.getUint32(0);
}

/** By looking at all 127 numbers; the sign apart, so that -0 keeps its own. */
function nearest(bits: number): number {
  const value = floatOf(bits);
  const sign = bits >>> 31 === 1 ? 0x80 : 0;
  return sign | (Number.isNaN(value) ? 0x7f : nearestE4m3(value));
}

describe('e4m3', () => {
  test('each of the 65,536 bfloat16 numbers goes to the nearest code, ties to even, beyond 448 to 448', () => {
    const wrong: string[] = [];
    for (let bf16 = 0; bf16 < 0x10000; ++bf16) {
      const code = E4M3_OF_BF16[bf16] as number;
      if (code !== nearest(bf16 * 0x10000)) wrong.push(`${bf16.toString(16)} gives ${code.toString(16)}`);
    }
    expect(wrong).toEqual([]);
    expect(E4M3_OF_BF16).toHaveLength(0x10000);
  });

  test('float32 numbers on, just below and just above every code and every middle go to the nearest code', () => {
    const edges = NUMBERS.flatMap((value, code) => [value, (value + (NUMBERS[code + 1] ?? 480)) / 2]);
    const wrong: string[] = [];
    for (const edge of edges) {
      for (const step of [-2, -1, 0, 1, 2]) {
        for (const sign of [0, 0x80000000]) {
          const bits = (Math.max(0, bitsOf(edge) + step) | sign) >>> 0;
          const code = e4m3OfFloatBits(bits);
          if (code !== nearest(bits)) wrong.push(`${floatOf(bits)} gives ${code.toString(16)}`);
        }
      }
    }
    expect(edges).toHaveLength(254);
    expect(wrong).toEqual([]);
  });

  test('every code decodes to its number and back to itself', () => {
    for (let code = 0; code < 256; ++code) {
      const value = E4M3_VALUES[code] as number;
      if ((code & 0x7f) === 0x7f) expect(value).toBeNaN();
      else {
        expect(abs(value)).toBe(NUMBERS[code & 0x7f]);
        expect(e4m3OfFloatBits(bitsOf(value))).toBe(code);
      }
    }
  });

  test('infinity saturates, NaN stays NaN', () => {
    expect([0x7f80, 0xff80].map((bits) => E4M3_OF_BF16[bits])).toEqual([0x7e, 0xfe]);
    expect([0x7f81, 0xffff].map((bits) => E4M3_OF_BF16[bits])).toEqual([0x7f, 0xff]);
  });
});
