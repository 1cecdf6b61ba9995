// What the addon says of GPUs on this machine, and of counters through a library that plays NVML.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { cudaInfo, sampleGpu } from '../../engine/native.js';
import { packageRoot } from '../../package-root.js';

const build = path.join(packageRoot, 'native', 'build');
const main = path.join(packageRoot, 'dist', 'cli', 'main.js');
const nano = path.join(packageRoot, 'models', 'nano');

/** The command line itself, on the built-in engine, without any GPU. */
function evalrun(...args: string[]) {
  const env = { ...process.env, CUDA_VISIBLE_DEVICES: '' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

describe('the addon', () => {
  test('has a CUDA engine exactly where a working nvcc was found, and loads without a driver', async () => {
    const decided = JSON.parse(readFileSync(path.join(build, 'cuda.json'), 'utf8')) as Record<string, unknown>;
    const cuda = await cudaInfo();
    expect(cuda.compiled).toBe(decided.compiled);
    if (cuda.compiled) {
      expect(cuda.runtimeVersion).toBeGreaterThanOrEqual(12_000);
      expect(decided.nvcc).toBe(`${Math.floor(cuda.runtimeVersion / 1000)}.${(cuda.runtimeVersion % 1000) / 10}`);
    } else {
      expect(cuda).toEqual({ compiled: false, reason: decided.reason, runtimeVersion: 0, driverVersion: 0, gpus: [] });
    }
    if (!cuda.gpus.some(({ reason }) => reason === '')) expect(cuda.reason).not.toBe('');
  });

  test('was not left without CUDA by kernels that do not compile', () => {
    expect(readFileSync(path.join(build, 'cuda.json'), 'utf8')).not.toMatch(/did not compile/);
  });

  test('has no counters of a GPU that is not there, and says why', () => {
    expect(() => sampleGpu('ffff:ff:1f.0')).toThrow(
      /^NVML (does not load|does not start|knows no GPU at ffff:ff:1f\.0): /,
    );
  });

  test('gives the counters of NVML to JavaScript', () => {
    const library = path.join(build, 'libevalrun_fake_nvml.so');
    if (!existsSync(library)) {
      if (process.platform === 'linux')
        throw new Error(`${library} is missing; build it with: node native/build.mjs --tests`);
      return;
    }
    const script = `const { sampleGpu } = require('./evalrun.node'); console.log(JSON.stringify(sampleGpu('0000:3b:00.0')))`;
    const env = { ...process.env, EVALRUN_NVML: library };
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', cwd: build, env });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      memoryUsedBytes: 40 * 2 ** 30,
      powerMilliwatts: 650_500,
      energyMillijoules: 5_000_001_000,
      smClockMhz: 1980,
      temperatureCelsius: 61,
      busyPercent: 97,
      memoryBusyPercent: 45,
      throttleReasons: 4,
    });
  });
});

describe('--device on a machine without a GPU', () => {
  test.each(['cuda', 'cuda:1'])('%s is refused with the reason and exit code 3', (device) => {
    const { status, stdout, stderr } = evalrun(
      'complete',
      nano,
      '--prompt',
      'x',
      '--max-tokens',
      '1',
      '--device',
      device,
    );
    expect(status).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      new RegExp(
        `^evalrun: --device ${device} cannot be used\\. Expected .+, found .*(CUDA|GPU|driver).*\\. .+--device cpu\\.\n$`,
      ),
    );
  });

  test('auto takes the CPU, and one line says why', () => {
    const { status, stderr } = evalrun('complete', nano, '--prompt', 'x', '--max-tokens', '1');
    expect(status).toBe(0);
    expect(stderr.match(/^device: cpu, because .+$/gm)).toHaveLength(1);
  });

  test.each(['gpu', 'cuda:', 'cuda:one'])('%s is no device', (device) => {
    const { status, stderr } = evalrun('complete', nano, '--prompt', 'x', '--device', device);
    expect(status).toBe(3);
    expect(stderr).toContain('Expected auto, cpu, cuda or cuda:N with the number of a GPU.');
  });

  test('doctor names the device that a run would take, and why', () => {
    const { status, stdout } = evalrun('doctor', '--json');
    const { uses, findings } = JSON.parse(stdout) as { uses: string[]; findings: { name: string; found: string }[] };
    expect(status).toBe(0);
    expect(uses[0]).toMatch(/^Device: the processor, because .+\.$/);
    expect(findings.filter(({ name }) => ['CUDA engine', 'GPU', 'CUDA compiler'].includes(name))).toHaveLength(3);
  });
});
