import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadEngine } from '../../engine/load-engine.js';
import type { LocalEngine } from '../../engine/local-engine.js';
import { writeRandomModel } from '../../models/random-model.js';
import { getSuite } from '../../suites/registry.js';
import { letterTokens } from '../../suites/token-boundary.js';

let scratch: string;
let engine: LocalEngine;
beforeAll(async () => {
  scratch = mkdtempSync(path.join(tmpdir(), 'evalrun-random-'));
  writeRandomModel(path.join(scratch, 'model'), 'random');
  engine = await loadEngine({ model: path.join(scratch, 'model') });
});
afterAll(async () => {
  await engine.close();
  rmSync(scratch, { recursive: true, force: true });
});

describe('the random checkpoint', () => {
  test('has the same bytes whenever it is made', () => {
    writeRandomModel(path.join(scratch, 'again'), 'random');
    const sha256 = (folder: string, file: string) =>
      createHash('sha256')
        .update(readFileSync(path.join(scratch, folder, file)))
        .digest('hex');
    for (const file of ['config.json', 'tokenizer.json', 'model.safetensors']) {
      expect(sha256('again', file)).toBe(sha256('model', file));
    }
  });

  test('says itself that it is random', () => {
    expect(engine.info.random).toBe(true);
    expect(engine.info.modelType).toBe('deepseek_v3');
  });

  test('leaves a model that is already there alone, and nothing half made beside it', () => {
    const before = readFileSync(path.join(scratch, 'model', 'config.json'));
    writeRandomModel(path.join(scratch, 'model'), 'another note');
    expect(readFileSync(path.join(scratch, 'model', 'RANDOM_WEIGHTS'), 'utf8')).toBe('random\n');
    expect(readFileSync(path.join(scratch, 'model', 'config.json'))).toEqual(before);
    expect(existsSync(path.join(scratch, 'model.'))).toBe(false);
  });

  test.each(['mmlu', 'ceval', 'cmmlu'])('has the answer letters of %s as single tokens', async (suite) => {
    const [plan] = await getSuite(suite).plan({ seed: 0, dataDir: 'embedded', limit: 8 });
    if (plan?.kind !== 'choice') throw new Error('no plan');
    expect(Object.keys(letterTokens(plan, engine.tokenizer))).toEqual(['A', 'B', 'C', 'D']);
  });
});
