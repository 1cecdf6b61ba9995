/// <reference lib="dom" />
import { appendFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { renderSampleLine } from '../../runner/sample-line.js';
import { serveRuns, type View } from '../../viewer/server.js';
import { sampleLine } from '../runner/run-fixture.js';
import { storeRun, temporaryRuns } from '../runner/stored-runs.js';

const executablePath = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((file) => file !== undefined && existsSync(file));
const inBrowser = executablePath === undefined ? describe.skip : describe;
const why = executablePath === undefined ? ' (skipped: no Chromium; install it or name it in CHROMIUM)' : '';
const right = [true, false, true, true];

inBrowser(`evalrun view in a browser${why}`, () => {
  let folder: string;
  let view: View;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  beforeAll(async () => {
    folder = temporaryRuns();
    storeRun(folder, { name: 'run-1', right });
    writeFileSync(path.join(storeRun(folder, { name: 'run-2', right }), 'report.html'), attack);
    storeRun(folder, { name: '<img src=x onerror=alert(1)>', right });
    const running = storeRun(folder, { name: 'run-3', right, stopAfter: 1 });
    writeFileSync(path.join(running, 'lock'), JSON.stringify({ pid: 1, host: `not-${hostname()}`, start: null }));
    view = await serveRuns({ folder, port: 0, pollMs: 50 });
    // Chromium's own sandbox needs what containers often lack; the pages are ours.
    browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ['--no-sandbox'] });
    page = await browser.newPage({ locale: 'en-US' });
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await view.close();
    rmSync(folder, { recursive: true });
  });

  test('lists the runs, shows new ones by itself, and speaks Chinese', async () => {
    await page.goto(view.url);
    await page.waitForFunction(() => document.querySelectorAll('#rows tr').length === 4);
    const statuses = await page.locator('#rows .status').allTextContents();
    expect([...statuses].sort()).toEqual(['complete', 'complete', 'complete', 'running']);
    expect(await page.locator('#rows').textContent()).toContain('<img src=x onerror=alert(1)>');
    storeRun(folder, { name: 'run-9', right });
    await page.waitForFunction(() => document.querySelectorAll('#rows tr').length === 5);
    expect(await page.locator('#connection').textContent()).toBe('Live');
    await page.click('#language-switch');
    expect(await page.locator('#connection').textContent()).toBe('实时更新');
    expect(await page.locator('#rows .status').first().textContent()).toMatch(/已完成|运行中/);
    await page.click('#language-switch');
    expect(complaints).toEqual([]);
  });

  test('opens a report', async () => {
    await page.goto(view.url);
    await page.click('#rows a[href="/run/run-1"]');
    await page.waitForSelector('h1');
    expect(await page.locator('h1').textContent()).toBe('run-1');
    expect(complaints).toEqual([]);
  });

  test('follows a running run: samples, throughput, and its end', async () => {
    await page.goto(view.url);
    await page.click('#rows a[href="/live/run-3"]');
    await page.waitForFunction(() => document.getElementById('done')?.textContent === '1 / 4');
    const run = path.join(folder, 'run-3');
    const hostile = sampleLine({
      id: 'mmlu/anatomy/1',
      group: 'anatomy',
      status: 'wrong',
      answer: '<script>alert(1)</script>',
      target: '</table>',
    });
    appendFileSync(path.join(run, 'samples.jsonl'), renderSampleLine(hostile));
    appendFileSync(
      path.join(run, 'telemetry.jsonl'),
      '{"type":"engine","seconds":2,"prefill_tokens":1500,"decode_tokens":20,"resident_bytes":1048576}\n',
    );
    await page.waitForFunction(() => document.getElementById('done')?.textContent === '2 / 4');
    await page.waitForFunction(() => document.getElementById('memory')?.textContent === '1 MiB');
    expect(await page.locator('#recent-rows tr').first().textContent()).toContain('<script>alert(1)</script>');
    expect(await page.locator('#speed-now').textContent()).toContain('prefill 1,500 tokens/s');
    expect(await page.locator('#speed-chart polyline').count()).toBe(2);
    storeRun(folder, { name: 'run-3', right });
    rmSync(path.join(run, 'lock'));
    await page.waitForFunction(() => document.getElementById('status')?.textContent === 'complete');
    expect(await page.locator('#report').textContent()).toBe('Report');
    expect(complaints).toEqual([]);
  });

  test('a report that somebody else wrote runs apart: it reaches neither the server nor anything else', async () => {
    await page.goto(new URL('/run/run-2', view.url).href);
    await page.waitForFunction(() => document.getElementById('result')?.textContent?.split(',').length === 3);
    expect(await page.locator('#result').textContent()).toBe('null,blocked,blocked');
    // The browser says aloud what it refused.
    complaints.length = 0;
  });

  test('says so when the server is gone', async () => {
    const second = await serveRuns({ folder, port: 0, pollMs: 50 });
    await page.goto(second.url);
    await page.waitForFunction(() => document.getElementById('connection')?.textContent === 'Live');
    await second.close();
    await page.waitForFunction(() => document.getElementById('connection')?.textContent?.startsWith('No connection'));
    complaints.length = 0;
  });
});

/** Asks where it is, and for the list of runs and another site. */
const attack = `<p id="result"></p><script>
const said = [self.origin];
const tell = (text) => { said.push(text); document.getElementById('result').textContent = said.join(','); };
for (const url of [location.protocol + '//' + location.host + '/', 'https://example.com/']) {
  fetch(url).then(() => tell('reached'), () => tell('blocked'));
}
</script>`;
