/** Clients that send too much, too slowly or nothing, never read, go away, or have no key: each alone has the damage. */
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadEngine } from '../../engine/load-engine.js';
import type { LocalEngine } from '../../engine/local-engine.js';
import { packageRoot } from '../../package-root.js';
import { type EvalServer, openServer } from '../../serve/open-server.js';
import { post, type ServeProcess, startServe } from './serve-process.js';

let server: ServeProcess;
beforeAll(async () => {
  server = await startServe({ args: ['--queue', '40', '--kv-tokens', '2048'] });
});
afterAll(() => server.kill());

const short = { prompt: 'The capital of France is', max_tokens: 4, temperature: 0 };
const endless = { prompt: 'Once', max_tokens: 1500, temperature: 1, ignore_eos: true, stream: true };
const ask = (body: unknown) => post(`${server.baseUrl}/completions`, body);

async function stillAnswers(): Promise<void> {
  const { status, body } = await ask(short);
  expect([status, body.choices[0].text]).toEqual([200, ' Paris\nThe']);
}

function rawRequest(body: string, more = ''): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  const head = `POST /v1/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${more}`;
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.write(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
      resolve(socket);
    });
  });
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${server.origin}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

async function until(holds: () => Promise<boolean>, ms = 10_000): Promise<void> {
  for (const begin = performance.now(); performance.now() - begin < ms; ) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not happen in time');
}

describe('a client that', () => {
  test.each([
    ['says how long it is', true],
    ['does not say how long it is', false],
  ])('sends 100 MB gets 413 (and %s)', async (_, isSized) => {
    const chunk = Buffer.alloc(1 << 20, 0x20);
    let left = 100;
    const stream = new ReadableStream({
      pull(controller) {
        left -= 1;
        if (left < 0) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const body = isSized ? Buffer.alloc(100 << 20, 0x20) : stream;
    const options = { method: 'POST', headers: { 'content-type': 'application/json' }, body, duplex: 'half' };
    const response = await fetch(`${server.baseUrl}/completions`, options as RequestInit);
    expect(response.status).toBe(413);
    // Ended by the server while this still sends, the connection would be reset, now and then before the answer is read.
    expect(response.headers.get('connection')).not.toBe('close');
    expect(((await response.json()) as { error: { message: string } }).error.message).toMatch(
      /too large. Expected at most 8388608 bytes/,
    );
    await stillAnswers();
  });

  test('goes away has its work given up', async () => {
    const before = await metric('evalrun_cancelled_requests_total');
    const computed = async () => (await metric('evalrun_tokens_total\\{kind="completion"\\}')) || 0;
    const start = await computed();
    const sockets = [
      await rawRequest(JSON.stringify(endless)),
      await rawRequest(JSON.stringify({ ...endless, stream: false })),
    ];
    await until(async () => (await metric('evalrun_texts_running')) + (await metric('evalrun_texts_waiting')) === 2);
    for (const socket of sockets) socket.destroy();
    await until(async () => (await metric('evalrun_texts_running')) + (await metric('evalrun_texts_waiting')) === 0);
    expect(await metric('evalrun_cancelled_requests_total')).toBe(before + 2);
    expect(await metric('evalrun_kv_pages_used')).toBe(0);
    // Of the 3,000 that were asked for.
    expect((await computed()) - start).toBeLessThan(1500);
  });

  test('never reads holds up nobody', async () => {
    const silent = await Promise.all([1, 2].map(() => rawRequest(JSON.stringify({ ...endless, max_tokens: 800 }))));
    for (const socket of silent) socket.pause();
    await Promise.all([stillAnswers(), stillAnswers(), stillAnswers()]);
    for (const socket of silent) socket.destroy();
  });

  test('asks for more than may wait gets 429 and a time to come back', async () => {
    const crowd = Array.from({ length: 60 }, () => ask({ ...endless, stream: false, n: 2, max_tokens: 12 }));
    const answers = await Promise.all(crowd);
    const refused = answers.filter(({ status }) => status === 429);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
    for (const { headers, body } of refused) {
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(body.error.type).toBe('rate_limit_error');
    }
    await stillAnswers();
  });
});

describe('with short limits', () => {
  let engine: LocalEngine;
  let own: EvalServer;
  let port: number;
  beforeAll(async () => {
    engine = await loadEngine({ model: path.join(packageRoot, 'models/nano'), kvTokens: 4096 });
    const limits = {
      headersTimeoutMs: 300,
      requestTimeoutMs: 600,
      writeTimeoutMs: 300,
      writeBytes: 1 << 16,
      drainMs: 3000,
    };
    own = await openServer({ engine, port: 0, limits });
    port = Number(new URL(own.baseUrl).port);
  });
  afterAll(async () => {
    await own.close();
    await engine.close();
  });

  const head = 'POST /v1/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';

  test('a body without an end is refused, and cut off when its time is up', async () => {
    const socket = connect(port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    let answer = '';
    socket.on('data', (text) => {
      answer += text;
    });
    socket.on('error', () => {});
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n`);
    const chunk = Buffer.alloc(1 << 20, 0x20);
    const send = setInterval(
      () => socket.writable && socket.write(Buffer.concat([Buffer.from('100000\r\n'), chunk, Buffer.from('\r\n')])),
      5,
    );
    await closed;
    clearInterval(send);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });

  test.each([
    ['head', `${head}x-`, 'a'],
    ['body', `${head}content-length: 4000\r\n\r\n{"prompt": `, ' '],
  ])('a request whose %s drips in is cut off', async (_, begin, drop) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (text) => {
      answer += text;
    });
    socket.on('error', () => {});
    socket.write(begin);
    const drip = setInterval(() => socket.write(drop), 100);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drip);
    expect(answer).toMatch(/^HTTP\/1.1 408 [\s\S]*"type":"invalid_request_error"/);
  });

  test('an answer that is not read is given up', async () => {
    // Far more than the system's buffers hold.
    const asked = {
      prompt: 'Once',
      n: 16,
      max_tokens: 230,
      ignore_eos: true,
      logprobs: 100,
      temperature: 0,
      stream: true,
    };
    const body = JSON.stringify(asked);
    const unread = connect(port, '127.0.0.1');
    unread.on('error', () => {});
    unread.pause();
    unread.write(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    await until(async () => /evalrun_cancelled_requests_total 1/.test(await metrics()), 40_000);
    unread.destroy();
  });
});

describe('a key', () => {
  test('is asked of everybody once there is one, and a public address needs one', async () => {
    const own = await startServe({ env: { EVALRUN_API_KEY: 'canary-5f1' }, args: ['--host', '127.0.0.1'] });
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${own.baseUrl}/models`, { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status({ authorization: 'Bearer canary-5f' })).toBe(401);
    expect(await status({ authorization: 'Bearer canary-5f1' })).toBe(200);
    expect((await fetch(`${own.origin}/metrics`)).status).toBe(401);
    expect((await fetch(`${own.origin}/health`)).status).toBe(200);
    await own.kill();
    expect(own.stderr()).not.toMatch(/canary/);
    await expect(startServe({ args: ['--host', '0.0.0.0'] })).rejects.toThrow(/ended with 3: .*EVALRUN_API_KEY/s);
  });
});

describe('SIGTERM', () => {
  test('lets what was asked be finished, and nothing new begin', async () => {
    const own = await startServe();
    const running = post(`${own.baseUrl}/completions`, { ...endless, stream: false, max_tokens: 200 });
    await new Promise((resolve) => setTimeout(resolve, 150));
    own.child.kill('SIGTERM');
    const { status, body } = await running;
    expect([status, body.usage.completion_tokens]).toEqual([200, 200]);
    expect(await own.ended).toEqual([0, null]);
    expect(own.stderr()).not.toMatch(/Gave up/);
  });

  test('gives up after the deadline, and says so to the client', async () => {
    const own = await startServe({ args: ['--drain', '1'] });
    const body = { ...endless, max_tokens: 7000 };
    const response = await fetch(`${own.baseUrl}/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = response.text();
    own.child.kill('SIGTERM');
    expect((await text).slice(-400)).toMatch(/"code":"engine_closed".*\n\ndata: \[DONE\]/);
    expect(await own.ended).toEqual([0, null]);
    expect(own.stderr()).toMatch(/Gave up what was not finished after 1 s/);
  });
});

describe('twenty streams at a time', () => {
  test('get the same texts as one after the other, and none waits much longer than the others', async () => {
    const stream = async (i: number) => {
      const begin = performance.now();
      const { status, body } = await post(`${server.baseUrl}/completions`, {
        prompt: `Question ${i % 4}: why?\nAnswer:`,
        max_tokens: 40,
        temperature: 0.9,
        seed: i % 4,
      });
      return { status, text: body.choices[0].text as string, ms: performance.now() - begin };
    };
    const alone = [await stream(0), await stream(1), await stream(2), await stream(3)];
    const crowd = await Promise.all(Array.from({ length: 20 }, (_, i) => stream(i)));
    for (const [i, { status, text }] of crowd.entries()) expect([status, text]).toEqual([200, alone[i % 4]?.text]);
    const times = crowd.map(({ ms }) => ms).sort((a, b) => a - b);
    expect(times.at(-1)).toBeLessThan(10 * (times[10] as number));
  });
});
