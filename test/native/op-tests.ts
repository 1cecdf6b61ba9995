/** One jest test for each test of a native program. */
import { expect, test } from '@jest/globals';
import type { TestProgram } from './test-program.js';

interface OpTestOptions {
  /** Takes what a test that passes prints. */
  readonly onPass?: (output: string) => void;
  /** Only those whose names match. */
  readonly only?: RegExp;
}

/** Declares them, and one that fails where the program is missing or lists none. */
export function declareOpTests(program: TestProgram, { onPass = () => {}, only = /./ }: OpTestOptions = {}): void {
  const names = program.list().filter((name) => only.test(name));

  test('are built and list themselves', () => {
    if (names.length === 0) {
      throw new Error(`${program.file} is missing or lists no tests; build it with: node native/build.mjs --tests`);
    }
    expect(new Set(names).size).toBe(names.length);
  });

  for (const name of names) {
    test(name, () => {
      const { status, output } = program.run([name]);
      if (status !== 0) throw new Error(output.trim());
      onPass(output);
    });
  }
}
