/** Where the level of a sequence changes: binary segmentation over seeded intervals, each split tested against chance. */

/** A place where the level may change: the runs `start` to `split` against `split` to `end`, ends not included. */
export interface Candidate {
  readonly start: number;
  readonly split: number;
  readonly end: number;
}

/** What chance alone makes of a stretch of runs, again and again. */
export interface Chance {
  /** Different draws there are; drawing stops there. Random draws have no end. */
  readonly draws: number;
  /** True when the draws are all that is possible, so that their share is a probability and no estimate. */
  readonly isComplete: boolean;
  /** Writes the next sequence of levels into `levels`, one for each run. */
  draw(levels: Float64Array): void;
  /** Standard deviation of the shift at a candidate under chance alone. */
  spreadOf(candidate: Candidate): number;
}

export interface Segmentation {
  /** Chance of marking anything where nothing changed, 0..1. */
  readonly alarmRate: number;
  /** At most this many draws for each test; their number limits how small p can be. */
  readonly draws: number;
  /** For the runs `start` to `end`; indexes that it is asked about count from `start`. */
  readonly chanceOf: (start: number, end: number) => Chance;
}

export interface Split {
  /** Index of the first run on the new level. */
  readonly at: number;
  /** The stretch of runs in which the change is clearest, `end` not included: what its size is taken from. */
  readonly start: number;
  readonly end: number;
  readonly p: number;
}

/**
 * The splits of a sequence of levels, in order.
 *
 * The statistic is the shift of the mean level at a split of an interval, in standard deviations under chance. Its maximum over all
 * splits of the seeded intervals (Kovács et al. 2023, Biometrika 110, "Seeded binary segmentation"), short ones for a single
 * bad night, long ones for a small lasting change, is compared with the same maximum of sequences that chance makes: one test
 * for all places at once. Where it is significant, both sides are searched in the same way.
 */
export function findSplits(levels: readonly number[], options: Segmentation): Split[] {
  const search = (start: number, end: number): Split[] => {
    if (end - start < 2) return [];
    const split = strongestSplit(levels.slice(start, end), options, options.chanceOf(start, end));
    if (split === undefined) return [];
    const at = start + split.at;
    const placed = { at, start: start + split.start, end: start + split.end, p: split.p };
    return [...search(start, at), placed, ...search(at, end)];
  };
  return search(0, levels.length);
}

function strongestSplit(levels: readonly number[], options: Segmentation, chance: Chance): Split | undefined {
  const tested = candidatesOf(levels.length, chance);
  const sums = new Float64Array(levels.length + 1);
  const observed = largestShift(Float64Array.from(levels), tested, sums);
  const [start, at, end] = [tested.starts, tested.splits, tested.ends].map((column) => column[observed.place]);
  if (start === undefined || at === undefined || end === undefined) return undefined;
  // Equal shifts differ in their last bits by the order of additions.
  const threshold = observed.shift * (1 - 1e-9);
  const draws = chance.isComplete ? chance.draws : Math.min(options.draws, chance.draws);
  // Counting the observed sequence as one draw keeps the test exact with few draws.
  const extra = chance.isComplete ? 0 : 1;
  const most = options.alarmRate * (draws + extra) - extra;
  const drawn = new Float64Array(levels.length);
  let asClear = 0;
  for (let n = 0; n < draws; n++) {
    chance.draw(drawn);
    if (largestShift(drawn, tested, sums).shift >= threshold) asClear += 1;
    if (asClear > most) return undefined;
  }
  return { at, start, end, p: (asClear + extra) / (draws + extra) };
}

/** Candidates as columns: they are gone through for every draw. */
interface Candidates {
  readonly starts: Int32Array;
  readonly splits: Int32Array;
  readonly ends: Int32Array;
  /** 1 / (runs before the split * standard deviation), and the same for those after it. */
  readonly before: Float64Array;
  readonly after: Float64Array;
}

/**
 * All splits of all intervals, the shortest intervals first: of splits that are equally clear, the one with the fewest runs around
 * it says best where the change is. Where chance moves nothing there is nothing to test.
 */
function candidatesOf(length: number, chance: Chance): Candidates {
  const all = seededIntervals(length).flatMap(({ start, end }) =>
    Array.from({ length: end - start - 1 }, (_, n) => ({ start, split: start + n + 1, end })).flatMap((candidate) => {
      const spread = chance.spreadOf(candidate);
      return spread > 1e-12 ? [{ ...candidate, spread }] : [];
    }),
  );
  return {
    starts: Int32Array.from(all, ({ start }) => start),
    splits: Int32Array.from(all, ({ split }) => split),
    ends: Int32Array.from(all, ({ end }) => end),
    before: Float64Array.from(all, ({ start, split, spread }) => 1 / ((split - start) * spread)),
    after: Float64Array.from(all, ({ split, end, spread }) => 1 / ((end - split) * spread)),
  };
}

/** Intervals of 2, 4, 8, ... runs, each half over its neighbour, and the whole sequence. */
function seededIntervals(length: number): { readonly start: number; readonly end: number }[] {
  const intervals: { start: number; end: number }[] = [];
  for (let size = 2; size < length; size *= 2) {
    for (let start = 0; start + size < length; start += size / 2) intervals.push({ start, end: start + size });
    intervals.push({ start: length - size, end: length });
  }
  return [...intervals, { start: 0, end: length }];
}

/** The largest shift in standard deviations, and its place among the candidates; -1 where nothing moves. */
function largestShift(levels: Float64Array, tested: Candidates, sums: Float64Array): { shift: number; place: number } {
  const { starts, splits, ends, before, after } = tested;
  for (let t = 0; t < levels.length; t++) sums[t + 1] = (sums[t] as number) + (levels[t] as number);
  let [shift, place] = [0, -1];
  for (let n = 0; n < splits.length; n++) {
    const here = sums[splits[n] as number] as number;
    const rise = ((sums[ends[n] as number] as number) - here) * (after[n] as number);
    const value = Math.abs(rise - (here - (sums[starts[n] as number] as number)) * (before[n] as number));
    if (value > shift * (1 + 1e-9)) {
      shift = value;
      place = n;
    }
  }
  return { shift, place };
}
