// Runs the op tests (native/test), one jest test for each that the executable lists.
import { describe, expect, test } from '@jest/globals';
import { TestProgram } from './test-program.js';

const program = new TestProgram('evalrun_ops_test');

describe('op kernels', () => {
  const names = program.list();

  test('the op tests are built and list themselves', () => {
    if (names.length === 0) {
      throw new Error(`${program.file} is missing or lists no tests; build it with: node native/build.mjs --tests`);
    }
    expect(new Set(names).size).toBe(names.length);
  });

  for (const name of names) {
    // A kernel of an instruction set that this CPU lacks says so in its line and passes.
    test(name, () => {
      const { status, output } = program.run([name]);
      if (status !== 0) throw new Error(output.trim());
      if (output.includes(': skipped: ')) process.stderr.write(output);
    });
  }

  test('an unknown test name fails', () => {
    if (names.length > 0) expect(program.run(['no such test']).status).toBe(1);
  });
});
