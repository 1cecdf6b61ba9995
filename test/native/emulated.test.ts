// The kernels for AVX-512, its bfloat16 products and AMX, compiled for AVX2 with their instructions emulated (native/test/emulated): on any x86
// CPU they agree with the reference, and whole models compute what the reference checkpoints say, with the same bits in every arrangement.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeOraclePlan } from '../../bench/gpu/oracle-plans.js';
import { DTYPES } from '../../engine/numerics.js';
import { packageRoot } from '../../package-root.js';
import { declareOpTests } from './op-tests.js';
import { TestProgram } from './test-program.js';

const when = process.arch === 'x64' ? describe : describe.skip;

when('emulated kernels', () => {
  // Those that are named for an instruction set, and those that take the best there is.
  declareOpTests(new TestProgram('evalrun_emulated_test'), {
    only: /avx512|amx|^packed weight|^weight store.* packed/,
    onPass: (output) => expect(output).not.toContain('this CPU has no'),
  });
});

when('whole models on emulated kernels', () => {
  const program = new TestProgram('evalrun_emulated_check');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'evalrun-emulated-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeAll(() => {
    const fixtures = path.join(packageRoot, 'test', 'fixtures', 'oracle');
    for (const name of ['deepseek-v3', 'llama']) writeOraclePlan(fixtures, name, folder);
  });

  /** The rows of a table that passed. */
  function check(isa: string, ...args: string[]): number {
    const all = [...args, '--device', 'cpu', '--threads', '2'];
    const { status, output } = program.run(all, { EVALRUN_ISA: isa });
    if (status !== 0) throw new Error(output);
    return output.split('\n').filter((line) => /\byes\s*$/.test(line)).length;
  }

  test.each(['avx512', 'avx512-bf16', 'amx'])('pass and keep their bits with %s', (isa) => {
    expect(check(isa, 'oracles', folder, '--forms', 'whole,decoding')).toBe(2 * DTYPES.length * 2);
    const few = ['--only', 'deepseek-v3', '--max-tokens', '5'];
    expect(check(isa, 'invariance', folder, ...few)).toBe(DTYPES.length * 13);
  });
});
