/** Weights between their storage formats and float32, exact to the bit. Buffers are little-endian, as safetensors are. */

export type FloatDType = 'F32' | 'F16' | 'BF16';

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** Bits of the bfloat16 nearest to a number that float32 holds; ties to even. NaN is not handled. */
export function bf16Bits(value: number): number {
  single[0] = value;
  const bits = singleBits[0] as number;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** The number of a bfloat16. */
export function bf16Value(bits: number): number {
  singleBits[0] = bits << 16;
  return single[0] as number;
}

/** Widens the numbers in `stored` to the bits of float32, into the beginning of `out`. */
export function widen(dtype: FloatDType, stored: Uint8Array, out: Uint32Array): void {
  if (dtype === 'F32') {
    out.set(new Uint32Array(stored.buffer, stored.byteOffset, stored.byteLength / 4));
    return;
  }
  const halves = new Uint16Array(stored.buffer, stored.byteOffset, stored.byteLength / 2);
  const count = halves.length;
  if (dtype === 'BF16') for (let i = 0; i < count; ++i) out[i] = (halves[i] as number) << 16;
  else for (let i = 0; i < count; ++i) out[i] = floatBitsOfF16(halves[i] as number);
}

function floatBitsOfF16(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  single[0] = fraction * 2 ** -24;
  return sign | (singleBits[0] as number);
}

const ALL_ONES_EXPONENT = { F32: 0x7f800000, F16: 0x7c00, BF16: 0x7f80, F8_E4M3: 0x7f } as const;

/** Place of the first NaN or infinity among the numbers in `stored`, or -1. */
export function firstNonFinite(dtype: FloatDType | 'F8_E4M3', stored: Uint8Array): number {
  const mask = ALL_ONES_EXPONENT[dtype];
  const words =
    dtype === 'F8_E4M3'
      ? stored
      : dtype === 'F32'
        ? new Uint32Array(stored.buffer, stored.byteOffset, stored.byteLength / 4)
        : new Uint16Array(stored.buffer, stored.byteOffset, stored.byteLength / 2);
  const count = words.length;
  for (let i = 0; i < count; ++i) if (((words[i] as number) & mask) === mask) return i;
  return -1;
}
