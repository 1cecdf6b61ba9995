// The command line with `--device cuda`, on the built-in engine whose GPU is simulated: what it prints, stores and refuses.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TINY_LLAMA, writeTinyCheckpoint } from '../engine/tiny-checkpoint.js';
import { FAKE_NVML, requireSimAddon, runInSimulation } from '../native/sim-addon.js';
import { writeTinyDatasets } from '../runner/tiny-dataset.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'evalrun-cuda-cli-'));
const data = path.join(folder, 'data');
let model: string;
beforeAll(() => {
  requireSimAddon();
  model = writeTinyCheckpoint(path.join(folder, 'llama'), TINY_LLAMA);
  writeTinyDatasets(data, 1);
});
afterAll(() => rmSync(folder, { recursive: true }));

function evalrun(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return runInSimulation('cli/main.js', args, {
    EVALRUN_DATA: data,
    HOME: folder,
    EVALRUN_SIM_COMPUTE: '80',
    ...environment,
  });
}

function complete(device: string, environment: Readonly<Record<string, string>> = {}, more: readonly string[] = []) {
  const asked = ['--ids', '5,6,7', '--max-tokens', '2', '--batch-tokens', '16', '--threads', '1', ...more];
  return evalrun(['complete', model, '--device', device, ...asked], environment);
}

interface RunOptions {
  readonly name: string;
  readonly device: string;
  readonly dtype?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A run of one question, and what it left. */
function run({ name, device, dtype = 'bf16', environment = {} }: RunOptions) {
  const out = path.join(folder, name);
  const asked =
    `--suite mmlu --limit 1 --shots 0 --allow-modified-data --batch-tokens 64 --threads 1 --dtype ${dtype}`.split(' ');
  const outcome = evalrun(['run', ...asked, '--model', model, '--device', device, '--out', out], environment);
  if (outcome.status !== 0) throw new Error(outcome.stderr);
  const [run = ''] = readdirSync(out);
  const read = (file: string) => readFileSync(path.join(out, run, file), 'utf8');
  const lines = (file: string) =>
    read(file)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    stderr: outcome.stderr,
    engine: (JSON.parse(read('run.json')) as { engine: Record<string, unknown> }).engine,
    samples: lines('samples.jsonl'),
    telemetry: lines('telemetry.jsonl'),
  };
}

describe('evalrun run --device cuda', () => {
  let gpu: ReturnType<typeof run>;
  beforeAll(() => {
    gpu = run({ name: 'gpu', device: 'cuda', environment: { EVALRUN_NVML: FAKE_NVML } });
  });

  test('prints the device and the memory plan before the model is loaded', () => {
    expect(gpu.stderr).toMatch(/^device: cuda:0 simulated GPU, because it was asked for$/m);
    expect(gpu.stderr).toMatch(
      /^memory: on cuda:0 simulated GPU: weights .+, KV cache .+, a step of 64 tokens .+, kernels up to .+, drawing tokens up to .+, reserve .+ free$/m,
    );
    expect(gpu.stderr).toMatch(/^device +cuda:0 simulated GPU: it was asked for$/m);
  });

  test('records the device and its kernels in run.json', () => {
    expect(gpu.engine).toMatchObject({
      device: 'cuda:0 simulated GPU',
      device_reason: 'it was asked for',
      kernels: { attention: 'mma', linear: 'mma', log_probs: 'mma' },
    });
  });

  test('scores in f32 what the CPU scores', () => {
    const scoresOf = ({ samples }: typeof gpu) =>
      samples.flatMap(({ choices }) => Object.values(choices as Record<string, number>));
    const [ours, theirs] = ['cuda', 'cpu'].map((device) =>
      scoresOf(run({ name: `f32-${device}`, device, dtype: 'f32' })),
    );
    expect(ours).toHaveLength(4);
    // As native/check/README.md has it for log-probabilities.
    const worst = Math.max(...(ours ?? []).map((score, i) => Math.abs(score - (theirs?.[i] as number))));
    expect(worst).toBeLessThanOrEqual(1e-3);
  });

  test('scores the same to the bit again, in another order of blocks, and where the driver counts nothing', () => {
    const withoutCounters = run({ name: 'again', device: 'cuda', environment: { EVALRUN_SIM_SEED: '7' } });
    expect(withoutCounters.samples).toEqual(gpu.samples);
    expect(withoutCounters.telemetry).toContainEqual({
      type: 'gpu',
      seconds: 0,
      note: expect.stringMatching(/^NVML does not load: .*\/nowhere\/libnvidia-ml\.so/),
    });
  });

  test('has the GPU’s counters and energy in telemetry.jsonl', () => {
    expect(gpu.telemetry.filter(({ type }) => type === 'gpu')).toEqual([
      {
        type: 'gpu',
        seconds: expect.any(Number),
        memory_used_bytes: 40 * 2 ** 30,
        power_watts: 650.5,
        sm_clock_mhz: 1980,
        temperature_celsius: 61,
        busy: 0.97,
        memory_busy: 0.45,
        throttled_by: ['power cap'],
      },
    ]);
    const engine = gpu.telemetry.find(({ type }) => type === 'engine');
    expect(engine).toMatchObject({ energy_joules: 5_000_000, prefill_tokens: expect.any(Number) });
    expect(engine?.weight_bytes).toBeGreaterThan(100_000);
  });
});

describe('evalrun complete --device', () => {
  test('cuda:0 is the GPU, and its tokens are the CPU’s', () => {
    const gpu = complete('cuda:0', {}, ['--json', '--dtype', 'f32']);
    expect(gpu.stderr).toMatch(/^device: cuda:0 simulated GPU, because it was asked for$/m);
    const cpu = complete('cpu', {}, ['--json', '--dtype', 'f32']);
    expect(JSON.parse(gpu.stdout)).toEqual(JSON.parse(cpu.stdout));
  });

  test('auto takes the GPU', () => {
    const { status, stderr } = complete('auto');
    expect(status).toBe(0);
    expect(stderr).toMatch(/^device: cuda:0 simulated GPU, because it can be used$/m);
  });

  test('auto passes over a GPU that is too old, and computes on the one behind it', () => {
    const { status, stderr } = complete('auto', { EVALRUN_SIM_OLD_GPU: '1' });
    expect(stderr).toMatch(
      /^device: cuda:1 simulated GPU, because it is the first GPU that can be used; cuda:0 simulated old GPU: compute capability 7\.0, and the kernels need 8\.0$/m,
    );
    expect(status).toBe(0);
  });

  test('cuda:0 is refused where that one is too old', () => {
    const { status, stderr } = complete('cuda:0', { EVALRUN_SIM_OLD_GPU: '1' });
    expect({ status, stderr }).toEqual({
      status: 3,
      stderr: expect.stringContaining('found cuda:0 simulated old GPU: compute'),
    });
  });

  test('cuda:1 is refused where there is one GPU, which is named', () => {
    expect(complete('cuda:1')).toEqual({
      status: 3,
      stdout: '',
      stderr:
        'evalrun: --device cuda:1 cannot be used. Expected an NVIDIA GPU that this build can compute on, found cuda:0 simulated GPU. ' +
        'Choose another GPU with --device cuda:N ("evalrun doctor" lists them), or run with --device cpu.\n',
    });
  });
});

test('evalrun bench compares with the limits of the GPU', () => {
  const sizes = '--lengths 8 --batches 1 --context 4 --decode 2 --repeats 1 --batch-tokens 16 --threads 1'.split(' ');
  const { status, stdout, stderr } = evalrun(['bench', model, '--device', 'cuda', ...sizes]);
  if (status !== 0) throw new Error(stderr);
  expect(stderr).toMatch(/^measuring the limits of cuda:0 simulated GPU$/m);
  expect(stdout).toMatch(
    // In f32 slower than any processor: every lane is a fiber.
    /^Limits of the GPU measured now: [01] GFLOP\/s in f32, \d+ in bf16 \(mma\.sync\), memory read [\d.]+ GB\/s\.$/m,
  );
});

describe('a GPU without enough memory', () => {
  test('is refused with the plan, before anything is loaded', () => {
    const { status, stderr } = complete('cuda', { EVALRUN_SIM_MIB: '200' });
    expect(status).toBe(3);
    expect(stderr).toMatch(
      /does not fit into the memory of cuda:0 simulated GPU\. Expected on cuda:0.+, found 200\.0 MiB free\./,
    );
  });

  test('that another process takes after it was planned is told with what needed it', () => {
    const { status, stdout, stderr } = complete('cuda', { EVALRUN_SIM_TAKEN_MIB: '450' });
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toMatch(
      /^evalrun: The engine cannot load .+ on cuda:0 simulated GPU\. Found GPU memory for the KV cache of layer \d: [\d.]+ MiB wanted, [\d.]+ MiB of 512\.0 MiB free\. .*nvidia-smi.*--batch-tokens\.$/m,
    );
  });
});

test('evalrun doctor lists the GPU and says that it would be used', () => {
  const { stdout } = evalrun(['doctor', '--json']);
  const { uses, findings } = JSON.parse(stdout) as { uses: string[]; findings: { name: string; found: string }[] };
  expect(uses[0]).toBe('Device: cuda:0 simulated GPU, unless --device asks for another.');
  expect(findings).toContainEqual({
    name: 'GPU',
    state: 'ok',
    found: 'cuda:0 simulated GPU, compute capability 8.0, 4 multiprocessors, 512.0 MiB free of 512.0 MiB',
  });
});
