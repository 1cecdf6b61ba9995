import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { defaultModel } from '../../models/default-model.js';
import { packageRoot } from '../../package-root.js';

test('the default model is the one in the box, and for fp8 its twin in the cache', async () => {
  const box = path.join(packageRoot, 'models', 'nano');
  expect(await defaultModel()).toBe(box);
  expect(await defaultModel({ dtype: 'bf16' })).toBe(box);
  const home = mkdtempSync(path.join(os.tmpdir(), 'evalrun-home-'));
  const before = process.env.HOME;
  process.env.HOME = home;
  try {
    const twin = await defaultModel({ dtype: 'fp8' });
    expect(path.dirname(twin)).toBe(path.join(home, '.cache', 'evalrun', 'models'));
    const config = JSON.parse(readFileSync(path.join(twin, 'config.json'), 'utf8'));
    expect(config.quantization_config).toMatchObject({ quant_method: 'fp8', weight_block_size: [128, 128] });
    expect(await defaultModel({ dtype: 'fp8' })).toBe(twin);
  } finally {
    if (before === undefined) delete process.env.HOME;
    else process.env.HOME = before;
    rmSync(home, { recursive: true });
  }
});
