import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../../package-root.js';

test('the example in docs runs as it stands and leaves a run folder', async () => {
  const home = mkdtempSync(path.join(tmpdir(), 'evalrun-example-'));
  try {
    const example = path.join(packageRoot, 'docs', 'example.mjs');
    const model = await (await import('../../models/default-model.js')).defaultModel();
    const { stdout } = await promisify(execFile)(process.execPath, [example, model, path.join(home, 'runs')]);
    const [score, folder = ''] = stdout.trim().split('\n');
    expect(score).toMatch(/^\d+\.\d % of 10 questions, 95 % from 0\.\d{3} to [01]\.\d{3}$/);
    for (const name of ['run.json', 'samples.jsonl', 'metrics.json', 'telemetry.jsonl']) {
      expect(existsSync(path.join(folder, name))).toBe(true);
    }
  } finally {
    rmSync(home, { recursive: true });
  }
}, 120_000);
