import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { choiceLines, engineLine, suiteOf, writeRun } from '../reports/made-run.js';
import { writeTinyDatasets } from '../runner/tiny-dataset.js';
import { type CliOptions, runCli } from './run-cli.js';

let home: string;
let run: string;
const lines = choiceLines(60, 3);

beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-cli-report-'));
  run = writeRun(path.join(home, 'run-a'), {
    record: { id: 'run-a', suites: [suiteOf('mmlu', lines)] },
    lines,
    telemetry: [engineLine(1), engineLine(2)],
  });
});
afterAll(() => rmSync(home, { recursive: true }));

const evalrun = (args: readonly string[], options: Partial<CliOptions> = {}) => runCli(args, { cwd: home, ...options });
const read = (...parts: string[]) => readFileSync(path.join(home, ...parts), 'utf8');

describe('evalrun report', () => {
  test('writes the page beside where it is called, and nothing into the run', async () => {
    const picture = () => readdirSync(run).map((name) => [name, statSync(path.join(run, name)).mtimeMs]);
    const before = picture();
    const { code, stdout, stderr } = await evalrun(['report', 'run-a']);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'run-a.html\n', stderr: '' });
    expect(read('run-a.html')).toContain('<html lang="en">');
    expect(picture()).toEqual(before);
  });

  test('opens in Chinese with a price, where asked', async () => {
    const { code } = await evalrun(['report', 'run-a', '--out', 'pages/deep/a.html', '--lang', 'zh', '--price', '2.5']);
    expect(code).toBe(0);
    expect(read('pages/deep/a.html')).toMatch(/<html lang="zh-CN">[\s\S]*准确率/);
  });

  test('writes charts and a summary alone when only they are asked for', async () => {
    const { code, stdout } = await evalrun(['report', 'run-a', '--png', 'charts', '--md', 'a.md', '--lang', 'zh'], {
      env: {},
    });
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([
      'charts/scores.png',
      'charts/throughput.png',
      'charts/memory.png',
      'a.md',
    ]);
    expect(readFileSync(path.join(home, 'charts/scores.png')).subarray(1, 4).toString()).toBe('PNG');
    expect(read('a.md')).toContain('| MMLU | official v1, 5-shot | 60 |');
  });

  test('prints the summary alone with --md -', async () => {
    const { stdout, stderr } = await evalrun(['report', 'run-a', '--md', '-', '--out', 'with.html']);
    expect(stdout.split('\n')[0]).toBe('### run-a');
    expect(stdout).not.toContain('with.html');
    expect(stderr).toBe('with.html\n');
  });

  test('lists several runs, each page under a name of its own and within the folder', async () => {
    const made = ['run-a', '../../escape', '..', 'run-a', 'list'].map((id, at) =>
      writeRun(path.join(home, `several-${at}`), { record: { id, suites: [suiteOf('mmlu', lines)] }, lines }),
    );
    const { code, stdout } = await evalrun(['report', ...made, '--out', 'out/list.html']);
    expect(code).toBe(0);
    expect(readdirSync(path.join(home, 'out')).sort()).toEqual([
      '_.._escape.html',
      'list-2.html',
      'list.html',
      'run-a-2.html',
      'run-a.html',
      'run.html',
    ]);
    expect(stdout.trim().split('\n').at(-1)).toBe('out/list.html');
    const links = [...read('out/list.html').matchAll(/href="([^"#]+)"/g)].map(([, href]) => href);
    expect(links).toEqual(['run-a.html', '_.._escape.html', 'run.html', 'run-a-2.html', 'list-2.html']);
  });

  const refused: [name: string, args: string[], message: RegExp][] = [
    ['no run', [], /missing required argument 'run'/],
    ['a folder that is no run', ['.'], /There is no run at .*run\.json/],
    ['an unknown language', ['run-a', '--lang', 'fr'], /'fr' is invalid.*en, zh/],
    ['a price that is none', ['run-a', '--price', 'free'], /Expected a price in US dollars/],
    ['a negative price', ['run-a', '--price', '-1'], /Expected a price in US dollars/],
    [
      'a file where a folder should be',
      ['run-a', '--out', 'run-a/run.json/x.html'],
      /Cannot write .*a file where a folder should be/,
    ],
  ];
  test.each(refused)('refuses %s in one paragraph', async (_, args, message) => {
    const { code, stdout, stderr } = await evalrun(['report', ...args]);
    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('the report of a run that just ended', () => {
  let data: string[];
  beforeAll(() => {
    data = ['--data', writeTinyDatasets(path.join(home, 'data'), 4), '--allow-modified-data', '--subjects', 'anatomy'];
  });
  const folderOf = (text: string) => /Run: (\S+)/.exec(text)?.[1] ?? '';

  test('is in its folder, the same bytes as evalrun report makes, and named at the end', async () => {
    const { code, stdout } = await evalrun(['--suite', 'mmlu', ...data]);
    expect(code).toBe(0);
    const folder = folderOf(stdout);
    expect(stdout.trim().split('\n').at(-1)).toBe(`Report: ${folder}/report.html`);
    await evalrun(['report', folder, '--out', 'again.html']);
    expect(read('again.html') === read(folder, 'report.html')).toBe(true);
  });

  test('is left out with --no-report, and rescore does not make one', async () => {
    const { stdout } = await evalrun(['--suite', 'mmlu', ...data, '--no-report', '--out', 'bare']);
    expect(stdout).not.toContain('Report:');
    expect(existsSync(path.join(home, folderOf(stdout), 'report.html'))).toBe(false);
    await evalrun(['rescore', folderOf(stdout)]);
    expect(existsSync(path.join(home, folderOf(stdout), 'report.html'))).toBe(false);
  });

  test('is written again by rescore', async () => {
    const { stdout } = await evalrun(['--suite', 'mmlu', ...data, '--out', 'scored-again']);
    const page = path.join(home, folderOf(stdout), 'report.html');
    const before = readFileSync(page, 'utf8');
    writeFileSync(page, 'stale');
    expect((await evalrun(['rescore', folderOf(stdout)])).stdout).toContain('Report: ');
    expect(readFileSync(page, 'utf8') === before).toBe(true);
  });

  test('may fail without failing the run, and says so', async () => {
    const { code, stdout, stderr } = await evalrun(['--suite', 'mmlu', ...data, '--out', 'blocked'], {
      env: { FAKE_DELAY_MS: '300' },
      onStderr: (text) => {
        const folder = /run +(blocked\/\S+)/.exec(text)?.[1];
        // A folder in the page's place.
        if (folder !== undefined && !existsSync(path.join(home, folder, 'report.html'))) {
          mkdirSync(path.join(home, folder, 'report.html', 'x'), { recursive: true });
        }
      },
    });
    expect(code).toBe(0);
    expect(stdout).not.toContain('Report:');
    expect(stderr).toMatch(/No report\.html was written: .*The run is complete; "evalrun report blocked\//s);
  });
});
