/** `evalrun compare` and `evalrun gate` as processes: what they print, write and exit with. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import stringWidth from 'string-width';
import { renderCompareText } from '../../cli/compare-report.js';
import { renderGateText } from '../../cli/gate-report.js';
import { main } from '../../cli/program.js';
import { compareRuns } from '../../runner/compare/compare-runs.js';
import { gateRun } from '../../runner/gate/gate-run.js';
import { temporaryFolders } from '../datasets/temporary-folder.js';
import { choiceLines, otherArm, plainSuite, writeRun } from '../runner/compare/write-run.js';
import { writeTinyDatasets } from '../runner/tiny-dataset.js';
import { fakeParts } from './fake-parts.js';
import { runCli } from './run-cli.js';

const newFolder = temporaryFolders();
let home: string;
let runs: { good: string; bad: string; close: string; short: string };

beforeAll(() => {
  home = newFolder();
  const record = { suites: [plainSuite({ n: 600 })] };
  const run = (name: string, lost: number, n = 600) =>
    writeRun(path.join(home, name), {
      record: { ...record, ...(lost > 0 && otherArm()) },
      lines: choiceLines(600, (at) => at >= lost).slice(0, n),
    });
  runs = { good: run('good', 0), bad: run('bad', 60), close: run('close', 6), short: run('short', 0, 599) };
});

/** Bad usage ends before anything is opened: no process of its own is needed. Names of runs are folders of `home`. */
async function usage(args: readonly string[]): Promise<{ code: number; stderr: string }> {
  let stderr = '';
  const write = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
  const inHome = (arg: string) => (/^(?:good|nowhere)/.test(arg) ? path.join(home, arg) : arg);
  try {
    return { code: await main(args.map(inHome), fakeParts), stderr };
  } finally {
    write.mockRestore();
  }
}

describe('evalrun compare', () => {
  test('prints one JSON object and informs: a regression is no failure of it', async () => {
    const { code, stdout } = await runCli(['compare', 'good', 'bad', '--json', '--md', 'c.md', '--margin', '0.02'], {
      cwd: home,
    });
    expect(code).toBe(0);
    const { suites } = JSON.parse(stdout) as { suites: { mmlu: object } };
    expect(suites.mmlu).toMatchObject({ difference: -0.1, flips: 60, verdict: 'regression', margin: 0.02 });
    expect(readFileSync(path.join(home, 'c.md'), 'utf8')).toMatch(/^# Comparison: regression\n/);
  });

  test('prints no control characters without a terminal', async () => {
    const { code, stdout } = await runCli(['compare', 'good', 'bad'], { cwd: home });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /mmlu: REGRESSION\. The drop is more than 1\.00 points: at least \d+\.\d\d points, with\s+97\.5 % confidence\./,
    );
    expect(stdout).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  const wrong: [args: string[], said: RegExp][] = [
    [[], /A comparison takes two runs.*found neither/],
    [['good'], /found one folder/],
    [['good', 'bad', '--margin', '2'], /Expected a ratio from 0 to 1/],
    [['good', 'bad', '--allow', 'questions'], /Expected one of shots, chat/],
    [['good', 'bad', '--suite', 'mmlu'], /Stored runs are compared as they are.*--suite/],
    [['good', 'bad', '--aa'], /--aa without a folder/],
    [['good', '--dtypes', 'bf16,fp8'], /--dtypes makes the runs.*the folder \S*good/],
    [['--dtypes', 'bf16'], /Expected two of f32, bf16, fp8, fp8-bf16/],
    [['--dtypes', 'bf16,fp8', '--dtype', 'f32', '--suite', 'mmlu'], /--dtypes names both precisions/],
    [['--dtypes', 'bf16,fp8', '--resume', 'good'], /--dtypes makes new runs/],
    [['--dtypes', 'bf16,fp8', '--shard', '1/2', '--suite', 'mmlu'], /A part of a run says nothing/],
    [['good', 'nowhere'], /There is no run at \S*nowhere/],
  ];
  test.each(wrong)('%j is bad usage', async (args, said) => {
    const { code, stderr } = await usage(['compare', ...args]);
    expect(code).toBe(3);
    expect(stderr).toMatch(said);
  });

  test('runs both precisions and the baseline twice, in another order, then compares', async () => {
    const cwd = newFolder();
    const data = writeTinyDatasets(path.join(cwd, 'data'));
    const common = ['--suite', 'mmlu', '--subjects', 'anatomy,virology', '--data', data, '--allow-modified-data'];
    const args = ['compare', '--model', '/models/fake', '--dtypes', 'f32,bf16', '--aa', '--json', ...common];
    const { code, stdout, stderr } = await runCli(args, { cwd });
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/baseline: f32[\s\S]*baseline again[\s\S]*candidate: bf16/),
    ]);
    const comparison = JSON.parse(stdout) as Record<string, object>;
    expect(comparison.aa).toMatchObject({ finding: 'clean', flips: 0, samples: 6 });
    expect(comparison.differs).toContainEqual({ field: 'dtype', baseline: 'f32', candidate: 'bf16', allowed: false });
    const batches = readdirSync(path.join(cwd, 'runs')).map((run) => {
      const record = JSON.parse(readFileSync(path.join(cwd, 'runs', run, 'run.json'), 'utf8')) as {
        settings: { batch_tokens: number | null };
      };
      return record.settings.batch_tokens;
    });
    expect(batches.toSorted()).toEqual([331, null, null]);
  });
});

describe('evalrun gate', () => {
  const table: [run: keyof typeof runs, args: string[], code: number, last: RegExp][] = [
    ['good', [], 0, /^Gate passed: 1 suite within the tolerated drop\.$/],
    [
      'bad',
      [],
      1,
      /^Gate failed: mmlu dropped by 10\.0 points, at least \d\.\d where 1\.0 are tolerated\. Look at: evalrun compare good bad --verbose$/,
    ],
    ['close', [], 2, /^Gate cannot tell: mmlu/],
    ['close', ['--max-drop', '0.05'], 0, /^Gate passed/],
    [
      'short',
      [],
      2,
      /^Gate cannot tell: mmlu: 1 of the run's samples have no result: finish it with "evalrun --resume short"\.$/,
    ],
  ];
  test.each(table)(
    'of the run "%s" with %j exits with %d, and its last line says why',
    async (run, args, code, last) => {
      const outcome = await runCli(['gate', run, '--baseline', 'good', ...args], { cwd: home });
      expect(outcome.code).toBe(code);
      expect(outcome.stdout.trimEnd().split('\n').at(-1)).toMatch(last);
      expect(outcome.stdout).not.toMatch(/(?!\n)\p{Cc}/u);
    },
  );

  test('writes JUnit, Markdown and, on GitHub, annotations and the summary of the job', async () => {
    const summary = path.join(home, 'summary.md');
    writeFileSync(summary, '# before\n');
    const args = ['gate', 'bad', '--baseline', 'good', '--json', '--junit', 'j.xml', '--md', 'g.md'];
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
    const { code, stdout, stderr } = await runCli(args, { cwd: home, env });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'regression',
      exit_code: 1,
      suites: { mmlu: { effect: 'fail' } },
    });
    expect(stderr).toMatch(/^::error title=mmlu%3A regression::The drop is more than/);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^Gate failed/);
    expect(readFileSync(path.join(home, 'j.xml'), 'utf8')).toMatch(/<failure /);
    expect(readFileSync(path.join(home, 'g.md'), 'utf8')).toMatch(/^## Gate failed\n/);
    expect(readFileSync(summary, 'utf8')).toMatch(/^# before\n## Gate failed\n/);
  });

  test('elsewhere writes no annotations', async () => {
    const env = { GITHUB_ACTIONS: '', GITHUB_STEP_SUMMARY: path.join(home, 'none.md') };
    const { stdout } = await runCli(['gate', 'bad', '--baseline', 'good'], { cwd: home, env });
    expect(stdout).not.toMatch(/::error/);
    expect(existsSync(path.join(home, 'none.md'))).toBe(false);
  });

  test('takes its policy from a file, and --max-drop for suites that it does not name', async () => {
    writeFileSync(path.join(home, 'gate.yaml'), 'suites: { mmlu: { tier: supporting } }\n');
    expect((await runCli(['gate', 'close', '--baseline', 'good', '--policy', 'gate.yaml'], { cwd: home })).code).toBe(
      2,
    );
    writeFileSync(path.join(home, 'both.yaml'), 'max_drop: 0.2\nsuites: { mmlu: { max_drop: 0.001 } }\n');
    const args = ['gate', 'close', '--baseline', 'good', '--policy', 'both.yaml', '--max-drop', '0.5'];
    expect((await runCli(args, { cwd: home })).code).toBe(1);
  });

  const wrong: [args: string[], said: RegExp][] = [
    [['good'], /required option '--baseline <run>' not specified/],
    [['good', '--baseline', 'nowhere'], /There is no run at \S*nowhere/],
    [['good', '--baseline', 'good', '--policy', 'nowhere.yaml'], /The policy \S*nowhere\.yaml is not usable/],
    [['good', '--baseline', 'good', '--max-drop', 'x'], /Expected a ratio/],
    [['good', '--baseline', 'good', '--junit', 'nowhere/j.xml'], /Cannot write \S*nowhere\/j\.xml/],
  ];
  test.each(wrong)('%j is bad usage', async (args, said) => {
    const { code, stderr } = await usage(['gate', ...args]);
    expect(code).toBe(3);
    expect(stderr).toMatch(said);
  });
});

describe('the text for a terminal', () => {
  test.each([60, 80, 120])('is at most %d columns wide and straight', async (columns) => {
    const comparison = await compareRuns(runs.good, runs.close, { aa: runs.good });
    const text = renderCompareText(comparison, { verbose: false, columns });
    const gated = renderGateText(await gateRun(runs.close, runs.good), columns);
    // The last line of a gate is read by programs and stays whole; folders are words, which are not cut.
    const lines = [...text.split('\n'), ...gated.split('\n').slice(0, -1)].filter((line) => !line.includes(home));
    for (const line of lines) expect([line, stringWidth(line) <= Math.max(columns, 80)]).toEqual([line, true]);
    expect(text).toMatch(/A\/A control with/);
  });

  test('shows every flip only when asked', async () => {
    const comparison = await compareRuns(runs.good, runs.bad);
    const rows = (verbose: boolean) =>
      renderCompareText(comparison, { verbose, columns: 80 }).match(/│ mmlu\/anatomy\/\d+/g)?.length;
    expect([rows(false), rows(true)]).toEqual([10, 60]);
  });

  test('holds no control character of a run', async () => {
    const odd = 'a\u001b[2Jb\u202ec';
    const record = { suites: [plainSuite({ n: 2, suite: odd, groups: { [odd]: 2 } })] };
    const folder = newFolder();
    mkdirSync(folder, { recursive: true });
    const run = (name: string, right: boolean) =>
      writeRun(path.join(folder, name), { record, lines: choiceLines(2, () => right, { suite: odd, group: odd }) });
    const comparison = await compareRuns(run('a', true), run('b', false));
    expect(renderCompareText(comparison, { verbose: true, columns: 80 })).not.toMatch(/(?!\n)[\p{Cc}\u202a-\u202e]/u);
  });
});
