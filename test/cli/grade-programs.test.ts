/** `evalrun grade` for suites of programs, in the sandbox of this machine or without one. */
import { describe, expect, test } from '@jest/globals';
import { sandboxStatus } from '../../runner/sandbox/status.js';
import { temporaryFolders, writeFiles } from '../datasets/temporary-folder.js';
import { runCli } from './run-cli.js';

const newFolder = temporaryFolders();
const hasPython = (await sandboxStatus({ unsafeExec: true })).rung !== 'none';
const testPython: typeof test | typeof test.skip = hasPython ? test : test.skip;

type Answer = Readonly<Record<string, unknown>>;
async function grade(suite: string, answers: readonly Answer[], more: readonly string[] = []) {
  const folder = newFolder();
  writeFiles(folder, { 'answers.jsonl': answers.map((answer) => JSON.stringify(answer)).join('\n') });
  const args = ['grade', '--suite', suite, '--answers', 'answers.jsonl', '--data', 'embedded', ...more];
  // Wherever these tests run, there is no sandbox: isolation is tested elsewhere.
  return runCli(args, { cwd: folder, env: { EVALRUN_BWRAP: '/nowhere/bwrap', EVALRUN_PYODIDE: '/nowhere/pyodide' } });
}
const right = {
  id: 'humaneval-mul/python/2',
  output: '```python\ndef tide_marks(heights):\n    return min(heights), max(heights)\n```',
};

describe('evalrun grade of programs', () => {
  testPython(
    'runs each answer and prints the fields of samples.jsonl, the questions and what has no answer',
    async () => {
      const wrong = { id: 'humaneval-mul/python/0', output: '```python\ndef shelf_gap(w, l):\n    return 0\n```' };
      const words = { id: 'humaneval-mul/php/1', output: 'I cannot do that.' };
      const { code, stdout, stderr } = await grade(
        'humaneval-mul',
        [right, wrong, words],
        ['--json', '--unsafe-exec', '--protocol', 'deepseek'],
      );
      // PHP is asked for nothing that could be run; where it is missing, that is said.
      if (code === 3) return expect(stderr).toMatch(/programs in PHP cannot be run/);
      const graded = JSON.parse(stdout);
      expect(graded.samples).toHaveLength(3);
      expect(graded.samples[0]).toEqual({
        id: 'humaneval-mul/python/2',
        suite: 'humaneval-mul',
        group: 'python',
        repeat: 0,
        status: 'correct',
        target: 'tide_marks',
        answer: 'def tide_marks(heights):\n    return min(heights), max(heights)\n',
        score: 1,
        extracted_by: 'fenced-function',
        rule: 'tests',
      });
      expect(graded.samples[1]).toMatchObject({
        status: 'wrong',
        score: 0,
        rule: 'assertion',
        detail: expect.stringMatching(/assert/),
      });
      expect(graded.samples[2]).toMatchObject({ status: 'unparsed', answer: null });
      expect([graded.sandbox, graded.missing.length, graded.dataset.length]).toEqual(['unsafe', 21, 8]);
      expect(graded.dataset[0]).toEqual({
        path: 'humaneval-mul/humaneval-python.jsonl',
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      expect(stderr).toMatch(
        /1 of 3 answers correct \(1 correct, 1 wrong, 1 unparsed\); deepseek protocol, sandbox unsafe/,
      );
      expect(stderr).toMatch(/Questions: humaneval-mul\/humaneval-sh\.jsonl, sha256 [0-9a-f]{64}/);
      expect(stderr).toMatch(/21 of 24 problems have no answer: humaneval-mul\/python\/1, /);
    },
  );

  testPython.each(['humaneval', 'humaneval-plus'])('of %s takes continuations', async (suite) => {
    const body =
      suite === 'humaneval'
        ? '    return number // 6\n'
        : '    means = [(a + b) / 2 for a, b in zip(values, values[1:])]\n    return values[:1] + means\n';
    const { stdout } = await grade(suite, [{ id: `${suite}/0`, output: body }], ['--json', '--unsafe-exec']);
    const graded = JSON.parse(stdout);
    expect([graded.protocol, graded.samples[0].status, graded.samples[0].extracted_by]).toEqual([
      'official',
      'correct',
      'completion',
    ]);
  });

  test.each([
    [
      'an id that is not there',
      [{ id: 'humaneval-mul/python/99', output: '' }],
      /line 1 answers "humaneval-mul\/python\/99", which humaneval-mul does not have/,
    ],
    ['two answers to one problem', [right, right], /line 2 answers humaneval-mul\/python\/2 again, as line 1 did/],
    ['a line without an output', [{ id: 'humaneval-mul/python/2' }], /output/],
  ])('with %s is refused before anything runs', async (_, answers, says) => {
    const { code, stdout, stderr } = await grade('humaneval-mul', answers, ['--json', '--unsafe-exec']);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(says);
  });

  test('without a sandbox is refused unless that was asked for', async () => {
    const { code, stdout, stderr } = await grade('humaneval-mul', [right]);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(/no sandbox for generated code/);
  });
});
