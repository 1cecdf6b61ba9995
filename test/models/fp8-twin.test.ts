import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadEngine } from '../../engine/load-engine.js';
import { fp8Twin } from '../../models/fp8-twin.js';
import { writeRandomModel } from '../../models/random-model.js';

let cache: string;
let model: string;
beforeAll(() => {
  cache = mkdtempSync(path.join(tmpdir(), 'evalrun-twin-'));
  model = path.join(cache, 'demo');
  writeRandomModel(model, 'random');
});
afterAll(() => rmSync(cache, { recursive: true, force: true }));

async function logits(folder: string, dtype?: 'fp8'): Promise<number[]> {
  const engine = await loadEngine({ model: folder, ...(dtype && { dtype }) });
  try {
    expect(engine.info.dtype).toBe('fp8');
    const all: number[] = [];
    for await (const chunk of engine.logits(engine.tokenizer.encode('Two plus two is'))) all.push(...chunk.logits);
    return all;
  } finally {
    await engine.close();
  }
}

describe('the FP8 twin', () => {
  test('has the logits of the model with --dtype fp8, bit for bit, and its tokenizer', async () => {
    const twin = await fp8Twin(model, { cache });
    expect(twin).toMatch(/\/models\/demo-fp8-[0-9a-f]{12}$/);
    const own = await logits(twin);
    expect(own.length).toBeGreaterThan(1000);
    expect(own).toEqual(await logits(model, 'fp8'));
  });

  test('is made once, and again for another checkpoint of the same name', async () => {
    const twin = await fp8Twin(model, { cache });
    writeFileSync(path.join(twin, 'mark'), '');
    expect(await fp8Twin(model, { cache })).toBe(twin);
    expect(existsSync(path.join(twin, 'mark'))).toBe(true);
    const other = path.join(cache, 'other', 'demo');
    cpSync(model, other, { recursive: true });
    expect(await fp8Twin(other, { cache })).toBe(twin);
    const config = path.join(other, 'config.json');
    writeFileSync(
      config,
      readFileSync(config, 'utf8').replace('"routed_scaling_factor": 2.5', '"routed_scaling_factor": 2'),
    );
    expect(await fp8Twin(other, { cache })).not.toBe(twin);
  });

  test('is made by one of several that need it at once', async () => {
    const place = path.join(cache, 'race');
    const twins = await Promise.all([1, 2, 3].map(() => fp8Twin(model, { cache: place })));
    expect(new Set(twins).size).toBe(1);
    expect(readdirSync(path.join(place, 'models'))).toEqual([path.basename(twins[0] as string)]);
  });
});
