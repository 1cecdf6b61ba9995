// Runs the op tests (native/test), one jest test for each that the executable lists.
import { describe, expect, test } from '@jest/globals';
import { declareOpTests } from './op-tests.js';
import { TestProgram } from './test-program.js';

const program = new TestProgram('evalrun_ops_test');

describe('op kernels', () => {
  // A kernel of an instruction set that this CPU lacks says so in its line and passes; emulated.test.ts runs it anywhere.
  declareOpTests(program, {
    onPass: (output) => {
      if (output.includes(': skipped: ')) process.stderr.write(output);
    },
  });

  test('an unknown test name fails', () => {
    expect(program.run(['no such test']).status).toBe(1);
  });
});
