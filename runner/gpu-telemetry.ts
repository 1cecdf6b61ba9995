/** The GPU's lines of telemetry.jsonl: its counters every few seconds, and the energy of each interval. */
import type { GpuSample } from '../engine/engine.js';
import { throttleReasons } from '../engine/throttle-reasons.js';

/** Intervals between two lines of counters. */
const LINE_INTERVALS = 5;

export class GpuTelemetry {
  private energyMillijoules: number | undefined;
  private intervals = 0;
  private failed = false;

  /** @param sample the engine's counters; throws with a reason where there are none */
  constructor(
    private readonly sample: () => GpuSample,
    private readonly write: (entry: Readonly<Record<string, unknown>>) => void,
  ) {
    this.energyMillijoules = this.take()?.energyMillijoules;
  }

  /** Called once an interval. Energy since the call before, in joules; undefined where the GPU does not count it. */
  interval(seconds: number): number | undefined {
    const sample = this.take();
    if (sample === undefined) return undefined;
    if (this.intervals % LINE_INTERVALS === 0) this.write({ type: 'gpu', seconds, ...line(sample) });
    this.intervals += 1;
    const [before, now] = [this.energyMillijoules, sample.energyMillijoules];
    this.energyMillijoules = now;
    return before === undefined || now === undefined ? undefined : (now - before) / 1000;
  }

  /** What fails once is not tried again: a line says why there are no counters. */
  private take(): GpuSample | undefined {
    if (this.failed) return undefined;
    try {
      return this.sample();
    } catch (error) {
      this.failed = true;
      this.write({ type: 'gpu', seconds: 0, note: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  }
}

function line(sample: GpuSample): Record<string, unknown> {
  const { powerMilliwatts, throttleReasons: bits } = sample;
  const entries = {
    memory_used_bytes: sample.memoryUsedBytes,
    power_watts: powerMilliwatts === undefined ? undefined : powerMilliwatts / 1000,
    sm_clock_mhz: sample.smClockMhz,
    memory_clock_mhz: sample.memoryClockMhz,
    temperature_celsius: sample.temperatureCelsius,
    busy: sample.busyPercent === undefined ? undefined : sample.busyPercent / 100,
    memory_busy: sample.memoryBusyPercent === undefined ? undefined : sample.memoryBusyPercent / 100,
    throttled_by: bits === undefined ? undefined : throttleReasons(bits),
  };
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}
