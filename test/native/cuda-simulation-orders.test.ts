// The op tests of the GPU kernels once more, with other orders of blocks and threads: all but long ones, on a simulated GPU of compute
// capability 8.0, and those that do more on 9.0 there too. Where EVALRUN_EXHAUSTIVE=1, all in a third order, and under AddressSanitizer and
// UndefinedBehaviorSanitizer.
import { describe, expect, test } from '@jest/globals';
import { TestProgram } from './test-program.js';

const names = new TestProgram('evalrun_cuda_sim_test').list();
const isExhaustive = process.env.EVALRUN_EXHAUSTIVE === '1';
/** The tests that have something of 9.0's own: products of wgmma, matrix instructions of e4m3. */
const HOPPER = /wgmma|e4m3|^cuda ((grouped|gated) )?matmul:|^cuda log_probs:/;

/** Long, and of kernels that others of their kind put into these orders; they run in the order of cuda-simulation.test.ts. */
const LONG =
  /in parts (gives a|agrees|combines|computes)|wgmma gives the bits|grouped matmul: gives|log_probs: (the lowest|agrees)|sample (draws the|sorts)/;

/** The line of each test that passed, by its name; throws the lines of those that did not. */
function expectToPass(program: TestProgram, tests: string[], environment: Record<string, string>): Map<string, string> {
  const { status, output } = program.run(tests, environment);
  const lines = output.split('\n').filter((line) => line !== '');
  const passed = lines.filter((line) => line.startsWith('ok '));
  if (status !== 0) throw new Error(lines.filter((line) => !line.startsWith('ok ')).join('\n'));
  expect(passed.length).toBe(tests.length);
  return new Map(tests.map((name, i) => [name, passed[i] ?? '']));
}

describe('GPU kernels in other orders', () => {
  test('all pass on compute capability 8.0, in the order of seed 20', () => {
    expect(names.length).toBeGreaterThan(0);
    const chosen = isExhaustive ? names : names.filter((name) => !LONG.test(name));
    expect(names.filter((name) => LONG.test(name)).length).toBeLessThan(names.length / 6);
    const lines = expectToPass(new TestProgram('evalrun_cuda_sim_test'), chosen, {
      EVALRUN_SIM_COMPUTE: '80',
      EVALRUN_SIM_SEED: '20',
    });
    // A test that finds its GPU too old has to be among those of the next order.
    for (const [name, line] of lines) {
      if (/no wgmma|compute capability 8\.0/.test(line)) expect(name).toMatch(HOPPER);
    }
  });

  test(`${isExhaustive ? 'all' : 'those of compute capability 9.0'} pass in the order of seed 300`, () => {
    const chosen = isExhaustive ? names : names.filter((name) => HOPPER.test(name) && !LONG.test(name));
    expect(chosen.length).toBeGreaterThan(0);
    const lines = expectToPass(new TestProgram('evalrun_cuda_sim_test'), chosen, { EVALRUN_SIM_SEED: '300' });
    for (const line of lines.values()) expect(line).not.toContain('no wgmma');
  });

  test('copies keep to their allocation where the next one lies right behind it', () => {
    const chosen = names.filter((name) => /^cuda device:/.test(name));
    expect(chosen.length).toBeGreaterThan(5);
    expectToPass(new TestProgram('evalrun_cuda_sim_test'), chosen, { EVALRUN_SIM_ZONES: '0' });
  });

  test('none touches memory that is not its own, in the order of seed 4000', () => {
    const program = new TestProgram('evalrun_cuda_sim_asan_test');
    if (!program.built) {
      process.stderr.write(`not run: ${program.file} is not there; it is built where EVALRUN_EXHAUSTIVE=1\n`);
      return;
    }
    expectToPass(program, names, { EVALRUN_SIM_SEED: '4000' });
  });
});
