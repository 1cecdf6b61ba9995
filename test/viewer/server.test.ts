import { appendFileSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { hostname, networkInterfaces } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { renderSampleLine } from '../../runner/sample-line.js';
import { serveRuns, type View } from '../../viewer/server.js';
import { sampleLine } from '../runner/run-fixture.js';
import { storeRun, temporaryRuns } from '../runner/stored-runs.js';

const right = [true, false, true, true];
let outside: string;
let folder: string;
let view: View;
beforeAll(async () => {
  outside = temporaryRuns();
  folder = path.join(outside, 'runs');
  mkdirSync(folder);
  writeFileSync(path.join(outside, 'secret.txt'), 'SECRET');
  storeRun(outside, { name: 'private', right });
  writeFileSync(path.join(storeRun(folder, { name: 'run-1', right }), 'report.html'), '<script>1</script>THE REPORT');
  storeRun(folder, { name: 'run-2', right });
  const running = storeRun(folder, { name: 'run-3', right, stopAfter: 1 });
  writeFileSync(path.join(running, 'lock'), JSON.stringify({ pid: 1, host: `not-${hostname()}`, start: null }));
  storeRun(path.join(folder, 'nightly'), { name: '<b>&"\'\n', right });
  symlinkSync(path.join(outside, 'private'), path.join(folder, 'link'));
  symlinkSync(path.join(outside, 'secret.txt'), path.join(storeRun(folder, { name: 'run-4', right }), 'report.html'));
  const linked = storeRun(folder, { name: 'run-5', right });
  rmSync(path.join(linked, 'samples.jsonl'));
  symlinkSync(path.join(outside, 'secret.txt'), path.join(linked, 'samples.jsonl'));
  view = await serveRuns({ folder, port: 0, pollMs: 30, heartbeatMs: 100 });
});
afterAll(async () => {
  await view.close();
  rmSync(outside, { recursive: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

/** `target` goes out as it is: fetch would tidy `..` away. */
function get(target: string, { method = 'GET', headers = {} }: Asked = {}): Promise<Answer> {
  const { hostname: host, port } = new URL(view.url);
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ host, port, path: target, method, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (text: Buffer) => {
        body += text.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

interface Following {
  readonly next: (isWanted: (state: Record<string, unknown>) => boolean) => Promise<Record<string, unknown>>;
  readonly received: () => string;
  readonly close: () => void;
}

function follow(target: string): Following {
  let text = '';
  const asked = httpRequest(new URL(target, view.url), { agent: false }, (response) => {
    response.on('data', (piece: Buffer) => {
      text += piece.toString();
    });
  });
  asked.on('error', () => {});
  asked.end();
  const states = () =>
    [...text.matchAll(/^event: state\ndata: (.*)\n\n/gm)].map(
      ([, json = '']) => JSON.parse(json) as Record<string, unknown>,
    );
  return {
    received: () => text,
    close: () => asked.destroy(),
    async next(isWanted) {
      for (let n = 0; n < 1000; n++) {
        const found = states().find(isWanted);
        if (found !== undefined) return found;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      throw new Error(`no such state in ${text}`);
    },
  };
}

describe('what is served', () => {
  test('the list, with every run and its status', async () => {
    const { status, headers, body } = await get('/');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    for (const name of ['run-1', 'run-2', 'run-3']) expect(body).toContain(`"name":"${name}"`);
    expect(body).toContain('"status":"running"');
    expect(body).toContain('default-src &#x27;none&#x27;');
    expect(body).not.toContain('private"');
  });

  test('report.html of a run as it is, in a sandbox', async () => {
    const { status, headers, body } = await get('/run/run-1');
    expect([status, body]).toEqual([200, '<script>1</script>THE REPORT']);
    expect(headers['content-security-policy']).toMatch(/^sandbox allow-scripts allow-modals; default-src 'none'/);
  });

  test('a report made for the answer where there is none, and nothing is written', async () => {
    const before = treeOf();
    const { status, body } = await get('/run/run-2');
    expect(status).toBe(200);
    expect(body).toContain('run-2');
    expect(body.length).toBeGreaterThan(10_000);
    await get('/run/run-3');
    expect(treeOf()).toEqual(before);
  });

  test('pages of runs with strange names, whose text stays text', async () => {
    const name = encodeURIComponent('nightly/<b>&"\'\n');
    for (const place of ['run', 'live']) {
      const { status, body } = await get(`/${place}/${name}`);
      expect(status).toBe(200);
      expect(body).not.toContain('<b>&"');
    }
  });

  test('HEAD is answered without a body', async () => {
    for (const target of ['/', '/run/run-1', '/run/run-2', '/events', '/nothing']) {
      const { status, headers, body } = await get(target, { method: 'HEAD' });
      expect([target, status, body, headers['content-type']]).toEqual([
        target,
        target === '/nothing' ? 404 : 200,
        '',
        expect.any(String),
      ]);
    }
  });

  test('in Chinese to browsers that ask for it first', async () => {
    expect((await get('/', { headers: { 'Accept-Language': 'zh-CN,zh;q=0.9,en;q=0.8' } })).body).toContain(
      '<html lang="zh-CN">',
    );
    expect((await get('/', { headers: { 'Accept-Language': 'en,zh;q=0.9' } })).body).toContain('<html lang="en">');
  });
});

describe('what is not served', () => {
  test.each([
    '/run/..%2fprivate',
    '/run/../../private',
    '/run/%2e%2e/private',
    '/run/%2e%2e%2fprivate',
    '/run/%252e%252e%252fprivate',
    '/run/..%5cprivate',
    '/run/run-1%2f..%2f..%2fprivate',
    '/run/run-1%00',
    '/run/%00',
    '/run/%E0%A4%A',
    '/run//etc/passwd',
    '/run/%2fetc%2fpasswd',
    '/run/',
    '/run/link',
    '/run/nightly',
    '/live/link',
    '/events/link',
    '/events/..%2fprivate',
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/secret.txt',
    '/runs/run-1/run.json',
    '/run-1/samples.jsonl',
    '/run/run-1/samples.jsonl',
    '//run/run-1',
    'http://elsewhere/run/run-1',
    '*',
  ])('%s is not found', async (target) => {
    const { status, body } = await get(target);
    expect([status, body]).toEqual([404, 'There is nothing here.\n']);
  });

  test('a report behind a symbolic link, and samples behind one', async () => {
    const linked = await get('/run/run-4');
    expect(linked.status).toBe(200);
    expect(linked.body).not.toContain('SECRET');
    const { status, headers, body } = await get('/run/run-5');
    expect([status, headers['content-type']]).toEqual([422, 'text/plain; charset=utf-8']);
    expect(body).toMatch(/samples.jsonl of this run is not a regular file/);
    const events = follow('/events/run-5');
    expect(await events.next(() => true)).toMatchObject({ suites: [{ done: 0 }], recent: [], damagedLines: 0 });
    events.close();
  });

  test.each([
    'evil.example',
    'evil.example:80',
    '127.0.0.1',
    '127.0.0.1:1',
    'localhost',
    '[::1]:80',
    '127.0.0.1.evil.example',
  ])('requests to the host "%s": its name may have been made to resolve to this machine', async (host) => {
    const { status, body } = await get('/', { headers: { Host: host } });
    expect(status).toBe(403);
    expect(body).not.toContain('run-1');
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'])('%s', async (method) => {
    const { status, headers } = await get('/', { method });
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  test('requests that another site makes, unless they open the page', async () => {
    const from = (site: string, mode: string) => ({ headers: { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': mode } });
    expect((await get('/', from('cross-site', 'no-cors'))).status).toBe(403);
    expect((await get('/events', from('same-site', 'cors'))).status).toBe(403);
    expect((await get('/', from('cross-site', 'navigate'))).status).toBe(200);
    expect((await get('/', from('same-origin', 'cors'))).status).toBe(200);
  });

  test('anything with leave for other origins or without the guarding headers', async () => {
    for (const target of ['/', '/run/run-1', '/run/run-2', '/nothing']) {
      const { headers } = await get(target);
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'content-security-policy': expect.stringMatching(/'none'/),
      });
    }
  });

  test('anything at another address of this machine', async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    const { port } = new URL(view.url);
    for (const { address } of others) await expect(fetch(`http://${address}:${port}/`)).rejects.toThrow();
  });
});

describe('events', () => {
  test('follow a run: counts, latest samples and throughput as its files grow, and its end', async () => {
    const run = path.join(folder, 'run-3');
    const events = follow('/events/run-3');
    const first = await events.next(() => true);
    expect(first).toMatchObject({
      status: 'running',
      suites: [{ suite: 'mmlu', planned: 4, done: 1, statuses: { correct: 1 } }],
    });
    appendFileSync(
      path.join(run, 'samples.jsonl'),
      renderSampleLine(sampleLine({ id: 'mmlu/anatomy/1', group: 'anatomy', status: 'wrong', answer: '<img>\u202e' })),
    );
    const telemetry = {
      type: 'engine',
      seconds: 3,
      steps: 1,
      prefill_tokens: 4000,
      decode_tokens: 100,
      resident_bytes: 5,
    };
    appendFileSync(path.join(run, 'telemetry.jsonl'), `${JSON.stringify(telemetry)}\n{"type":"eng`);
    // The two files are read one after the other: an event may have the one that was written later alone.
    const second = await events.next(
      ({ residentBytes, suites }) => residentBytes === 5 && (suites as { done: number }[])[0]?.done === 2,
    );
    expect(second).toMatchObject({
      suites: [{ done: 2, statuses: { correct: 1, wrong: 1 } }],
      recent: [{ id: 'mmlu/anatomy/1', status: 'wrong', answer: '<img>\\u202e' }, { id: 'mmlu/anatomy/0' }],
    });
    expect((second.speed as unknown[]).at(-1)).toEqual({ seconds: 3, prefillPerSecond: 2000, decodePerSecond: 50 });
    rmSync(path.join(run, 'lock'));
    storeRun(folder, { name: 'run-3', right });
    expect(await events.next(({ status }) => status === 'complete')).toMatchObject({
      suites: [{ done: 4, statuses: { correct: 3, wrong: 1 } }],
    });
    events.close();
  });

  test('follow the list: a new run is there', async () => {
    const events = follow('/events');
    await events.next(() => true);
    storeRun(folder, { name: 'run-8', right });
    await events.next(({ rows }) => (rows as { name: string }[]).some(({ name }) => name === 'run-8'));
    events.close();
  });

  test('have a heartbeat when nothing happens', async () => {
    const events = follow('/events/run-2');
    await events.next(() => true);
    for (let n = 0; n < 500 && !events.received().includes(': still here\n\n'); n++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(events.received()).toContain(': still here\n\n');
    events.close();
  });
});

describe('serveRuns', () => {
  test('ends every connection at once, and gives its port back', async () => {
    const second = await serveRuns({ folder, port: 0 });
    const asked = httpRequest(new URL('/events', second.url), { agent: false });
    const ended = new Promise((resolve) => {
      asked.on('response', (response) => response.resume().on('close', resolve));
      asked.on('error', resolve);
    });
    await new Promise((resolve) => asked.on('response', resolve).end());
    await second.close();
    await ended;
    const third = await serveRuns({ folder, port: Number(new URL(second.url).port) });
    expect(third.url).toBe(second.url);
    await third.close();
  });

  test('refuses a port that is taken and a folder that is none, with what to do', async () => {
    await expect(serveRuns({ folder, port: Number(new URL(view.url).port) })).rejects.toMatchObject({
      code: 'usage/port',
      message: expect.stringMatching(/another program.*--port 0/),
    });
    await expect(serveRuns({ folder: path.join(folder, 'nowhere'), port: 0 })).rejects.toMatchObject({
      code: 'run/not-found',
    });
  });
});

function treeOf(): unknown[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => [name, statSync(path.join(folder, name), { throwIfNoEntry: false })?.mtimeMs]);
}
