/** The command line for suites with written answers, on the fake engine. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sandboxStatus } from '../../runner/sandbox/status.js';
import { type CliOptions, runCli } from './run-cli.js';

let home: string;
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-cli-written-'));
});
afterAll(() => rmSync(home, { recursive: true }));

const evalrun = (args: readonly string[], options: Partial<CliOptions> = {}) => runCli(args, { cwd: home, ...options });
const oneLine = (text: string) => text.replace(/\s+/g, ' ');
const box = ['--data', 'embedded'];
/** Wherever these tests run, there is no sandbox. */
const noSandbox = { EVALRUN_BWRAP: '/nowhere/bwrap', EVALRUN_PYODIDE: '/nowhere/pyodide' };

describe('evalrun --suite math500,mgsm', () => {
  test('says how it asks, counts what was not answered, and scores again to the same', async () => {
    const { code, stdout, stderr } = await evalrun(['--suite', 'math500,mgsm', ...box, '--max-tokens', '9', '--json']);
    expect(code).toBe(0);
    expect(oneLine(stderr)).toMatch(
      /math500 deepseek, plain text instead of a chat, greedy, up to 9 tokens, 60 questions/,
    );
    expect(oneLine(stderr)).toMatch(/Not answered, and counted as not correct: 60 unparsed/);
    expect(oneLine(stderr)).toMatch(/Answers found by: none; decided by: none\. Generation ended by: eos 60; 0 tokens/);
    const { run, suites } = JSON.parse(stdout);
    expect(Object.keys(suites.math500)).toEqual(['accuracy', 'low', 'high', 'n', 'statuses', 'groups']);
    expect([suites.math500.n, suites.mgsm.statuses.unparsed, Object.keys(suites.mgsm.groups)]).toEqual([
      60,
      40,
      ['en', 'zh'],
    ]);
    const before = readFileSync(path.join(home, run, 'samples.jsonl'), 'utf8');
    const again = await evalrun(['rescore', run, '--json']);
    expect(again.stdout).toBe(stdout);
    expect(readFileSync(path.join(home, run, 'samples.jsonl'), 'utf8')).toBe(before);
  });

  test('draws several samples of a question and says so', async () => {
    const args = ['--suite', 'math500', ...box, '--limit', '3', '--samples', '2', '--temperature', '1'];
    const { code, stdout, stderr } = await evalrun(args);
    expect(code).toBe(0);
    expect(oneLine(stderr)).toMatch(
      /temperature 1, up to 2,048 tokens, 3 questions in 2 subjects, 2 samples of each question, from/,
    );
    expect(stdout).toMatch(/│ all questions \(micro\) +│ +6 │ +0\.0 %/);
  });

  test.each([
    [['--chat', 'on'], /needs a chat template, and this checkpoint has none/],
    [['--chat', 'maybe'], /auto, on, off/],
    [['--max-tokens', '0'], /whole number from 1/],
    [['--temperature', 'warm'], /Expected a number/],
    [['--temperature', '1', '--top-p', '2'], /topP is not usable/],
    [['--samples', '4'], /4 samples of a question need a temperature above 0, because greedy samples are all the same/],
    [['--samples', '0', '--temperature', '1'], /whole number from 1/],
    [['--protocol', 'official'], /math500 has no protocol "official"\. Expected one of deepseek/],
  ])('with %j is one paragraph and exit code 3', async (args, says) => {
    const { code, stdout, stderr } = await evalrun(['--suite', 'math500', ...box, '--quiet', ...args]);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(says);
  });
});

const hasPython = (await sandboxStatus({ unsafeExec: true })).rung !== 'none';
const testPython: typeof test | typeof test.skip = hasPython ? test : test.skip;

describe('evalrun --suite humaneval (one test needs Python)', () => {
  test('without a sandbox is refused with the reason before a model is opened', async () => {
    const args = ['--suite', 'humaneval', ...box, '--out', 'refused'];
    const { code, stderr } = await evalrun(args, { env: noSandbox });
    expect(code).toBe(3);
    expect(stderr).toMatch(/^evalrun: There is no sandbox for generated code.*--unsafe-exec\.\n$/);
    expect(existsSync(path.join(home, 'refused', 'run.json'))).toBe(false);
  });

  testPython('runs without one where that was asked for, and says so', async () => {
    const args = ['--suite', 'humaneval', ...box, '--limit', '2', '--unsafe-exec'];
    const { code, stdout, stderr } = await evalrun(args, { env: noSandbox });
    expect(code).toBe(0);
    expect(oneLine(stderr)).toMatch(/sandbox NONE \(--unsafe-exec\): generated programs run as you/);
    expect(stdout).toMatch(/│ all questions │ +2 │ +0\.0 %/);
  });
});

describe('evalrun show', () => {
  test('prints the prompt, and how the answer is generated and read', async () => {
    const { code, stdout } = await evalrun(['show', '--suite', 'humaneval', '--sample', '0', ...box]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^humaneval\/0: official protocol, plain text, the answer is calculate/);
    expect(oneLine(stdout)).toMatch(/at most 1024 tokens, up to one of "\\nclass", "\\ndef"/);
    expect(oneLine(stdout)).toMatch(/The prompt and its continuation are one program/);
    const chat = await evalrun([
      'show',
      '--suite',
      'humaneval',
      '--sample',
      '0',
      '--protocol',
      'deepseek',
      ...box,
      '--json',
    ]);
    expect(JSON.parse(chat.stdout)).toMatchObject({
      id: 'humaneval/0',
      chat_template: false,
      stop: [],
      max_tokens: 1024,
    });
  });
});
