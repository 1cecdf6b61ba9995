/** A row of numbers as a row of small bars. */

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** One bar for each value between the smallest and the largest; `·` for null. All equal: all in the middle. */
export function sparkline(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return values
    .map((value) => {
      if (value === null) return '·';
      const place = high === low ? 0.5 : (value - low) / (high - low);
      return bars[Math.min(bars.length - 1, Math.floor(place * bars.length))];
    })
    .join('');
}
