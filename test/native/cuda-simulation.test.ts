// Runs the op tests of the GPU kernels (native/cuda/test) on the simulated GPU, one jest test for each that the executable lists.
import { describe, expect, test } from '@jest/globals';
import { TestProgram } from './test-program.js';

const program = new TestProgram('evalrun_cuda_sim_test');

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
});
