import { describe, expect, test } from '@jest/globals';
import { bf16Bits, bf16Value, firstNonFinite, widen } from '../../../engine/quantize/float-bits.js';
import { bf16Bits as exactBits, roundToBf16 } from '../equations/number-formats.js';
import { SeededRandom } from '../equations/seeded-random.js';

const everyHalf = new Uint8Array(Uint16Array.from({ length: 0x10000 }, (_, bits) => bits).buffer);

describe('storage formats', () => {
  test('every float16 is widened to its number', () => {
    const bits = new Uint32Array(0x10000);
    widen('F16', everyHalf, bits);
    const wide = new Float32Array(bits.buffer);
    const wrong: number[] = [];
    for (let half = 0; half < 0x10000; ++half) {
      const [exponent, fraction, sign] = [(half >> 10) & 0x1f, half & 0x3ff, half & 0x8000 ? -1 : 1];
      const special = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
      const normal = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
      const value = exponent === 31 ? special : exponent === 0 ? sign * fraction * 2 ** -24 : normal;
      if (!Object.is(wide[half], value)) wrong.push(half);
    }
    expect(wrong).toEqual([]);
  });

  test('every bfloat16 is widened to its number and rounds to itself', () => {
    const bits = new Uint32Array(0x10000);
    widen('BF16', everyHalf, bits);
    expect([...bits.subarray(0x3f80, 0x3f82)]).toEqual([0x3f800000, 0x3f810000]);
    for (let half = 0; half < 0x7f80; half += 7) expect(bf16Bits(bf16Value(half))).toBe(half);
    expect(bf16Bits(-0)).toBe(0x8000);
  });

  test('float32 is rounded to the nearest bfloat16, ties to even', () => {
    const random = new SeededRandom(5);
    for (let i = 0; i < 5000; ++i) {
      const value = Math.fround(random.normal() * 2 ** Math.floor(20 * random.normal()));
      expect(bf16Bits(value)).toBe(exactBits(roundToBf16(value)));
    }
    // Halfway between two: 1 + 1/256 down to the even 1, 1 + 3/256 up to the even 1 + 4/256.
    expect([1 + 1 / 256, 1 + 3 / 256].map((value) => bf16Value(bf16Bits(value)))).toEqual([1, 1 + 4 / 256]);
  });

  test.each([
    ['F32', Float32Array.of(1, 2, Number.NaN), 2],
    ['F32', Float32Array.of(1, -3e38), -1],
    ['F16', Uint16Array.of(0x7bff, 0xfc00), 1],
    ['BF16', Uint16Array.of(0xff7f, 0x7f80), 1],
    ['F8_E4M3', Uint8Array.of(0x7e, 0xfe, 0xff), 2],
    ['F8_E4M3', Uint8Array.of(0x7e, 0xfe), -1],
  ] as const)('%s: the first number that is not finite is found', (dtype, words, place) => {
    expect(firstNonFinite(dtype, new Uint8Array(words.buffer))).toBe(place);
  });
});
