// Runs the op tests (native/test), one jest test for each that the executable lists.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { packageRoot } from '../../package-root.js';

const executable = path.join(packageRoot, 'native', 'build', 'evalrun_ops_test');

function run(...args: string[]): { status: number | null; output: string } {
  const result = spawnSync(executable, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  const signal = result.signal === null ? '' : `\nended by ${result.signal}`;
  return { status: result.status, output: `${result.stdout}${result.stderr}${signal}` };
}

function listTests(): string[] {
  if (!existsSync(executable)) return [];
  const { status, output } = run('--list');
  return status === 0 ? output.split('\n').filter((name) => name !== '') : [];
}

describe('op kernels', () => {
  const names = listTests();

  test('the op tests are built and list themselves', () => {
    if (names.length === 0) {
      throw new Error(`${executable} is missing or lists no tests; build it with: node native/build.mjs --tests`);
    }
    expect(new Set(names).size).toBe(names.length);
  });

  for (const name of names) {
    // A kernel of an instruction set that this CPU lacks says so in its line and passes.
    test(name, () => {
      const { status, output } = run(name);
      if (status !== 0) throw new Error(output.trim());
      if (output.includes(': skipped: ')) process.stderr.write(output);
    });
  }

  test('an unknown test name fails', () => {
    if (names.length > 0) expect(run('no such test').status).toBe(1);
  });
});
