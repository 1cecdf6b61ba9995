// native/check/gpu-check.sh with tools that only play: what it decides, prints and writes when stages pass, fail and hang.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { type GpuResult, gpuCharts } from '../../bench/gpu/gpu-charts.js';
import { packageRoot } from '../../package-root.js';

const script = path.join(packageRoot, 'native', 'check', 'gpu-check.sh');
const folder = mkdtempSync(path.join(os.tmpdir(), 'evalrun-gpu-check-'));
afterAll(() => rmSync(folder, { recursive: true }));

const DRIVER = `case "$*" in
  *query-gpu=name*) echo "NVIDIA H200" ;;
  *compute_cap*) echo 9.0 ;;
  *driver_version*) echo 580.1 ;;
esac`;

/** The check's program: every subcommand writes one record, and what the test says happens. */
const CHECK = `case "$1" in
  oracles) [ -n "$FAIL_ORACLES" ] && { echo "llama  f32  whole  NO  "; exit 1; } ;;
  limits) [ -n "$HANG_LIMITS" ] && sleep 60 ;;
esac
while [ $# -gt 0 ]; do [ "$1" = --copy-gbs ] && rate=$2; [ "$1" = --json ] && json=$2; shift; done
[ -n "$json" ] || exit 0
case "$json" in
  *limits.json) echo '[{"limit": "copy, GB/s", "median": 4300.5, "at least": 4200, "at most": 4310}]' >"$json" ;;
  *) echo "[{\\"shape\\": \\"v2-lite\\", \\"measured\\": \\"score\\", \\"questions/s\\": 800, \\"TFLOP/s\\": 350, \\"copy rate\\": \${rate:-0}}]" >"$json" ;;
esac`;

interface Played {
  readonly status: number | null;
  readonly output: string;
  readonly result: GpuResult & { readonly computeCapability: number };
}

function play(tools: Record<string, string>, environment: Record<string, string> = {}, args: string[] = []): Played {
  const home = mkdtempSync(path.join(folder, 'play-'));
  const [bin, build, out] = ['bin', 'build', 'out'].map((name) => path.join(home, name)) as [string, string, string];
  for (const each of [bin, build, out, path.join(home, 'plans', 'oracles')]) mkdirSync(each, { recursive: true });
  const all: Record<string, string> = {
    'bin/cmake': 'exit 0',
    'bin/nvcc': 'echo "Cuda compilation tools, release 13.0, V13.0.88"',
    'bin/python3': 'exit 1',
    'bin/node': 'exit 0',
    'bin/compute-sanitizer': 'exit 0',
    'build/evalrun_gpu_check': CHECK,
    'build/evalrun_cuda_test': 'exit 0',
    ...tools,
  };
  for (const [name, text] of Object.entries(all)) {
    writeFileSync(path.join(home, name), `#!/bin/bash\n${text}\n`);
    chmodSync(path.join(home, name), 0o755);
  }
  const options = ['--plans', path.join(home, 'plans'), '--out', out, '--build', build, ...args];
  const env = { ...process.env, CUDACXX: '', PATH: `${bin}:/usr/bin:/bin`, ...environment };
  const { status, stdout, stderr } = spawnSync('bash', [script, ...options], { encoding: 'utf8', env });
  let result = {} as Played['result'];
  try {
    result = JSON.parse(readFileSync(path.join(out, 'nvidia-h200.json'), 'utf8')) as Played['result'];
  } catch {
    // Not every play comes to its end; those that must are held to what is in the result.
  }
  return { status, output: `${stdout}${stderr}`, result };
}

const good = play({ 'bin/nvidia-smi': DRIVER });
const statusOf = ({ result }: Played, name: string) => result.stages.find((stage) => stage.name === name)?.status;

describe('gpu-check.sh', () => {
  test('passes when every proof does, and skips with a reason what the machine lacks', () => {
    const played = good;
    expect(played).toMatchObject({
      status: 0,
      output: expect.stringContaining('everything that was checked is right'),
    });
    expect(played.result).toMatchObject({ gpu: 'NVIDIA H200', computeCapability: 90 });
    expect(statusOf(played, 'oracles')).toBe('passed');
    expect(statusOf(played, 'transformers')).toBe('skipped');
    expect(played.output).toContain('there is no PyTorch with CUDA');
  });

  test('runs everything by wgmma as well, without a say in the exit code', () => {
    expect(statusOf(good, 'invariance-wgmma')).toBe('passed');
    const failing = `[ "$1" = invariance ] && [ "$EVALRUN_CUDA_WGMMA" = 1 ] && exit 1\n${CHECK}`;
    const played = play({ 'bin/nvidia-smi': DRIVER, 'build/evalrun_gpu_check': failing }, { EVALRUN_CUDA_WGMMA: '1' });
    expect([statusOf(played, 'invariance'), statusOf(played, 'invariance-wgmma'), played.status]).toEqual([
      'passed',
      'failed',
      0,
    ]);
    const ampere = play({ 'bin/nvidia-smi': DRIVER.replace('9.0', '8.0') });
    expect(statusOf(ampere, 'invariance-wgmma')).toBeUndefined();
  });

  test.each([
    ['mma-attention', 'with attention by mma', 'EVALRUN_CUDA_WGMMA_ATTENTION'],
    ['apart', 'one op to a launch', 'EVALRUN_CUDA_JOIN'],
  ])('measures %s as well, %s, without a say in the exit code', (name, label, variable) => {
    expect(good.result.records[`v2-lite-bf16-${name}`]?.[0]?.['copy rate']).toBe(4300.5);
    expect(JSON.stringify(gpuCharts(good.result))).toContain(`v2-lite ${label}`);
    const failing = `[ "$1" = bench ] && [ "$${variable}" = 0 ] && exit 1\n${CHECK}`;
    const played = play({ 'bin/nvidia-smi': DRIVER, 'build/evalrun_gpu_check': failing }, { [variable]: '0' });
    const stages = ['v2-lite-bf16', `v2-lite-bf16-${name}`, 'oracles-wgmma'];
    expect([...stages.map((stage) => statusOf(played, stage)), played.status]).toEqual([
      'passed',
      'failed',
      'passed',
      0,
    ]);
  });

  test('measures decoding in other splits as well', () => {
    expect(statusOf(good, 'v2-lite-bf16-split-4')).toBe('passed');
    expect(JSON.stringify(gpuCharts(good.result))).toContain('v2-lite in splits of four pages');
    const failing = `case "$*" in *"--split-pages 4 --measure decoding"*) exit 1 ;; esac\n${CHECK}`;
    const played = play({ 'bin/nvidia-smi': DRIVER, 'build/evalrun_gpu_check': failing });
    const stages = ['v2-lite-bf16', 'v2-lite-bf16-split-4'];
    expect([...stages.map((stage) => statusOf(played, stage)), played.status]).toEqual(['passed', 'failed', 0]);
  });

  test('hands the measured copy rate to the shapes', () => {
    const { result } = good;
    for (const shape of ['v2-lite-bf16', 'v2-lite-fp8-bf16', 'v3-layers-fp8']) {
      expect(result.records[shape]?.[0]?.['copy rate']).toBe(4300.5);
    }
  });

  test('a failed proof does not stop the others, and decides the exit code', () => {
    const played = play({ 'bin/nvidia-smi': DRIVER }, { FAIL_ORACLES: '1' });
    expect(played.status).toBe(1);
    expect(statusOf(played, 'oracles')).toBe('failed');
    expect(statusOf(played, 'v3-layers-fp8')).toBe('passed');
    expect(played.output).toContain('oracles: llama  f32  whole  NO');
  });

  test('a measurement that fails is no pass: it may be all that has computed at real sizes', () => {
    const failing = `case "$*" in *v3-layers-fp8.plan*) echo "an illegal memory access"; exit 1 ;; esac\n${CHECK}`;
    const played = play({ 'bin/nvidia-smi': DRIVER, 'build/evalrun_gpu_check': failing });
    expect([statusOf(played, 'v3-layers-fp8'), played.status]).toEqual(['failed', 1]);
    expect(played.output).toContain('an illegal memory access');
  });

  test.each([
    ['wgmma-attention', 'EVALRUN_CUDA_WGMMA_ATTENTION', 'wgmma is taken where', 'exit 1'],
    ['joined', 'EVALRUN_CUDA_JOIN', 'cuda norm_route', 'sleep 60'],
  ])('what %s is about is off for all that follows where it fails or hangs', (stage, variable, test, fault) => {
    const tests = `case "$*" in *"${test}"*) ${fault} ;; esac`;
    const asking = `[ "$1" = oracles ] && [ "$${variable}" != 0 ] && exit 1\n${CHECK}`;
    const tools = { 'bin/nvidia-smi': DRIVER, 'build/evalrun_cuda_test': tests, 'build/evalrun_gpu_check': asking };
    const few = ['--at-most', '5', '--only', 'build,wgmma-attention,joined,ops,oracles'];
    const played = play(tools, {}, few);
    expect(statusOf(played, stage)).toBe(fault === 'exit 1' ? 'failed' : 'timeout');
    expect(['ops', 'oracles'].map((name) => statusOf(played, name))).toEqual(['passed', 'passed']);
    expect(played).toMatchObject({ status: 1, output: expect.stringContaining(`from here on with ${variable}=0`) });
    const whole = play({ ...tools, 'build/evalrun_cuda_test': 'exit 0' }, {}, few);
    expect([statusOf(whole, stage), statusOf(whole, 'oracles')]).toEqual(['passed', 'failed']);
  });

  test('a measurement that takes too long does not fail the proof', () => {
    const played = play({ 'bin/nvidia-smi': DRIVER, 'build/evalrun_cuda_test': 'exit 0' }, { HANG_LIMITS: '1' }, [
      '--at-most',
      '5',
      '--only',
      'build,oracles,limits',
    ]);
    expect(statusOf(played, 'limits')).toBe('timeout');
    expect(played.status).toBe(0);
  });

  test('a proof for which no time is left is not a pass', () => {
    const played = play({ 'bin/nvidia-smi': DRIVER }, {}, ['--minutes', '0']);
    expect(statusOf(played, 'oracles')).toBe('skipped');
    expect(played.status).toBe(1);
  });

  test.each([
    ['no driver', {}, 'there is no NVIDIA driver'],
    ['no GPU', { 'bin/nvidia-smi': 'echo "No devices were found"; exit 6' }, 'the driver finds no GPU: No devices'],
    ['an old GPU', { 'bin/nvidia-smi': DRIVER.replace('9.0', '7.5') }, 'needs compute capability 8.0'],
    [
      'a GPU that the build cannot use',
      { 'bin/nvidia-smi': DRIVER, 'build/evalrun_gpu_check': 'echo "too old a driver" >&2; exit 3' },
      'too old a driver',
    ],
  ])('%s: exit 3 with the reason', (_, tools, reason) => {
    expect(play(tools as Record<string, string>)).toMatchObject({ status: 3, output: expect.stringContaining(reason) });
  });

  test('a sanitizer that finds something fails', () => {
    const played = play({ 'bin/nvidia-smi': DRIVER, 'bin/compute-sanitizer': 'echo "Invalid read"; exit 9' });
    expect(statusOf(played, 'memcheck')).toBe('failed');
    expect(played.status).toBe(1);
    // What it says of wgmma decides nothing.
    const wgmma = 'case "$EVALRUN_CUDA_WGMMA_ATTENTION" in 0) ;; *) exit 9 ;; esac';
    const other = play({ 'bin/nvidia-smi': DRIVER, 'bin/compute-sanitizer': wgmma });
    const stages = ['memcheck', 'racecheck', 'memcheck-wgmma', 'racecheck-wgmma'];
    expect(stages.map((name) => statusOf(other, name))).toEqual(['passed', 'passed', 'failed', 'failed']);
    expect(other.status).toBe(0);
  });

  test('its result is drawn', () => {
    const { result } = good;
    const charts = gpuCharts(result);
    expect(charts.map(({ id }) => id)).toEqual(['prompts', 'matrix-rate']);
    expect(charts[0]?.series[0]?.points[0]?.y).toBe(800);
  });
});
