// The check that proves a GPU without Node.js (native/check), here on the CPU and on the simulated GPU: it passes what is right, fails what
// is not, and refuses plans that are broken.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeOraclePlan } from '../../bench/gpu/oracle-plans.js';
import { writeShapePlan } from '../../bench/gpu/shape-plans.js';
import { syntheticShape } from '../../engine/benchmark/shapes.js';
import { DTYPES } from '../../engine/numerics.js';
import { packageRoot } from '../../package-root.js';
import { TestProgram } from './test-program.js';

const program = new TestProgram('evalrun_sim_check');
const fixtures = path.join(packageRoot, 'test', 'fixtures', 'oracle');
const names = ['deepseek-v2', 'deepseek-v3', 'llama', 'qwen2', 'qwen3-moe'];
const folder = mkdtempSync(path.join(os.tmpdir(), 'evalrun-plans-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Records = readonly Readonly<Record<string, unknown>>[];

function run(...args: string[]): { status: number | null; output: string; records: Records } {
  return runWith({}, ...args);
}

function runWith(
  environment: Record<string, string>,
  ...args: string[]
): { status: number | null; output: string; records: Records } {
  const json = path.join(folder, 'records.json');
  rmSync(json, { force: true });
  const { status, output } = program.run([...args, '--json', json], environment);
  let records: Records = [];
  if (status === 0 || status === 1) records = JSON.parse(readFileSync(json, 'utf8')) as Records;
  return { status, output, records };
}

/** The plan of one fixture in a folder of its own, to be broken. */
function freshPlan(name: string): { plan: string; golden: string; weights: string } {
  const out = mkdtempSync(path.join(folder, 'plan-'));
  writeOraclePlan(fixtures, name, out);
  return {
    plan: path.join(out, `${name}.plan`),
    golden: path.join(out, name, 'golden.safetensors'),
    weights: path.join(out, name, 'model.safetensors'),
  };
}

/** Allocations touch each other, as a GPU's do, whose copies may not go from one to the next. */
const touching = { EVALRUN_SIM_ZONES: '0' };

const all = path.join(folder, 'all');
beforeAll(() => {
  if (!program.built) throw new Error(`${program.file} is missing; build it with: node native/build.mjs --tests`);
  for (const name of names) writeOraclePlan(fixtures, name, all);
});

describe('reference checkpoints', () => {
  test('pass on the CPU in every dtype and form', () => {
    const { status, output, records } = run('oracles', all, '--device', 'cpu', '--threads', '2');
    if (status !== 0) throw new Error(output);
    expect(records).toHaveLength(names.length * DTYPES.length * 3);
    expect(records.every(({ passed }) => passed === true)).toBe(true);
  });

  test('pass on the simulated GPU', () => {
    // A lane is a fiber there, so a token takes long: one dense model and one with latent attention and experts, seven tokens of each.
    const few = ['--only', 'llama,deepseek-v3', '--max-tokens', '7', '--forms', 'whole,decoding'];
    const { status, output, records } = runWith(touching, 'oracles', all, '--device', 'cuda', '--threads', '2', ...few);
    if (status !== 0) throw new Error(output);
    expect(records).toHaveLength(2 * DTYPES.length * 2);
  }, 120_000);

  test('one expected logit that is altered by 0.002 fails', () => {
    const { plan, golden } = freshPlan('llama');
    const bytes = readFileSync(golden);
    const [, offset] = /^expected logits \d+ (\d+)$/m.exec(readFileSync(plan, 'utf8')) as RegExpExecArray;
    const at = Number(offset) + 4 * 1000;
    bytes.writeFloatLE(bytes.readFloatLE(at) + 0.002, at);
    writeFileSync(golden, bytes);
    const { status, records } = run('oracles', plan, '--device', 'cpu', '--dtypes', 'f32', '--forms', 'whole');
    expect(status).toBe(1);
    expect(records[0]?.passed).toBe(false);
    expect(records[0]?.['max abs error']).toBeGreaterThan(0.0019);
  });

  test('a wrong field of the spec fails in every dtype', () => {
    const { plan } = freshPlan('llama');
    const text = readFileSync(plan, 'utf8');
    const wrong = text.replace(/^spec softmax_scale .*$/m, 'spec softmax_scale 0.3');
    expect(wrong).not.toBe(text);
    writeFileSync(plan, wrong);
    const { status, records } = run('oracles', plan, '--device', 'cpu', '--dtypes', 'f32', '--forms', 'whole');
    expect({ status, passed: records.map(({ passed }) => passed) }).toEqual({ status: 1, passed: [false] });
  });

  test('a NaN in the weights fails', () => {
    const { plan, weights } = freshPlan('llama');
    const bytes = readFileSync(weights);
    const line = /^tensor model\.layers\.1\.mlp\.up_proj\.weight BF16 2 \d+ \d+ 0 (\d+)$/m;
    const [, offset] = line.exec(readFileSync(plan, 'utf8')) as RegExpExecArray;
    bytes.writeUInt16LE(0x7fc0, Number(offset));
    writeFileSync(weights, bytes);
    const { status, records } = run('oracles', plan, '--device', 'cpu', '--forms', 'whole');
    expect({ status, passed: records.map(({ passed }) => passed) }).toEqual({
      status: 1,
      passed: DTYPES.map(() => false),
    });
  });
});

describe('invariance', () => {
  test.each(['deepseek-v3', 'llama'])('%s: the same bits in every arrangement on the CPU', (name) => {
    const { status, output, records } = run('invariance', all, '--only', name, '--device', 'cpu', '--threads', '2');
    if (status !== 0) throw new Error(output);
    expect(records).toHaveLength(DTYPES.length * 13);
  });

  test('the same bits in every arrangement on the simulated GPU', () => {
    const { status, output } = run('invariance', all, '--only', 'deepseek-v3', '--dtypes', 'bf16', '--max-tokens', '3');
    if (status !== 0) throw new Error(output);
  }, 120_000);
});

/** What is small of a published shape, so that its steps take no time. */
const TINY = {
  vocab_size: 500,
  hidden_size: 128,
  intermediate_size: 256,
  moe_intermediate_size: 128,
  num_attention_heads: 2,
  n_routed_experts: 16,
};

describe('a shape with random weights', () => {
  test.each([
    ['bf16', 'bf16', 2],
    ['fp8', 'fp8', 4],
    ['fp8-bf16', 'fp8', 2],
  ] as const)('in %s is counted as engine/accounting counts it, and measured', (dtype, stored, elementBytes) => {
    const config = { ...syntheticShape('v3-small', 2).config, ...TINY };
    writeShapePlan({ name: `tiny-${dtype}`, config, stored, dtype, slackBytes: 1 << 16 }, folder);
    const plan = path.join(folder, `tiny-${dtype}.plan`);
    const sizes = ['--batch-tokens', '220', '--context', '70', '--batches', '1,3', '--steps', '2', '--repeats', '2'];
    const { status, output, records } = run('bench', plan, '--device', 'cpu', '--threads', '2', ...sizes);
    if (status !== 0) throw new Error(output);
    const cache = records.find(({ measured }) => measured === 'cache, bytes a token');
    expect(cache?.['by the formula']).toBe(2 * (256 + 64) * elementBytes);
    expect(cache?.['asked for']).toBe(cache?.['by the formula']);
    expect(records.filter(({ measured }) => measured === 'decoding').map(({ batch }) => batch)).toEqual([1, 3]);
    for (const row of records.filter((record) => 'tokens/s' in record)) expect(row['tokens/s']).toBeGreaterThan(0);
  });

  /** Steps of one sequence of a checkpoint's first layers on the simulated GPU, with the launches of each kernel. */
  function kernelsOf(plan: string, layers: number, measure = 'score,prompts,decoding') {
    const sizes = ['--batch-tokens', '110', '--context', '20', '--batches', '1', '--steps', '1', '--repeats', '1'];
    const where = ['--device', 'cuda', '--kernels', '1', '--layers', String(layers), '--measure', measure];
    // Codes and scales of the file reach the GPU on another way than those that are made while loading.
    const { status, output, records } = runWith(touching, 'bench', path.join(folder, plan), ...where, ...sizes);
    if (status !== 0) throw new Error(output);
    return (step: string) =>
      records
        .filter(({ measured, kernel }) => measured === step && kernel !== undefined)
        .map(({ kernel, launches }) => ({ kernel: String(kernel), launches: Number(launches ?? 0) }));
  }

  test('tells where the time of its steps goes on the simulated GPU, kernel by kernel', () => {
    const ofStep = kernelsOf('tiny-bf16.plan', 2);
    const common = ['norm', 'combine_norm', 'everything else'];
    for (const step of ['score, shared prefix', 'score, whole prompts']) {
      expect(ofStep(step).map(({ kernel }) => kernel)).toEqual(
        expect.arrayContaining([...common, 'store_latent', 'matmul 16x64', expect.stringMatching(/^matmul_gated /)]),
      );
    }
    expect(ofStep('decoding 1').map(({ kernel }) => kernel)).toEqual(
      expect.arrayContaining([
        ...common,
        'store_and_absorb',
        'norm_route',
        expect.stringMatching(/^joined_matmul /),
        expect.stringMatching(/^joined_matmul_gated /),
      ]),
    );
    // Of each layer one of activations and one of low-rank queries (latents have a kernel of their own), one more of the first, dense one;
    // one before the head, behind the one that combines the second layer's experts.
    const norms = ofStep('decoding 1').find(({ kernel }) => kernel === 'norm');
    expect(norms?.launches).toBe(2 * 2 + 1 + 1);
  });

  test.each([
    ['bf16', 'bf16', 9],
    ['fp8-bf16', 'fp8', 11],
  ] as const)('decodes in %s with few launches for a layer of DeepSeek-V2-Lite', (dtype, stored, few) => {
    const config = { ...syntheticShape('v2-lite', 2).config, ...TINY };
    writeShapePlan({ name: `tiny-v2-${dtype}`, config, stored, dtype, slackBytes: 1 << 16 }, folder);
    const kernels = [1, 2].map((layers) => kernelsOf(`tiny-v2-${dtype}.plan`, layers, 'decoding')('decoding 1'));
    const [one = 0, two = 0] = kernels.map((some) => some.reduce((sum, { launches }) => sum + launches, 0));
    // The first layer is dense.
    expect(two - one).toBe(few);
    const joined = dtype === 'bf16' ? /^joined_matmul 16x/ : /^joined_matmul wgmma 64x/;
    expect(kernels[1]?.map(({ kernel }) => kernel)).toContainEqual(expect.stringMatching(joined));
  });

  test('whose stated cost is not that of its tensors is refused', () => {
    const plan = path.join(folder, 'tiny-bf16.plan');
    const text = readFileSync(plan, 'utf8');
    writeFileSync(plan, text.replace(/^cost \d+/m, 'cost 12345'));
    const { status, output } = run('bench', plan, '--device', 'cpu');
    expect(status).toBe(3);
    expect(output).toContain('states other costs');
  });
});

describe('the products of published shapes', () => {
  test('are timed with every tile, the one that the engine takes among them', () => {
    const { status, output, records } = run('products', '--device', 'cuda');
    if (status !== 0) throw new Error(output);
    const kinds = new Set(records.map(({ product, by }) => `${product} ${by}`));
    expect(kinds).toEqual(new Set(['bf16 mma', 'bf16 wgmma', 'fp8 mma', 'fp8 wgmma']));
    for (const product of ['bf16', 'fp8']) {
      const chosen = records.filter((record) => record.product === product && record.chosen === '*');
      expect(chosen).toHaveLength(2); // of the simulation's two shapes
    }
    for (const { us } of records) expect(us).toBeGreaterThan(0);
    expect(output).toContain("without cuBLASLt to compare with: NVIDIA's libraries do not run on a simulated GPU");
  });

  test('are compared with those of cuBLASLt, whose bits may depend on the number of rows', () => {
    const environment = { EVALRUN_CUBLASLT: path.join(path.dirname(program.file), 'libevalrun_fake_cublas_lt.so') };
    const { status, output, records } = runWith(environment, 'products', '--device', 'cuda');
    if (status !== 0) throw new Error(output);
    const theirs = records.filter(({ by }) => by === 'cublasLt');
    expect(theirs).toMatchObject([{ product: 'bf16', rows: 3, experts: 0, outputs: 40, tile: '' }]);
    // The library that plays cuBLASLt adds backwards for three rows.
    expect(Number(theirs[0]?.apart)).toBeGreaterThan(0);
    const missing = runWith({ EVALRUN_CUBLASLT: '/nowhere.so' }, 'products', '--device', 'cuda');
    expect(missing.status).toBe(0);
    expect(missing.output).toContain('cuBLASLt does not load: /nowhere.so');
  });

  test('are those of a GPU', () => {
    const { status, output } = run('products', '--device', 'cpu');
    expect(status).toBe(3);
    expect(output).toContain('--device cuda');
  });
});

describe('a broken plan is refused', () => {
  const broken: readonly [string, (text: string) => string, string][] = [
    ['truncated behind a line', (t) => t.split('\n').slice(0, 60).join('\n'), 'is truncated'],
    ['truncated inside a line', (t) => t.slice(0, 2000), 'llama.plan'],
    ['empty', () => '', 'is truncated'],
    ['of another format', () => '{"plan": 1}\n', 'line 1: this is no plan'],
    ['of another version', (t) => t.replace('evalrun-plan 1', 'evalrun-plan 2'), 'version 2 of the format, expected 1'],
    ['with a line taken out', (t) => t.replace(/^tensor .*\n/m, ''), 'lines are missing'],
    ['with an unknown keyword', (t) => t.replace('numerics f32', 'numbers f32'), 'unknown keyword numbers'],
    ['with an unknown field', (t) => t.replace('spec width', 'spec girth'), 'unknown field girth'],
    ['with a number that is none', (t) => t.replace('spec vocab 512', 'spec vocab 5x2'), '5x2 is not a whole number'],
    [
      'with a number too large',
      (t) => t.replace('spec vocab 512', 'spec vocab 99999999999'),
      'is not a whole number in range',
    ],
    ['with a value too many', (t) => t.replace('spec vocab 512', 'spec vocab 512 1'), 'more than expected: 1'],
    ['with a value too few', (t) => t.replace('spec vocab 512', 'spec vocab'), 'a word is missing'],
    [
      'with a tensor beyond its file',
      (t) => t.replace(/^(tensor \S+ BF16 2 512 64 0) \d+/m, '$1 380000'),
      'do not lie inside a file',
    ],
    [
      'with a negative offset',
      (t) => t.replace(/^(tensor \S+ BF16 2 512 64 0) \d+/m, '$1 -2'),
      'do not lie inside a file',
    ],
    [
      'with a shape that overflows',
      (t) => t.replace('BF16 2 512 64 0', 'BF16 2 4611686018427387904 64 0'),
      'an impossible shape',
    ],
    ['with a file that is not there', (t) => t.replace('llama/model.safetensors', 'llama/nothing'), 'cannot read'],
    ['with a file of another size', (t) => t.replace(/^file \d+/m, 'file 77'), 'expected 77'],
    ['with an unknown file', (t) => t.replace(/^(tensor \S+ BF16 2 512 64) 0/m, '$1 9'), 'there is no file 9'],
    ['with a token outside the vocabulary', (t) => t.replace(/^(prompt \S+) \d+/m, '$1 512'), 'outside the vocabulary'],
    [
      'with expectations beyond their file',
      (t) => t.replace(/^(expected logits \d+) \d+/m, '$1 82600'),
      'do not lie inside a file',
    ],
    ['with an infinite number', (t) => t.replace(/^spec norm_eps .*/m, 'spec norm_eps inf'), 'is not a finite number'],
    ['without its tensors', (t) => dropLines(t, /^tensor /), 'there are no tensors'],
  ];
  const { plan } = freshPlan('llama');
  const whole = readFileSync(plan, 'utf8');

  test.each(broken)('%s', (_, breakIt, message) => {
    const text = breakIt(whole);
    expect(text).not.toBe(whole);
    writeFileSync(plan, text);
    const { status, output } = run('oracles', plan, '--device', 'cpu', '--dtypes', 'f32');
    expect({ status, output }).toEqual({ status: 3, output: expect.stringContaining(message) });
  });

  test('and so are a folder without plans, an unknown option, device and name', () => {
    expect(run('oracles', fixtures, '--device', 'cpu').output).toContain('there are no plans in');
    expect(run('oracles', folder, '--device', 'cpu').output).toContain('is a shape with random weights');
    expect(run('oracles', all, '--speed', '9')).toMatchObject({
      status: 3,
      output: expect.stringContaining('unknown option --speed'),
    });
    expect(run('oracles', all, '--device', 'tpu')).toMatchObject({
      status: 3,
      output: expect.stringContaining('no device tpu'),
    });
    expect(run('oracles', all, '--device', 'cpu', '--only', 'gpt')).toMatchObject({
      status: 3,
      output: expect.stringContaining('no plan is left'),
    });
  });
});

/** With the count in the last line mended. */
function dropLines(text: string, pattern: RegExp): string {
  const lines = text
    .trimEnd()
    .split('\n')
    .filter((line) => !pattern.test(line));
  return `${[...lines.slice(0, -1), `end ${lines.length}`].join('\n')}\n`;
}
