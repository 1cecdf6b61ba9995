import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const main = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const quick = [
  '--lengths',
  '16',
  '--batches',
  '1',
  '--context',
  '8',
  '--decode',
  '2',
  '--repeats',
  '1',
  '--threads',
  '1',
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'evalrun-bench-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('bench --out writes the measurement, a page and its charts, in the language asked for', async () => {
  const out = path.join(folder, 'made', 'here');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    main,
    'bench',
    ...quick,
    '--json',
    '--lang',
    'zh',
    '--out',
    out,
  ]);
  const names = ['bench.html', 'bench.json', 'decode.png', 'limits.png', 'memory.png', 'prefill.png'];
  expect(readdirSync(out).sort()).toEqual(names);
  for (const name of names) expect(stderr).toContain(path.join(out, name));
  const printed = JSON.parse(stdout);
  expect(printed).toEqual(JSON.parse(readFileSync(path.join(out, 'bench.json'), 'utf8')));
  expect(printed.prefill[0].tokensPerSecond.median).toBeGreaterThan(0);
  expect(readFileSync(path.join(out, 'bench.html'), 'utf8')).toContain('<html lang="zh-CN">');
  expect(readFileSync(path.join(out, 'memory.png')).subarray(1, 4).toString()).toBe('PNG');
});
