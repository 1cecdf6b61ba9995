/** A server that misbehaves in every way there is: each planned sample ends exactly once, with a status that says what happened. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openRemoteEngine, type RemoteEngineOptions } from '../../../engine/remote/open-remote-engine.js';
import type { OpenAiEngine } from '../../../engine/remote/openai-engine.js';
import { runSuite } from '../../../runner/run-suite.js';
import { type Fault, type StubOptions, type StubServer, startStub } from './stub-server.js';

let home: string;
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-remote-'));
});
afterAll(() => rmSync(home, { recursive: true }));

/** Patience of milliseconds, so that giving up is seen as well. */
const retry = { firstPauseMs: 2, longestPauseMs: 20, patienceMs: 150, brokenTries: 3, slowTries: 2 };
/** Where nothing is to be given up, however long a busy machine takes for a good answer. */
const patient = { ...retry, patienceMs: 30_000, brokenTries: 100, slowTries: 100 };

async function withStub<T>(
  options: StubOptions,
  work: (engine: OpenAiEngine, stub: StubServer) => Promise<T>,
  more: Partial<RemoteEngineOptions> = {},
): Promise<T> {
  const stub = await startStub(options);
  const engine = await openRemoteEngine({ baseUrl: stub.baseUrl, retry, timeoutMs: 30_000, ...more });
  try {
    return await work(engine, stub);
  } finally {
    await engine.close();
    await stub.close();
  }
}

interface Line {
  readonly id: string;
  readonly status: string;
  readonly answer: string | null;
  readonly error?: string;
  readonly choices: Record<string, number | null>;
  readonly bounds?: Record<string, number>;
  readonly margin: number | null;
}

const linesOf = (folder: string): Line[] =>
  readFileSync(path.join(folder, 'samples.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

const asked = { suite: 'mmlu', dataDir: 'embedded', shots: 0, limit: 12 };
const run = async (engine: OpenAiEngine, more: object = {}) => {
  const { folder, metrics } = await runSuite({ engine, ...asked, out: home, ...more });
  return { folder, metrics, lines: linesOf(folder) };
};

const html = '<!doctype html><html><head><style>p{}</style></head><body><h1>502 Bad Gateway</h1></body></html>';
const every = (fault: Fault) => () => fault;
const firstTry =
  (fault: Fault) =>
  ({ before }: { before: number }) =>
    before === 0 ? fault : undefined;

const faults: [name: string, fault: Fault, says: RegExp][] = [
  ['answers 500', { kind: 'status', status: 500, body: '{"error":{"message":"boom"}}' }, /^broken: HTTP 500: boom$/],
  ['answers 429', { kind: 'status', status: 429, headers: { 'retry-after': '0.01' } }, /^overloaded: HTTP 429/],
  [
    'answers 503 with a page',
    { kind: 'status', status: 503, body: html, headers: { 'content-type': 'text/html' } },
    /^overloaded: HTTP 503: 502 Bad Gateway$/,
  ],
  ['resets the connection', { kind: 'reset' }, /^unreachable: .*(ECONNRESET|closed)/],
  ['never answers', { kind: 'silence' }, /^slow: no whole answer in time$/],
  ['cuts its answers off', { kind: 'cut', bytes: 30 }, /^broken: the answer was cut off/],
  ['drips its answers', { kind: 'drip' }, /^slow: no whole answer in time$/],
  ['answers with a page', { kind: 'body', type: 'text/html', body: html }, /^broken: the answer is not JSON/],
  [
    'answers with JSON of the wrong type',
    { kind: 'body', type: 'text/plain', body: '{"choices":[]}' },
    /^broken: the answer is not JSON/,
  ],
  [
    'answers with half of JSON',
    { kind: 'body', type: 'application/json', body: '{"choices": [{' },
    /^broken: the answer is not JSON/,
  ],
  [
    'answers with other JSON',
    { kind: 'body', type: 'application/json', body: '{"choices":[{"message":{}}]}' },
    /another shape than OpenAI's: choices.0.text/,
  ],
  [
    'answers with no choices',
    { kind: 'body', type: 'application/json', body: '{"choices":[]}' },
    /another shape than OpenAI's: choices/,
  ],
  [
    'answers without log-probabilities',
    { kind: 'body', type: 'application/json', body: '{"choices":[{"text":"A"}]}' },
    /holds no log-probabilities/,
  ],
  [
    'answers without end',
    { kind: 'body', type: 'application/json', body: Buffer.alloc(70 << 20, 0x20) },
    /^(broken|slow): /,
  ],
  ['redirects', { kind: 'status', status: 302, headers: { location: 'http://127.0.0.1:9/' } }, /^refused: HTTP 302/],
  [
    'refuses the request',
    { kind: 'status', status: 400, body: '{"error":{"message":"too long"}}' },
    /^refused: HTTP 400: too long$/,
  ],
];

/** Faults that are seen by waiting: only these are waited for briefly, so that a good answer is not late on a busy machine. */
const isSlow = ({ kind }: Fault) => kind === 'silence' || kind === 'drip';

describe('a server that', () => {
  test.each(faults)('always %s ends every sample once, with the reason', async (_, fault, says) => {
    const work = async (engine: OpenAiEngine) => {
      const { lines, metrics } = await run(engine, { limit: 4 });
      expect(lines.map(({ status }) => status)).toEqual(Array(4).fill('engine_error'));
      expect(new Set(lines.map(({ id }) => id)).size).toBe(4);
      for (const { error } of lines) expect(error).toMatch(says);
      expect(metrics.suites.mmlu).toMatchObject({ n: 4, missing: 0, accuracy: 0 });
    };
    await withStub({ fault: every(fault), echo: false }, work, isSlow(fault) ? { timeoutMs: 400 } : {});
  });

  test.each(faults.filter(([name]) => !/refuses|redirects/.test(name)))('once %s is asked again', async (_, fault) => {
    const work = async (engine: OpenAiEngine, stub: StubServer) => {
      const { lines } = await run(engine, { limit: 4 });
      expect(lines.every(({ answer, error }) => answer === 'A' && error === undefined)).toBe(true);
      const answered = [...stub.answered.values()];
      if (!isSlow(fault)) expect(answered).toEqual([1, 1, 1, 1]);
      else expect(answered.map((times) => times > 0)).toEqual(Array(4).fill(true));
    };
    const more = { retry: patient, ...(isSlow(fault) && { timeoutMs: 400 }) };
    await withStub({ fault: firstTry(fault), echo: false }, work, more);
  });

  test('fails at some questions is asked them again on resume, and never the others', async () => {
    let isBroken = true;
    const fault = ({ prompt }: { prompt: string }): Fault | undefined =>
      isBroken && prompt.length % 2 === 0 ? { kind: 'status', status: 500 } : undefined;
    await withStub({ fault }, async (engine, stub) => {
      const first = await run(engine);
      const failed = first.lines.filter(({ status }) => status === 'engine_error').length;
      expect(failed).toBeGreaterThan(0);
      expect(failed).toBeLessThan(12);
      isBroken = false;
      const before = stub.bodies.length;
      const { folder } = await runSuite({ engine, resume: first.folder });
      expect(linesOf(folder).map(({ id }) => id)).toEqual(first.lines.map(({ id }) => id));
      expect(linesOf(folder).every(({ answer }) => answer === 'A')).toBe(true);
      // Two for the comparison of both ways before the first question.
      expect(stub.bodies.length - before).toBeLessThanOrEqual(failed + 2);
    });
  });

  test('takes no key stops the run, which can go on with the right one; the key is nowhere', async () => {
    const key = 'canary-83e1f0';
    const stub = await startStub({ key });
    const open = (apiKey: string) => openRemoteEngine({ baseUrl: stub.baseUrl, retry, apiKey });
    await expect(open('canary-wrong')).rejects.toThrow(/refuses this client.*\[key\]/);
    await expect(open('canary-wrong')).rejects.not.toThrow(/canary-wrong/);
    const engine = await open(key);
    const { folder } = await run(engine, { command: ['evalrun'] });
    expect([...stub.authorizations]).toContain(`Bearer ${key}`);
    for (const file of ['run.json', 'samples.jsonl', 'metrics.json', 'telemetry.jsonl']) {
      expect(readFileSync(path.join(folder, file), 'utf8')).not.toMatch(/canary/);
    }
    await engine.close();
    await stub.close();
  });
});

describe('letters that are not among the listed tokens', () => {
  const only = (next: Record<string, number>, more: StubOptions = {}) => ({ next: () => next, echo: false, ...more });

  test('are bounded by the least listed one, and decide nothing when it is below the best letter', async () => {
    const next = { ' A': -0.5, ' x': -1, ' y': -2, ' B': -1.5, ' C': -8, ' D': -9 };
    await withStub(only(next, { top: 5 }), async (engine) => {
      const [line] = (await run(engine, { limit: 1 })).lines;
      expect(line).toMatchObject({
        answer: 'A',
        choices: { A: -0.5, B: -1.5, C: -8, D: null },
        bounds: { D: -8 },
        margin: 1,
      });
    });
  });

  test('make a sample undecided when any of them may be the best', async () => {
    await withStub(only({ ' x': -0.1, ' y': -2, ' z': -3, ' A': -4 }, { top: 1 }), async (engine) => {
      const { lines, metrics } = await run(engine, { limit: 2 });
      expect(lines[0]).toMatchObject({ status: 'engine_error', answer: null, margin: null });
      expect(lines[0]?.error).toMatch(
        /^undecided: not among the listed tokens are A, at most -0.1; B, at most -0.1; C, at most -0.1; D, at most -0.1$/,
      );
      expect(metrics.suites.mmlu?.statuses.engine_error).toBe(2);
    });
  });

  test('are read from an echo where the server has one', async () => {
    const next = { ' x': -0.1, ' A': -4, ' B': -3, ' C': -5, ' D': -6 };
    await withStub({ next: () => next, top: 1 }, async (engine) => {
      const [line] = (await run(engine, { limit: 1 })).lines;
      expect(line).toMatchObject({ answer: 'B', choices: { A: -4, B: -3, C: -5, D: -6 } });
      expect(line).not.toHaveProperty('bounds');
    });
  });

  test('are refused before the first question where the server tells nothing', async () => {
    await withStub({ top: 0, echo: false }, async (engine) => {
      await expect(run(engine)).rejects.toThrow(/tells no log-probabilities of texts.*written answers/);
    });
  });
});

describe('written answers', () => {
  const math = { suite: 'gsm8k', dataDir: 'embedded', limit: 3, maxTokens: 50 };
  const write = async (options: StubOptions, more: object = {}) =>
    withStub(options, async (engine, stub) => {
      const { folder, metrics } = await runSuite({ engine, ...math, out: home, ...more });
      const text = readFileSync(path.join(folder, 'run.json'), 'utf8');
      return {
        lines: linesOf(folder) as unknown as Record<string, unknown>[],
        metrics,
        stub,
        record: JSON.parse(text),
      };
    });

  test('of a chat keep what was thought apart, and how they ended', async () => {
    const { lines, record, stub } = await write({
      write: () => ({ text: 'It is \\boxed{7}.', reasoning: 'Let me see: \\boxed{8}', finish: 'stop' }),
    });
    expect(lines[0]).toMatchObject({
      output: 'It is \\boxed{7}.',
      thinking: 'Let me see: \\boxed{8}',
      answer: '7',
      end: 'eos',
    });
    expect(record.suites[0].generation).toMatchObject({ endpoint: 'chat', chat_template_sha256: null });
    expect(stub.bodies[0]).toMatchObject({ max_tokens: 50, temperature: 0 });
    expect(record.engine).toMatchObject({
      kind: 'remote',
      dtype: 'unknown',
      remote: { server: 'stub/1', determinism: { asked: 4, equal: true }, abilities: { chat: true, top_log_probs: 6 } },
    });
    expect(JSON.parse(record.engine.remote.entry)).toMatchObject({ id: 'stub', max_model_len: 4096 });
  });

  test.each([
    ['length', 'truncated', 'truncated'],
    ['content_filter', 'engine_error', 'error'],
    ['tool_calls', 'engine_error', 'error'],
  ])('that end by %s are %s', async (finish, status, end) => {
    const { lines, metrics } = await write({ write: () => ({ text: 'and so', finish }) });
    expect(lines.map((line) => [line.status, line.end])).toEqual(Array(3).fill([status, end]));
    expect(metrics.suites.gsm8k?.invalid).toBeDefined();
  });

  test('are cut at stop strings whatever the server does about them, and however many it takes', async () => {
    const fault = ({ body }: { body: Record<string, unknown> }): Fault | undefined =>
      (body.stop as string[]).length > 4
        ? { kind: 'status', status: 400, body: '{"error":{"message":"stop: at most 4"}}' }
        : undefined;
    await withStub({ fault, write: () => ({ text: 'x = 1\nprint(x)\nclass A' }) }, async (engine, stub) => {
      const stop = ['\nclass', '\ndef', '\n#', '\nif', '\nprint'];
      const results = [];
      for await (const one of engine.generate([{ id: 'a', context: [], text: 'q', maxTokens: 9, stop }]))
        results.push(one);
      expect(results).toMatchObject([{ id: 'a', text: 'x = 1', end: 'stop', completionTokens: 1 }]);
      expect(stub.bodies.map(({ stop }) => (stop as string[]).length)).toEqual([5, 4]);
    });
  });

  test('drawn several times have a seed each', async () => {
    const { stub, lines } = await write({}, { samples: 3, temperature: 0.5 });
    expect(new Set(stub.bodies.map(({ seed }) => seed)).size).toBe(9);
    expect(lines).toHaveLength(9);
  });
});

describe('a crowd', () => {
  test('of requests is never larger than asked for, and smaller after an overload', async () => {
    let storm = 40;
    const fault = (): Fault | undefined =>
      storm-- > 0 ? { kind: 'status', status: 429, headers: { 'retry-after': '0' } } : undefined;
    await withStub(
      { fault },
      async (engine, stub) => {
        const { lines } = await run(engine, { limit: 40 });
        expect(lines.every(({ answer }) => answer === 'A')).toBe(true);
        expect([...stub.answered.values()].reduce((sum, n) => sum + n, 0)).toBeGreaterThanOrEqual(40);
        expect(stub.crowd()).toBeLessThanOrEqual(6);
      },
      { retry: patient, concurrency: 6 },
    );
  });

  test('ends at once when it is interrupted', async () => {
    const stop = new AbortController();
    await withStub(
      { fault: () => ({ kind: 'silence' }) },
      async (engine) => {
        const running = run(engine, { signal: stop.signal });
        setTimeout(() => stop.abort(), 50);
        await expect(running).rejects.toThrow(/[Ii]nterrupted/);
      },
      { signal: stop.signal, timeoutMs: 60_000 },
    );
  });
});
