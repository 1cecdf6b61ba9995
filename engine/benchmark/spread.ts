/** Repeated measurements of one thing: the middle one, and how far the others are from it. */

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly repeats: number;
}

/** `values` must not be empty; the upper of two middle ones is the median. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (place: number) => sorted[place] as number;
  return { median: at(sorted.length >> 1), least: at(0), most: at(sorted.length - 1), repeats: sorted.length };
}

/** As a rate: work divided by each time, so that the slowest becomes the least. */
export function rateOf(work: number, seconds: Spread): Spread {
  const { median, least, most, repeats } = seconds;
  return { median: work / median, least: work / most, most: work / least, repeats };
}
