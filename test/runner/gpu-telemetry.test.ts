import { describe, expect, test } from '@jest/globals';
import type { GpuSample } from '../../engine/engine.js';
import { throttleReasons } from '../../engine/throttle-reasons.js';
import { GpuTelemetry } from '../../runner/gpu-telemetry.js';

type Line = Readonly<Record<string, unknown>>;

const sample: GpuSample = {
  memoryUsedBytes: 40_000_000_000,
  powerMilliwatts: 650_500,
  energyMillijoules: 1_000_000,
  smClockMhz: 1980,
  memoryClockMhz: 3201,
  temperatureCelsius: 61,
  busyPercent: 97,
  memoryBusyPercent: 45,
  throttleReasons: 0x4,
};

describe('a GPU in telemetry.jsonl', () => {
  test('has the energy of each interval in joules, from the GPU own count', () => {
    const counts = [1_000_000, 1_650_000, 2_400_000];
    const gpu = new GpuTelemetry(
      () => ({ ...sample, energyMillijoules: counts.shift() ?? 0 }),
      () => {},
    );
    expect([gpu.interval(1), gpu.interval(2)]).toEqual([650, 750]);
  });

  test('has a line of counters every fifth interval, the first among them', () => {
    const written: Line[] = [];
    const gpu = new GpuTelemetry(
      () => sample,
      (line) => written.push(line),
    );
    for (let second = 1; second <= 11; ++second) gpu.interval(second);
    expect(written.map(({ seconds }) => seconds)).toEqual([1, 6, 11]);
    expect(written[0]).toEqual({
      type: 'gpu',
      seconds: 1,
      memory_used_bytes: 40_000_000_000,
      power_watts: 650.5,
      sm_clock_mhz: 1980,
      memory_clock_mhz: 3201,
      temperature_celsius: 61,
      busy: 0.97,
      memory_busy: 0.45,
      throttled_by: ['power cap'],
    });
  });

  test('has no number for what the GPU does not count', () => {
    const written: Line[] = [];
    const gpu = new GpuTelemetry(
      () => ({ temperatureCelsius: 50 }),
      (line) => written.push(line),
    );
    expect(gpu.interval(1)).toBeUndefined();
    expect(written).toEqual([{ type: 'gpu', seconds: 1, temperature_celsius: 50 }]);
  });

  test('has one note, and is not asked again, where there is no NVML', () => {
    const written: Line[] = [];
    let asked = 0;
    const fail = () => {
      asked += 1;
      throw new Error('NVML does not load: no such file');
    };
    const gpu = new GpuTelemetry(fail, (line) => written.push(line));
    expect([gpu.interval(1), gpu.interval(2)]).toEqual([undefined, undefined]);
    expect(written).toEqual([{ type: 'gpu', seconds: 0, note: 'NVML does not load: no such file' }]);
    expect(asked).toBe(1);
  });
});

test.each([
  [0, []],
  [0x1, ['idle']],
  [0x4 | 0x40, ['power cap', 'temperature (hardware)']],
  [0x1000 | 0x8, ['hardware slowdown', '0x1000']],
])('bits %s of NVML are %j', (bits, names) => {
  expect(throttleReasons(bits)).toEqual(names);
});
