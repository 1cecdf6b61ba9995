// What the compiler says of the GPU kernels: none may keep variables in local memory, nor let products of wgmma wait (native/cuda/check-kernels.mjs).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { packageRoot } from '../../package-root.js';

const script = path.join(packageRoot, 'native', 'cuda', 'check-kernels.mjs');
const decision = path.join(packageRoot, 'native', 'build', 'cuda.json');
const folder = mkdtempSync(path.join(os.tmpdir(), 'evalrun-kernels-'));
afterAll(() => rmSync(folder, { recursive: true }));

function check(...args: string[]): { status: number | null; output: string } {
  const result = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  return { status: result.status, output: `${result.stdout}${result.stderr}` };
}

function log(kernel: string, stack: number, stores: number, loads: number): string {
  return `ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '${kernel}' for 'sm_90a'
ptxas info    : Function properties for ${kernel}
    ${stack} bytes stack frame, ${stores} bytes spill stores, ${loads} bytes spill loads
ptxas info    : Used 128 registers, used 1 barriers, ${stack} bytes cumulative stack size
`;
}

describe("the compiler's report on GPU kernels", () => {
  test('no kernel of this build uses it', () => {
    const { compiled, reason } = existsSync(decision)
      ? JSON.parse(readFileSync(decision, 'utf8'))
      : { compiled: false, reason: 'the addon is not built' };
    if (!compiled) {
      process.stderr.write(`not run: there are no GPU kernels in this build, because ${reason}\n`);
      return;
    }
    const { status, output } = check();
    if (status !== 0) throw new Error(output.trim());
    expect(output).toMatch(/^[1-9]\d* kernels of [1-9]\d* files/m);
  });

  test.each([
    ['registers in use only', 0, 0, 0, 0],
    ['an array in local memory', 64, 0, 0, 1],
    ['spilled registers', 8, 8, 0, 1],
    ['loads of spilled registers', 8, 0, 8, 1],
  ])('%s', (_, stack, stores, loads, expected) => {
    writeFileSync(path.join(folder, 'norm.cu.o.log'), log('_ZN7evalrun4cuda4normILi4EEEvPf', stack, stores, loads));
    const { status, output } = check(folder);
    expect(status).toBe(expected);
    expect(output.includes('LOCAL')).toBe(expected === 1);
  });

  test.each([
    [
      "(C7510) Potential Performance Loss: wgmma.mma_async instructions are serialized due to wgmma pipeline crossing function boundary in the function 'attend'",
      1,
      'WAITS    wgmma.mma_async',
    ],
    [
      "(C7517) warpgroup.wait is injected in around line 9 by compiler to allow use of registers defined by GMMA in function 'attend'",
      1,
      'WAITS    warpgroup.wait',
    ],
    [
      "(C7519) warpgroup.arrive is injected in around line 9 by compiler to allow use of registers in GMMA in function 'attend'",
      0,
      '1 kernels',
    ],
  ])('products of wgmma: %s', (what, status, output) => {
    writeFileSync(path.join(folder, 'norm.cu.o.log'), `ptxas info    : ${what}\n${log('attend', 0, 0, 0)}`);
    expect(check(folder)).toMatchObject({ status, output: expect.stringContaining(output) });
  });

  test('a report in another form is an error, not a pass', () => {
    writeFileSync(path.join(folder, 'norm.cu.o.log'), "ptxas info    : Compiling entry function 'norm' for 'sm_90a'\n");
    expect(check(folder).status).toBe(1);
    writeFileSync(path.join(folder, 'norm.cu.o.log'), 'nothing\n');
    expect(check(folder).status).toBe(2);
  });
});
