/** Runs with --mtp: the same files as without, what drafting gave, and a kill in between. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { renderDrafting, renderRunText } from '../../cli/run-report.js';
import { loadEngine } from '../../engine/load-engine.js';
import { packageRoot } from '../../package-root.js';
import { fingerprintOf } from '../../runner/fingerprint.js';
import { runSuite } from '../../runner/run-suite.js';
import { fakeEngine } from './fake-engine.js';

const script = fileURLToPath(new URL('./mtp-run.js', import.meta.url));
let home: string;
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-mtp-'));
});
afterAll(() => rmSync(home, { recursive: true }));

const read = (folder: string, name: string) => readFileSync(path.join(folder, name), 'utf8');
const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Runs the script; kills it without notice once so many samples are done. */
async function runAndKill(args: readonly string[], atDone = Number.POSITIVE_INFINITY) {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    const done = [...text.matchAll(/^done (\d+)$/gm)].at(-1)?.[1] ?? 0;
    if (Number(done) >= atDone) child.kill('SIGKILL');
  });
  await new Promise((ended) => child.once('close', ended));
  return { folder: text.split('\n')[0] as string, killed: child.signalCode === 'SIGKILL' };
}

test('a run with --mtp, killed and resumed, has the bytes of an uninterrupted one without', async () => {
  const [plain, killed] = await Promise.all([
    runAndKill([path.join(home, 'plain'), 'off']),
    runAndKill([path.join(home, 'killed'), 'on'], 12),
  ]);
  expect([plain.killed, killed.killed]).toEqual([false, true]);
  const kept = read(killed.folder, 'samples.jsonl').split('\n').length - 1;
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(24);
  await runAndKill([path.join(home, 'killed'), 'on', killed.folder]);
  expect(read(killed.folder, 'samples.jsonl')).toBe(read(plain.folder, 'samples.jsonl'));
  const metrics = (folder: string) => ({ ...JSON.parse(read(folder, 'metrics.json')), run: '' });
  expect(metrics(killed.folder)).toEqual(metrics(plain.folder));

  const [a, b] = [plain.folder, killed.folder].map((folder) => JSON.parse(read(folder, 'run.json')));
  expect([a.settings.mtp, b.settings.mtp]).toEqual([false, true]);
  expect(b.fingerprint).toBe(a.fingerprint);
  expect(fingerprintOf({ ...b, settings: { ...b.settings, mtp: false } })).toBe(b.fingerprint);

  const engine = linesOf(read(killed.folder, 'telemetry.jsonl')).filter(({ type }) => type === 'engine');
  const sum = (name: string) => engine.reduce((total, line) => total + (line[name] ?? 0), 0);
  expect(sum('drafted_tokens')).toBeGreaterThan(sum('accepted_tokens'));
  expect(sum('accepted_tokens')).toBeGreaterThan(0);
  const samples = linesOf(read(plain.folder, 'telemetry.jsonl')).filter(({ type }) => type === 'sample');
  expect(samples.filter((line) => line.shared_tokens > 0).length).toBeGreaterThanOrEqual(12);
}, 60_000);

test('a run says what drafting gave', async () => {
  const engine = await loadEngine({ model: path.join(packageRoot, 'models', 'nano'), batchTokens: 256 });
  const options = {
    engine,
    suite: 'math500',
    dataDir: 'embedded',
    limit: 4,
    maxTokens: 16,
    out: path.join(home, 'runs'),
  };
  const result = await runSuite({ ...options, mtp: true });
  const { drafting } = result.work;
  expect(drafting?.acceptance).toBe((drafting?.accepted ?? 0) / (drafting?.drafted ?? 0));
  expect(drafting?.tokensPerStep).toBeGreaterThan(1);
  expect(renderRunText(result, { verbose: false, columns: 120 })).toMatch(
    /MTP: \d+ of \d+ drafts accepted \(\d+\.\d %\), 1\.\d\d tokens per step of a sequence instead of 1/,
  );
  const without = await runSuite(options);
  expect(without.work.drafting).toBeUndefined();
  expect(without.record.settings).not.toHaveProperty('mtp');
  expect(renderRunText(without, { verbose: false })).not.toContain('MTP');
  await engine.close();
});

test('tokens per step count a sequence, whatever the batch', () => {
  const drafting = { steps: 100, taken: 160, drafted: 80, accepted: 60, acceptance: 0.75, tokensPerStep: 1.6 };
  expect(renderDrafting(drafting)).toBe(
    'MTP: 60 of 80 drafts accepted (75.0 %), 1.60 tokens per step of a sequence instead of 1',
  );
});

test('is refused before anything is written where the model has no module', async () => {
  const out = path.join(home, 'refused');
  const failed = runSuite({ engine: fakeEngine(), suite: 'math500', dataDir: 'embedded', limit: 1, mtp: true, out });
  await expect(failed).rejects.toMatchObject({ code: 'engine/mtp', exitCode: 3 });
  expect(() => read(out, 'run.json')).toThrow(/ENOENT/);
});
