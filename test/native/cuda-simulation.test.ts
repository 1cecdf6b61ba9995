// Runs the op tests of the GPU kernels (native/cuda/test) against the simulation: each test by itself, all of them with other
// orders of blocks and threads, and all of them under AddressSanitizer and UndefinedBehaviorSanitizer.
import { describe, expect, test } from '@jest/globals';
import { TestProgram } from './test-program.js';

const program = new TestProgram('evalrun_cuda_sim_test');
const sanitized = new TestProgram('evalrun_cuda_sim_asan_test');

function expectAllToPass(of: TestProgram, environment: Record<string, string>, count: number): void {
  const { status, output } = of.run([], environment);
  if (status !== 0) {
    const wrong = output.split('\n').filter((line) => !line.startsWith('ok '));
    throw new Error(wrong.join('\n').trim());
  }
  expect(output).toContain(`${count} tests, 0 failed`);
}

describe('GPU kernels in the simulation', () => {
  const names = program.list();

  test('the simulated op tests are built and list themselves', () => {
    if (names.length === 0) {
      throw new Error(`${program.file} is missing or lists no tests; build it with: node native/build.mjs --tests`);
    }
    expect(new Set(names).size).toBe(names.length);
  });

  for (const name of names) {
    test(name, () => {
      const { status, output } = program.run([name]);
      if (status !== 0) throw new Error(output.trim());
    });
  }

  for (const seed of ['20', '300']) {
    test(`all pass in the order of seed ${seed}`, () => {
      expectAllToPass(program, { EVALRUN_SIM_SEED: seed }, names.length);
    });
  }

  test('all pass on a simulated GPU of compute capability 8.0', () => {
    expectAllToPass(program, { EVALRUN_SIM_COMPUTE: '80' }, names.length);
  });

  test('all pass under AddressSanitizer and UndefinedBehaviorSanitizer', () => {
    if (!sanitized.built) {
      process.stderr.write(`not run: ${sanitized.file} is built where EVALRUN_EXHAUSTIVE=1\n`);
      return;
    }
    expectAllToPass(sanitized, { EVALRUN_SIM_SEED: '4000' }, names.length);
  });
});
