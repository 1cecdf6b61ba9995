/** Where the level of a sequence changes: binary segmentation over seeded intervals, each split tested against chance. */

/** What chance alone makes of the runs `start` to `end`, again and again. */
export interface Chance {
  /** Different draws there are; drawing stops there. Random draws have no end. */
  readonly draws: number;
  /** True when the draws are all that is possible, so that their share is a probability and no estimate. */
  readonly isComplete: boolean;
  /** Writes the next sequence of levels into `levels`, one for each run. */
  draw(levels: Float64Array): void;
}

export interface Segmentation {
  /** Chance of marking anything where nothing changed, 0..1. */
  readonly alarmRate: number;
  /** At most this many draws for each test; their number limits how small p can be. */
  readonly draws: number;
  readonly chanceOf: (start: number, end: number) => Chance;
}

export interface Split {
  /** Index of the first run on the new level. */
  readonly at: number;
  readonly p: number;
}

/**
 * The splits of a sequence of levels, in order.
 *
 * The statistic of a split k of an interval [s, e) is sqrt((k-s)(e-k)/(e-s)) times the difference of the mean levels on
 * both sides (CUSUM). Its maximum over the seeded intervals (Kovács et al. 2023, Biometrika 110, "Seeded binary segmentation"), short
 * ones for a single bad night, long ones for a small lasting change, is compared with the same maximum of sequences that chance
 * makes: one test for all places at once. Where it is significant, both sides are searched in the same way.
 */
export function findSplits(levels: readonly number[], options: Segmentation): Split[] {
  const search = (start: number, end: number): Split[] => {
    if (end - start < 2) return [];
    const split = strongestSplit(levels.slice(start, end), options, options.chanceOf(start, end));
    if (split === undefined) return [];
    const at = start + split.at;
    return [...search(start, at), { at, p: split.p }, ...search(at, end)];
  };
  return search(0, levels.length);
}

function strongestSplit(levels: readonly number[], options: Segmentation, chance: Chance): Split | undefined {
  const intervals = seededIntervals(levels.length);
  const sums = new Float64Array(levels.length + 1);
  const observed = largestShift(Float64Array.from(levels), intervals, sums);
  // Equal sums differ in their last bits by the order of additions.
  const threshold = observed.shift * (1 - 1e-9);
  if (threshold <= 1e-12) return undefined;
  const draws = chance.isComplete ? chance.draws : Math.min(options.draws, chance.draws);
  // Counting the observed sequence as one draw keeps the test exact with few draws.
  const extra = chance.isComplete ? 0 : 1;
  const most = options.alarmRate * (draws + extra) - extra;
  const drawn = new Float64Array(levels.length);
  let asClear = 0;
  for (let n = 0; n < draws; n++) {
    chance.draw(drawn);
    if (largestShift(drawn, intervals, sums).shift >= threshold) asClear += 1;
    if (asClear > most) return undefined;
  }
  return { at: observed.at, p: (asClear + extra) / (draws + extra) };
}

interface Interval {
  readonly start: number;
  readonly end: number;
}

/** The whole sequence, and intervals of 2, 4, 8, ... runs, each half over its neighbour. */
function seededIntervals(length: number): Interval[] {
  const intervals: Interval[] = [{ start: 0, end: length }];
  for (let size = 2; size < length; size *= 2) {
    for (let start = 0; start + size < length; start += size / 2) intervals.push({ start, end: start + size });
    intervals.push({ start: length - size, end: length });
  }
  return intervals;
}

function largestShift(levels: Float64Array, intervals: readonly Interval[], sums: Float64Array) {
  for (let t = 0; t < levels.length; t++) sums[t + 1] = (sums[t] ?? 0) + (levels[t] ?? 0);
  let [shift, at] = [0, 0];
  for (const { start, end } of intervals) {
    const [before, after] = [sums[start] ?? 0, sums[end] ?? 0];
    for (let k = start + 1; k < end; k++) {
      const here = sums[k] ?? 0;
      const difference = (after - here) / (end - k) - (here - before) / (k - start);
      const value = Math.abs(difference) * Math.sqrt(((k - start) * (end - k)) / (end - start));
      if (value > shift) [shift, at] = [value, k];
    }
  }
  return { shift, at };
}
