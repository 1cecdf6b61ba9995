// The op tests of the GPU kernels once more, with other orders of blocks and threads: also on a simulated GPU of compute capability
// 8.0, and under AddressSanitizer and UndefinedBehaviorSanitizer.
import { describe, expect, test } from '@jest/globals';
import { TestProgram } from './test-program.js';

const names = new TestProgram('evalrun_cuda_sim_test').list();

function expectToPass(program: TestProgram, tests: string[], environment: Record<string, string>): void {
  const { status, output } = program.run(tests, environment);
  const lines = output.split('\n').filter((line) => line !== '');
  const passed = lines.filter((line) => line.startsWith('ok '));
  if (status !== 0) throw new Error(lines.filter((line) => !line.startsWith('ok ')).join('\n'));
  expect(passed.length).toBe(tests.length);
}

describe('GPU kernels in other orders', () => {
  test('all pass on compute capability 8.0, in the order of seed 20', () => {
    expect(names.length).toBeGreaterThan(0);
    expectToPass(new TestProgram('evalrun_cuda_sim_test'), names, {
      EVALRUN_SIM_COMPUTE: '80',
      EVALRUN_SIM_SEED: '20',
    });
  });

  test('all pass in the order of seed 300', () => {
    expectToPass(new TestProgram('evalrun_cuda_sim_test'), names, { EVALRUN_SIM_SEED: '300' });
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
