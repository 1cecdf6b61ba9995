/** Why a GPU's clocks are lower than they could be, from NVML's bits (nvmlClocksEventReasons). */

const REASONS: readonly (readonly [bit: number, name: string])[] = [
  [0x1, 'idle'],
  [0x2, 'application clocks'],
  [0x4, 'power cap'],
  [0x8, 'hardware slowdown'],
  [0x10, 'sync boost'],
  [0x20, 'temperature (software)'],
  [0x40, 'temperature (hardware)'],
  [0x80, 'power brake'],
  [0x100, 'display clock'],
];

/** Names of the bits set, those without a name in hex. */
export function throttleReasons(bits: number): string[] {
  const named = REASONS.filter(([bit]) => (bits & bit) !== 0);
  const rest = named.reduce((left, [bit]) => left - bit, bits);
  return [...named.map(([, name]) => name), ...(rest === 0 ? [] : [`0x${rest.toString(16)}`])];
}
