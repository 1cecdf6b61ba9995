// Kernels for Arm, on a machine that has a cross compiler and an emulator: they compile, and their vector type gives the bits of plain
// arrays. Whatever is written over it then gives what AVX2 gives, which native/ops.test.ts proves with the same plain arrays.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { packageRoot } from '../../package-root.js';

const compiler = 'aarch64-linux-gnu-g++';
const emulator = 'qemu-aarch64';
const lacking = [compiler, emulator].filter((name) => spawnSync(name, ['--version']).status !== 0);
const folder = mkdtempSync(path.join(os.tmpdir(), 'evalrun-neon-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(command: string, args: readonly string[]): string {
  const env = { ...process.env, QEMU_LD_PREFIX: '/usr/aarch64-linux-gnu' };
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stdout + stderr}`);
  return stdout;
}

const when = lacking.length === 0 ? describe : describe.skip;
when(`kernels for Arm${lacking.length === 0 ? '' : ` (skipped: no ${lacking.join(', no ')})`}`, () => {
  test('compile, and compute with the bits of plain arrays', () => {
    run('cmake', [
      ...[
        '-S',
        path.join(packageRoot, 'native'),
        '-B',
        folder,
        '-DEVALRUN_ADDON=OFF',
        '-DEVALRUN_TESTS=ON',
        '-DEVALRUN_CUDA=0',
      ],
      ...['-DCMAKE_SYSTEM_NAME=Linux', '-DCMAKE_SYSTEM_PROCESSOR=aarch64', `-DCMAKE_CXX_COMPILER=${compiler}`],
      '-DCMAKE_CXX_FLAGS_RELEASE=-O1',
    ]);
    run('cmake', ['--build', folder, '--target', 'evalrun_neon_test']);
    expect(run(emulator, [path.join(folder, 'evalrun_neon_test')])).toMatch(
      /^ok {6}lanes of neon give the bits of plain arrays: \d+ operations/m,
    );
  }, 300_000);
});
