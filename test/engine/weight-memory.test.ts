import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nativeInfo } from '../../engine/native.js';
import { packageRoot } from '../../package-root.js';
import { LLAMA_3_2_1B } from './architectures/published-configs.js';

/** Bytes that a process took to load a checkpoint: what the engine tells, and what the kernel counts. */
export interface WeightMemory {
  readonly told: number;
  /** What the plan said before loading, to a tenth of a MiB. */
  readonly planned: number;
  /** Memory of its own. */
  readonly anonymous: number;
  /** Pages of the checkpoint's files that it has mapped and in memory. */
  readonly file: number;
  /** The most that it had at any time. */
  readonly peak: number;
}

const MIB = 2 ** 20;
/** What else grows meanwhile: JavaScript's heap, the cache's and the workspace's first pages, threads' scratch. */
const BESIDE = 12 * MIB;
const config = {
  ...LLAMA_3_2_1B,
  vocab_size: 8192,
  hidden_size: 1024,
  intermediate_size: 2048,
  num_hidden_layers: 4,
  num_attention_heads: 16,
  num_key_value_heads: 8,
  tie_word_embeddings: false,
  bos_token_id: 1,
  eos_token_id: 2,
};
const EMBEDDING = 8192 * 1024 * 2;
const HEAD = EMBEDDING;

let folder: string;
let stored: number;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'evalrun-weight-memory-'));
  // In a process of its own: in jest's context the loop over all weights takes a minute.
  const module = pathToFileURL(path.join(packageRoot, 'dist', 'engine', 'benchmark', 'synthetic-checkpoint.js'));
  const program = `import { writeSyntheticCheckpoint } from ${JSON.stringify(module)};
    writeSyntheticCheckpoint(${JSON.stringify(folder)}, ${JSON.stringify(config)});`;
  run(['--input-type=module', '--eval', program]);
  stored = statSync(path.join(folder, 'model.safetensors')).size;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a Node.js process prints. */
function run(args: readonly string[], variables: NodeJS.ProcessEnv = {}): string {
  const env = { ...process.env, ...variables };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

function loaded(dtype: string, isa?: string): WeightMemory {
  const script = path.join(packageRoot, 'dist', 'test', 'engine', 'weight-memory-process.js');
  return JSON.parse(run([script, folder, dtype], isa === undefined ? {} : { EVALRUN_ISA: isa }));
}

/** The kernel's count is the told one and what else grows; never are there two copies, not even while loading. */
function expectOneCopy({ told, planned, anonymous, file, peak }: WeightMemory): void {
  expect(Math.abs(planned - told)).toBeLessThan(0.2 * MIB);
  expect(anonymous + file).toBeGreaterThan(0.97 * told);
  expect(anonymous + file).toBeLessThan(told + BESIDE);
  expect(peak).toBeLessThan(told + BESIDE + 8 * MIB);
}

const onLinux = existsSync('/proc/self/smaps') ? describe : describe.skip;
// EVALRUN_ISA makes a processor of an older one: with scalar nothing is packed.
onLinux('the weights of a BF16 checkpoint in memory', () => {
  test.each([undefined, 'avx512-bf16', 'avx2', 'scalar'])('bf16, instruction sets up to %s: once', (isa) => {
    const memory = loaded('bf16', isa);
    expectOneCopy(memory);
    // With AMX in 12 bits a weight, and 1.1 % beside them; native/cpu/compact_panel.h.
    const compact = isa === undefined && nativeInfo().amxBf16;
    const expected = compact ? EMBEDDING + (stored - EMBEDDING) * 0.7585 : stored;
    expect(Math.abs(memory.told / expected - 1)).toBeLessThan(0.01);
  });

  test.each([undefined, 'avx2', 'scalar'])(
    'fp8, instruction sets up to %s: half, but for embedding and head',
    (isa) => {
      const memory = loaded('fp8', isa);
      expectOneCopy(memory);
      const unquantised = EMBEDDING + HEAD;
      expect(Math.abs(memory.told / (unquantised + (stored - unquantised) / 2) - 1)).toBeLessThan(0.01);
      // Of the file, what is not quantised alone is left.
      expect(memory.file).toBeLessThan(unquantised + 6 * MIB);
    },
  );

  test.each([undefined, 'avx2', 'scalar'])('f32, instruction sets up to %s: once, as stored', (isa) => {
    const memory = loaded('f32', isa);
    expectOneCopy(memory);
    expect(Math.abs(memory.told / stored - 1)).toBeLessThan(0.01);
    // What is not packed is read where the file is.
    if (isa === 'scalar') expect(memory.anonymous).toBeLessThan(BESIDE);
  });
});
