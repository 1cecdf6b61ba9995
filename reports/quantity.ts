/** Numbers as people read them. */

/** `1234567` -> `1,234,567` */
export function renderCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A ratio 0..1 as `61.3 %`. */
export function renderPercent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

/** `14.2 GiB` */
export function renderBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let power = 0;
  while (power < units.length - 1 && bytes >= 1024 ** (power + 1)) power += 1;
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** `45 s`, `4 min 10 s`, `2 h 5 min` */
export function renderDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Parameters or other large amounts: `671.0 B`, `1.2 M`. */
export function renderLarge(value: number): string {
  for (const [size, unit] of [
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (value >= size) return `${(value / size).toFixed(1)} ${unit}`;
  }
  return String(value);
}

/** `58.1 – 64.4 %` */
export function renderInterval({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${(low * 100).toFixed(1)} – ${(high * 100).toFixed(1)} %`;
}

/** A difference of ratios in percentage points: `+1.3`, `-0.4`. */
export function renderPoints(difference: number): string {
  return `${difference < 0 ? '-' : '+'}${Math.abs(difference * 100).toFixed(1)}`;
}

/** Tokens per second and other rates: three digits are all that a measurement is good for. */
export function renderRate(value: number): string {
  return value >= 100 ? renderCount(value) : value.toFixed(value >= 10 ? 1 : 2);
}
