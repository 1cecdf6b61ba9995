import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { temporaryFolders, writeFiles } from '../datasets/temporary-folder.js';
import { runCli } from './run-cli.js';

const newFolder = temporaryFolders();

const evalrun = (args: readonly string[], cwd = newFolder()) => runCli(['equal', ...args], { cwd });

describe('evalrun equal', () => {
  test('compares two formulas and names the rule', async () => {
    expect(await evalrun(['\\frac12', '0.5'])).toEqual({ code: 0, stdout: 'equal (fraction)\n', stderr: '' });
    expect(await evalrun(['(3,4]', '(3,4)'])).toEqual({ code: 0, stdout: 'different (interval)\n', stderr: '' });
  });

  test('prints one JSON object on request', async () => {
    const { code, stdout } = await evalrun(['x=5', 'So it is \\boxed{5}.', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ pairs: [{ equal: true, rule: 'integer' }] });
  });

  test('takes formulas that begin with a minus sign', async () => {
    for (const args of [
      ['-1', '-\\frac22'],
      ['-\\frac22', '-1'],
      ['--', '-1', '-1.0'],
      ['-x', '-1x', '--json'],
    ]) {
      expect((await evalrun(args)).stdout).toMatch(/^equal|"equal":true/);
    }
  });

  test('reads pairs from a file in their order', async () => {
    const folder = newFolder();
    const lines = [
      '{"gold":"5","answer":"the final answer is 5."}',
      '',
      '{"gold":"1,-2","answer":"-2,1"}\r',
      '{"gold":"5","answer":"<think>\\\\boxed{5}"}',
    ];
    writeFiles(folder, { 'pairs.jsonl': lines.join('\n') });
    const { code, stdout } = await evalrun(['--file', path.join(folder, 'pairs.jsonl'), '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      pairs: [
        { equal: true, rule: 'exact' },
        { equal: true, rule: 'list' },
        { equal: false, rule: 'unparsed' },
      ],
    });
  });

  test.each([
    ['nothing', [], /needs a key and an answer/],
    ['one formula', ['5'], /needs a key and an answer/],
    ['three formulas', ['5', '6', '7'], /too many arguments|needs a key/],
    ['a file and formulas', ['5', '--file', 'x'], /needs a key and an answer/],
    ['a file that is not there', ['--file', 'missing.jsonl'], /missing\.jsonl cannot be read \(ENOENT\)/],
  ])('refuses %s', async (_, args, message) => {
    const { code, stdout, stderr } = await evalrun(args);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(message);
  });

  test.each([
    ['broken JSON', '{"gold":', /line 2 cannot be used.*no JSON/],
    ['a line without an answer', '{"gold":"5"}', /line 2 cannot be used.*answer/],
    ['a number for a text', '{"gold":5,"answer":"5"}', /line 2 cannot be used.*gold/],
  ])('names the line with %s', async (_, line, message) => {
    const folder = newFolder();
    writeFiles(folder, { 'pairs.jsonl': `{"gold":"1","answer":"1"}\n${line}\n` });
    const { code, stderr } = await evalrun(['--file', 'pairs.jsonl', '--json'], folder);
    expect(code).toBe(3);
    expect(stderr).toMatch(message);
  });
});
