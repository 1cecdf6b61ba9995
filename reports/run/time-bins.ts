/** Telemetry thinned for a chart: neighbouring intervals added up, so that a day's run draws as fast as a minute's. */
import type { EngineInterval } from '../../runner/report-data.js';

export interface TimeBin {
  /** End of the bin. */
  readonly seconds: number;
  readonly prefillPerSecond: number;
  readonly decodePerSecond: number;
  /** The most within the bin, bytes. */
  readonly weightBytes: number;
  readonly kvBytes: number;
  readonly workspaceBytes: number;
  readonly residentBytes: number;
}

const mostBins = 500;
/** A shorter interval at the end of a run would show a rate that nobody could have noticed. */
const shortestSeconds = 0.5;

export function timeBins(intervals: readonly EngineInterval[]): TimeBin[] {
  const perBin = Math.max(1, Math.ceil(intervals.length / mostBins));
  const groups: EngineInterval[][] = [];
  for (const interval of intervals) {
    const last = groups.at(-1);
    const isFull = last === undefined || (last.length >= perBin && durationOf(last) >= shortestSeconds);
    if (isFull) groups.push([interval]);
    else last.push(interval);
  }
  const end = groups.at(-1);
  const before = groups.at(-2);
  if (end !== undefined && before !== undefined && durationOf(end) < shortestSeconds) {
    before.push(...end);
    groups.pop();
  }
  const bins = groups.map(binOf);
  const [first] = bins;
  // A line needs two points, and begins where the work does.
  return first === undefined ? [] : [{ ...first, seconds: first.seconds - durationOf(groups[0] ?? []) }, ...bins];
}

function durationOf(intervals: readonly EngineInterval[]): number {
  return intervals.reduce((sum, { duration }) => sum + duration, 0);
}

function binOf(intervals: readonly EngineInterval[]): TimeBin {
  const duration = Math.max(durationOf(intervals), 1e-3);
  const total = (value: (interval: EngineInterval) => number) =>
    intervals.reduce((sum, interval) => sum + value(interval), 0);
  const most = (value: (interval: EngineInterval) => number) => Math.max(...intervals.map(value));
  return {
    seconds: intervals.at(-1)?.seconds ?? 0,
    prefillPerSecond: total((interval) => interval.prefillTokens) / duration,
    decodePerSecond: total((interval) => interval.decodeTokens) / duration,
    weightBytes: most((interval) => interval.weightBytes),
    kvBytes: most((interval) => interval.kvBytes),
    workspaceBytes: most((interval) => interval.workspaceBytes),
    residentBytes: most((interval) => interval.residentBytes),
  };
}
