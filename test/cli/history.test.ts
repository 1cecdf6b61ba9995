import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import stringWidth from 'string-width';
import { renderHistory } from '../../cli/history-report.js';
import { sparkline } from '../../cli/sparkline.js';
import { historyOf } from '../../runner/history/history-of.js';
import { storeRun, temporaryRuns } from '../runner/stored-runs.js';
import { runCli } from './run-cli.js';

let home: string;
let folder: string;
beforeAll(() => {
  home = temporaryRuns();
  folder = path.join(home, 'runs');
  mkdirSync(folder);
  for (let n = 0; n < 14; n++) {
    const right = Array.from({ length: 80 }, (_, q) => (n < 9 ? q < 60 : q < 44));
    const commit = (n < 9 ? 'a' : 'b').repeat(40);
    const stop = n === 3 ? { stopAfter: 40 } : {};
    storeRun(folder, {
      name: `run-${String(n).padStart(3, '0')}`,
      right,
      record: { evalrun: { version: '0.1.0', commit } },
      ...stop,
    });
  }
  // A run whose every name is hostile.
  const record = {
    model: {
      name: '\u001b[31mred\u202e',
      type: 't',
      random: true,
      weight_fingerprint: 'w',
      tokenizer_sha256: 't',
      total_parameters: 1,
      active_parameters: 1,
      context_length: 1,
      vocab_size: 1,
    },
  };
  storeRun(folder, { name: '<img src=x>\u001b[2J-99', right: [true], record });
});
afterAll(() => rmSync(home, { recursive: true }));

describe('evalrun history', () => {
  test('prints trend, runs, the change and the method', async () => {
    const { code, stdout } = await runCli(['history'], { cwd: home });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mmlu {2}nano {2}bf16/m);
    expect(stdout).toMatch(/75\.0 % -> 55\.0 %, 13 runs/);
    expect(stdout).toMatch(/◆ run-009: -20\.0 points/);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      '0 questions gained and 16 lost in that run. Also changed: evalrun commit aaaaaaaaaaaa -> bbbbbbbbbbbb.',
    );
    expect(stdout).toMatch(/4 earlier runs/);
    expect(stdout).toMatch(/Marks: Every question is its own control/);
  });

  test('--json prints one object and --html writes a page with the same numbers', async () => {
    const file = path.join(home, 'history.html');
    const { code, stdout, stderr } = await runCli(
      ['history', folder, '--suite', 'mmlu', '--model', 'nano', '--json', '--html', file],
      { cwd: home },
    );
    expect(code).toBe(0);
    const history = JSON.parse(stdout);
    expect(history.series).toHaveLength(1);
    expect(history.series[0].changes[0]).toMatchObject({ run: 'run-009', lost: 16 });
    expect(stderr).toContain(`Page: ${file}`);
    const page = readFileSync(file, 'utf8');
    expect(page).toContain('−20.0 points');
    expect(page).toContain('run-009');
  });

  test('the page shows hostile names as text', async () => {
    const file = path.join(home, 'hostile.html');
    await runCli(['history', folder, '--html', file, '--lang', 'zh'], { cwd: home });
    const page = readFileSync(file, 'utf8');
    expect(page).toMatch(/<html lang="zh-CN">/);
    expect(page).toContain('&lt;img src&#x3D;x&gt;');
    expect(page).not.toContain('<img');
    expect(page).not.toMatch(/\u202e|(?!\n)\p{Cc}/u);
  });

  test.each([
    [['history', 'nowhere'], /no folder of runs at nowhere/],
    [['history', '.', '--alarm-rate', '2'], /ratio from 0.001 to 0.2/],
    [['history', '.', '--runs', '0'], /whole number above 0/],
    [['history', '.', '--html', 'no/such/folder.html'], /cannot be written to no\/such\/folder.html \(ENOENT\)/],
  ])('%j is bad usage', async (args, message) => {
    const { code, stderr } = await runCli(args, { cwd: home });
    expect([code, stderr]).toEqual([3, expect.stringMatching(message)]);
    expect(existsSync(path.join(home, 'no'))).toBe(false);
  });

  test.each([80, 120])('fits a terminal of %d columns, without control characters', async (columns) => {
    const text = renderHistory(await historyOf(folder), { columns, runs: 10 });
    for (const line of text.split('\n')) expect([line, stringWidth(line) <= columns]).toEqual([line, true]);
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
  });
});

test.each([
  [[0, 1], '▁█'],
  [[0.5, 0.5], '▅▅'],
  [[0, null, 0.5, 1], '▁·▅█'],
  [[], ''],
])('the sparkline of %j is %s', (values, line) => {
  expect(sparkline(values)).toBe(line);
});
