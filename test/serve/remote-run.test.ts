/** A suite run on a real `evalrun serve` has the scores of the same suite run here, also when the server is killed half way. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Engine } from '../../engine/engine.js';
import { loadEngine } from '../../engine/load-engine.js';
import { openRemoteEngine, type RemoteEngineOptions } from '../../engine/remote/open-remote-engine.js';
import { packageRoot } from '../../package-root.js';
import { type RunSuiteOptions, runSuite } from '../../runner/run-suite.js';
import { fakePrograms } from '../runner/fake-programs.js';
import { type ServeProcess, startServe } from './serve-process.js';

const model = path.join(packageRoot, 'models/nano');
let home: string;
let local: Engine;
let server: ServeProcess;
beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-remote-run-'));
  [local, server] = await Promise.all([loadEngine({ model }), startServe()]);
});
afterAll(async () => {
  await Promise.all([local.close(), server.kill()]);
  rmSync(home, { recursive: true });
});

type Line = Record<string, unknown> & { choices: Record<string, number> };

async function lines(engine: Engine, options: Partial<RunSuiteOptions>): Promise<Line[]> {
  const { folder } = await runSuite({ engine, dataDir: 'embedded', out: home, ...options });
  const text = readFileSync(path.join(folder, 'samples.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

async function remote<T>(options: Partial<RemoteEngineOptions>, work: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await openRemoteEngine({ baseUrl: server.baseUrl, ...options });
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

describe('a suite on a server', () => {
  test.each([
    ['text', {}],
    ['token ids', { tokenizer: model }],
  ])('by log-likelihood, its prompts sent as %s, has the local letters and log-probabilities', async (_, options) => {
    const asked = { suite: 'mmlu', limit: 12, shots: 2 };
    const here = await lines(local, asked);
    const there = await remote(options, (engine) => lines(engine, asked));
    expect(there.map(({ id, answer, prompt_tokens }) => [id, answer, prompt_tokens])).toEqual(
      here.map(({ id, answer, prompt_tokens }) => [id, answer, prompt_tokens]),
    );
    const differences = here.flatMap(({ choices }, at) =>
      Object.entries(choices).map(([label, value]) => Math.abs(value - (there[at]?.choices[label] ?? Number.NaN))),
    );
    expect(Math.max(...differences)).toBe(0);
  });

  test.each([
    ['humaneval' as const, {}],
    ['gsm8k' as const, {}],
    ['gsm8k' as const, { tokenizer: model }],
  ])('of written answers (%s, %j) has the local texts', async (suite, options) => {
    const judged = { suite, limit: 4, maxTokens: 40, openPrograms: async () => fakePrograms() };
    const texts = (all: Line[]) =>
      all.map(({ id, output, end, prompt_tokens: asked, completion_tokens: written }) => [
        id,
        output,
        end,
        asked,
        written,
      ]);
    const here = await lines(local, judged);
    const there = await remote(options, (engine) => lines(engine, judged));
    expect(texts(there)).toEqual(texts(here));
  });
});

describe('a server that is killed half way and comes back', () => {
  test('is asked again for what it had not answered, and nothing else', async () => {
    const doomed = await startServe();
    const { port } = doomed;
    const asked = { suite: 'mmlu', limit: 40, shots: 1 };
    const retry = { patienceMs: 60_000, firstPauseMs: 50, longestPauseMs: 500 };
    let again: Promise<ServeProcess> | undefined;
    const there = await remote({ baseUrl: doomed.baseUrl, retry, concurrency: 4 }, (engine) =>
      lines(engine, {
        ...asked,
        onProgress: ({ done }) => {
          if (done < 5 || again !== undefined) return;
          again = doomed.kill('SIGKILL').then(() => startServe({ port }));
        },
      }),
    );
    expect(again).toBeDefined();
    await (await again)?.kill();
    const here = await lines(local, asked);
    expect(there.map(({ id, answer, choices }) => [id, answer, choices])).toEqual(
      here.map(({ id, answer, choices }) => [id, answer, choices]),
    );
  });
});
