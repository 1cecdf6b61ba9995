import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeTinyDatasets } from './tiny-dataset.js';

const script = fileURLToPath(new URL('./fake-run.js', import.meta.url));
let home: string;
let data: string;
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-crash-'));
  data = writeTinyDatasets(path.join(home, 'data'), 40);
});
afterAll(() => rmSync(home, { recursive: true }));

/** Starts a run (or resumes one) and kills it `afterMs` after it said where its folder is, if it still lives then. */
async function runAndKill(out: string, afterMs: number, resume?: string): Promise<{ folder: string; killed: boolean }> {
  const args = [script, out, data, ...(resume === undefined ? [] : [resume])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let folder = '';
  let timer: NodeJS.Timeout | undefined;
  child.stdout.once('data', (text: Buffer) => {
    folder = text.toString().trim();
    timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
  });
  await new Promise((ended) => child.once('close', ended));
  clearTimeout(timer);
  return { folder, killed: child.signalCode === 'SIGKILL' };
}

/** Everything that must equal an uninterrupted run's; run ids differ by design. */
function bytesOf(folder: string): { samples: string; metrics: string } {
  const id = path.basename(folder);
  return {
    samples: readFileSync(path.join(folder, 'samples.jsonl'), 'utf8'),
    metrics: readFileSync(path.join(folder, 'metrics.json'), 'utf8').replace(`"${id}"`, '"run"'),
  };
}

describe('kill -9', () => {
  test('at random instants, again and again, leaves a run that ends as an uninterrupted one', async () => {
    const whole = await runAndKill(path.join(home, 'whole'), 60_000);
    expect(whole.killed).toBe(false);
    const expected = bytesOf(whole.folder);
    const seed = 'evalrun';
    for (let attempt = 0; attempt < 2; attempt++) {
      const out = path.join(home, `killed-${attempt}`);
      let kills = 0;
      let folder: string | undefined;
      for (let life = 0; ; life++) {
        const random = createHash('sha256').update(`${seed} ${attempt} ${life}`).digest().readUInt32LE() / 2 ** 32;
        const result = await runAndKill(out, life < 4 ? Math.floor(random * 60) : 60_000, folder);
        folder ??= result.folder;
        if (!result.killed) break;
        kills += 1;
      }
      expect(kills).toBeGreaterThan(0);
      expect(bytesOf(folder)).toEqual(expected);
      expect(readdirSync(folder).filter((name) => /lock|tmp/.test(name))).toEqual([]);
    }
  }, 60_000);

  test('before the first sample leaves nothing that looks like a run, or a run that can be resumed', async () => {
    const out = path.join(home, 'early');
    for (const delayMs of [60, 120, 180]) {
      const child = spawn(process.execPath, [script, out, data], { stdio: 'ignore' });
      setTimeout(() => child.kill('SIGKILL'), delayMs);
      await new Promise((ended) => child.once('close', ended));
    }
    for (const name of existsSync(out) ? readdirSync(out) : []) {
      const folder = path.join(out, name);
      const resumed = spawnSync(process.execPath, [script, out, data, folder], { encoding: 'utf8' });
      if (existsSync(path.join(folder, 'run.json'))) expect(resumed.status).toBe(0);
      else expect(resumed.stderr).toMatch(/There is no run at/);
    }
  }, 60_000);
});
