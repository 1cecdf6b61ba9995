/** Differences of ratios as percentage points. */

/** With its sign: `+1.23`, `-0.40`, `0.00`. */
export function points(ratio: number): string {
  const value = plainPoints(Math.abs(ratio));
  return Number(value) === 0 ? value : `${ratio < 0 ? '-' : '+'}${value}`;
}

/** `1.00` */
export function plainPoints(ratio: number): string {
  return (ratio * 100).toFixed(2);
}
