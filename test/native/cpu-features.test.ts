/** The instruction sets that the engine finds are those that the kernel lists: one that is missed would only make everything slow. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { nativeInfo } from '../../engine/native.js';

const file = '/proc/cpuinfo';
const isListed = process.arch === 'x64' && existsSync(file) && process.env.EVALRUN_ISA === undefined;

(isListed ? test : test.skip)('the instruction sets of this CPU are found', () => {
  const flags = new Set(/^flags\s*:\s*(.*)$/m.exec(readFileSync(file, 'utf8'))?.[1]?.split(' '));
  const has = (...names: string[]) => names.every((name) => flags.has(name));
  expect(flags.size).toBeGreaterThan(10);
  const avx2 = has('avx2', 'fma', 'f16c');
  const avx512 = avx2 && has('avx512f', 'avx512bw', 'avx512dq', 'avx512vl');
  expect(nativeInfo()).toMatchObject({
    avx2,
    avx512,
    avx512Bf16: avx512 && has('avx512_bf16'),
    avx512Vbmi: avx512 && has('avx512vbmi'),
    neon: false,
  });
});
