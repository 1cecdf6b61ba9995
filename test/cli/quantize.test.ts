import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { renderConverting } from '../../cli/quantize.js';
import { expectedTensors } from '../../engine/architectures/expected-tensors.js';
import { archSpecOf } from '../../engine/architectures/registry.js';
import { openCheckpoint } from '../../engine/checkpoint/checkpoint.js';
import { packageRoot } from '../../package-root.js';
import { LLAMA_3_2_1B } from '../engine/architectures/published-configs.js';
import { runCli } from './run-cli.js';

const MIB = 2 ** 20;
const oracle = path.join(packageRoot, 'test/fixtures/oracle');
const measured = fileURLToPath(new URL('./measured-evalrun.js', import.meta.url));

let scratch: string;
let large: string;
beforeAll(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'evalrun-quantize-cli-'));
  large = zeros('large', { hidden_size: 2048, intermediate_size: 16384, num_hidden_layers: 3 });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Sizes {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
}

/** A sound BF16 checkpoint of zeros that takes no room on the disk. */
function zeros(name: string, sizes: Sizes): string {
  const config = { ...LLAMA_3_2_1B, ...sizes, num_attention_heads: 16, num_key_value_heads: 16, vocab_size: 1000 };
  Object.assign(config, { head_dim: config.hidden_size / 16, bos_token_id: 0, eos_token_id: 1, rope_scaling: null });
  const folder = path.join(scratch, name);
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const { name: tensor, shape } of expectedTensors(archSpecOf(config))) {
    const begin = end;
    end += 2 * shape.reduce((product, size) => product * size, 1);
    header[tensor] = { dtype: 'BF16', shape, data_offsets: [begin, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const file = path.join(folder, 'model.safetensors');
  const descriptor = openSync(file, 'w');
  writeSync(descriptor, Buffer.concat([length, text]));
  closeSync(descriptor);
  truncateSync(file, 8 + text.length + end);
  return folder;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** Runs node on `args`, through a shell that first runs `before`. */
function start(args: readonly string[], { before = ':', peakFile = '/dev/null' } = {}) {
  const quoted = [process.execPath, measured, ...args].map((arg) => `'${arg}'`).join(' ');
  const child = spawn('sh', ['-c', `${before}; exec ${quoted}`], { env: { ...process.env, PEAK_FILE: peakFile } });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  child.stdout.resume();
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, stderr }));
  });
  return { child, ended };
}

async function peakMiB(args: readonly string[]): Promise<number> {
  const peakFile = path.join(scratch, 'peak');
  const { code, stderr } = await start(args, { peakFile }).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return Number(readFileSync(peakFile, 'utf8')) / 1024;
}

/** Once the conversion has begun to write. */
async function whenWriting(output: string): Promise<void> {
  const parent = path.dirname(output);
  for (;;) {
    const found = readdirSync(parent).find((name) => name.startsWith(`${path.basename(output)}.unfinished-`));
    const file = found && path.join(parent, found, 'model.safetensors');
    if (file && statSync(file, { throwIfNoEntry: false })?.size) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('evalrun quantize', () => {
  test('prints the error per part and of the worst ten tensors', async () => {
    const { code, stdout, stderr } = await runCli(['quantize', path.join(oracle, 'deepseek-v3'), 'out'], {
      cwd: scratch,
    });
    expect(code).toBe(0);
    expect(stderr).toBe(
      'golden.safetensors is not part of the checkpoint and was not read\nnot copied: golden.safetensors\n',
    );
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(
      /out: 176 weights as FP8 e4m3 with one scale per 128x128 block, 0\.6 MB from 1\.0 MB in \d+ s/,
    );
    const row = (name: string) => lines.find((line) => line.startsWith(name))?.split(/ {2,}/);
    expect(row('attention')?.[1]).toBe('20');
    expect(row('routed experts')?.[1]).toBe('144');
    expect(row('all')).toEqual([
      'all',
      '176',
      expect.stringMatching(/^2\.\d\d %$/),
      expect.stringMatching(/e-2$/),
      expect.any(String),
    ]);
    const worst = lines
      .slice(lines.findIndex((line) => line.startsWith('Worst 10')) + 2)
      .filter((line) => /^model\./.test(line));
    expect(worst).toHaveLength(10);
    const errors = worst.map((line) => Number(/([\d.]+) %/.exec(line)?.[1]));
    expect(errors).toEqual([...errors].sort((a, b) => b - a));
    expect(stdout).not.toMatch(/\p{Cc}(?<!\n)/u);
    expect(openCheckpoint(path.join(scratch, 'out')).arch.weightQuantization).not.toBe(null);
  });

  test('--json gives every tensor, parts and the whole, in one object', async () => {
    const run = await runCli(['quantize', path.join(oracle, 'llama'), 'json', '--json'], { cwd: scratch });
    const report = JSON.parse(run.stdout);
    expect(report).toMatchObject({ to: 'fp8', output: path.join(scratch, 'json'), kept: [], inputBytes: 380832 });
    const layers = JSON.parse(readFileSync(path.join(oracle, 'llama/config.json'), 'utf8')).num_hidden_layers;
    expect(report.tensors).toHaveLength(7 * layers);
    for (const { name, part, shape, relativeError, maxError, saturated, elements } of report.tensors) {
      expect(name).toMatch(/_proj\.weight$/);
      expect(['attention', 'denseFfn']).toContain(part);
      expect(elements).toBe(shape[0] * shape[1]);
      expect(relativeError).toBeGreaterThan(0.02);
      expect(maxError).toBeGreaterThan(0);
      expect(saturated).toBeGreaterThan(0);
    }
    expect(report.parts.map((part: { tensors: number }) => part.tensors)).toEqual([4 * layers, 3 * layers]);
    expect(report.total.elements).toBe(report.parts[0].elements + report.parts[1].elements);
  });

  test.each<[string, string[], RegExp]>([
    ['an output that is there', ['IN', '.'], /is there already\. Expected a new or empty folder/],
    ['another direction', ['IN', 'x', '--to', 'bf16'], /cannot be converted to bf16/],
    ['an unknown storage', ['IN', 'x', '--to', 'int4'], /Allowed choices are fp8, bf16/],
    ['a name that keeps nothing', ['IN', 'x', '--keep', 'nothing'], /belongs to "nothing"/],
    ['no output', ['IN'], /missing required argument 'out'/],
  ])('%s: exit 3, one paragraph, nothing written', async (_, args, message) => {
    const input = path.join(oracle, 'llama');
    const { code, stderr } = await runCli(['quantize', ...args.map((arg) => (arg === 'IN' ? input : arg))], {
      cwd: scratch,
    });
    expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 3, lines: 1 });
    expect(stderr).toMatch(message);
    expect(readdirSync(scratch).filter((name) => name.startsWith('x'))).toEqual([]);
  });
});

describe('on a checkpoint of 677 MiB', () => {
  /** Beyond what the command takes on a small checkpoint; the large one is more than ten times as big. */
  const BOUND_MIB = 64;

  test('memory is bounded, and back again', async () => {
    expect(statSync(path.join(large, 'model.safetensors')).size).toBeGreaterThan(10 * BOUND_MIB * MIB);
    const small = zeros('small', { hidden_size: 128, intermediate_size: 256, num_hidden_layers: 1 });
    const [smallFp8, fp8, bf16] = ['small-fp8', 'fp8', 'bf16'].map((name) => path.join(scratch, name)) as [
      string,
      string,
      string,
    ];
    const base = await peakMiB(['quantize', small, smallFp8]);
    expect(await peakMiB(['quantize', large, fp8])).toBeLessThan(base + BOUND_MIB);
    expect(await peakMiB(['quantize', fp8, bf16])).toBeLessThan(base + BOUND_MIB);
    expect(statSync(path.join(bf16, 'model.safetensors')).size).toBeGreaterThan(10 * BOUND_MIB * MIB);
    rmSync(fp8, { recursive: true });
    rmSync(bf16, { recursive: true });
  }, 180_000);

  async function stopped(output: string, how: (child: ChildProcess) => void): Promise<Ended> {
    const { child, ended } = start(['quantize', large, output]);
    await whenWriting(output);
    how(child);
    return ended;
  }

  test('a full disk leaves nothing: the output is not there and neither is a scratch folder', async () => {
    mkdirSync(path.join(scratch, 'full'));
    // 20 MiB in blocks of 512 bytes; a larger file fails as one on a full disk does, with another number.
    const { code, stderr } = await start(['quantize', large, path.join(scratch, 'full', 'out')], {
      before: 'ulimit -f 40960',
    }).ended;
    expect({ code, files: readdirSync(path.join(scratch, 'full')) }).toEqual({ code: 3, files: [] });
    expect(stderr).toMatch(
      /model\.safetensors cannot be written\. Found EFBIG.*\. Choose another place, or free space/,
    );
  });

  test('a killed conversion leaves no output, and the next one says what it left', async () => {
    mkdirSync(path.join(scratch, 'killed'));
    const output = path.join(scratch, 'killed', 'out');
    expect((await stopped(output, (child) => child.kill('SIGKILL'))).signal).toBe('SIGKILL');
    const [left, ...others] = readdirSync(path.dirname(output));
    expect([left, others]).toEqual([expect.stringMatching(/^out\.unfinished-/), []]);
    const { code, stderr } = await start(['quantize', path.join(oracle, 'llama'), output]).ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(new RegExp(`${left} is left from a conversion that was killed; it may be deleted`));
  });

  test('Ctrl-C clears up: exit 130, nothing left', async () => {
    mkdirSync(path.join(scratch, 'interrupted'));
    const output = path.join(scratch, 'interrupted', 'out');
    const { code, stderr } = await stopped(output, (child) => child.kill('SIGINT'));
    expect({ code, files: readdirSync(path.dirname(output)) }).toEqual({ code: 130, files: [] });
    expect(stderr).toMatch(/Stopping and clearing up[\s\S]*The conversion was interrupted/);
  });
});

test('progress has amount, share, rate and time left', () => {
  expect(renderConverting({ doneBytes: 2.5e8, totalBytes: 5e8 }, 0.1)).toBe('250.0 of 500.0 MB  50.0 %');
  expect(renderConverting({ doneBytes: 4e9, totalBytes: 16e9 }, 20)).toBe(
    '4.0 of 16.0 GB  25.0 %  200.0 MB/s  1 min 0 s left',
  );
});
