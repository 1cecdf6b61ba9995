import { describe, expect, test } from '@jest/globals';
import { temporaryFolders, writeFiles } from '../datasets/temporary-folder.js';
import { runCli } from './run-cli.js';

const newFolder = temporaryFolders();

/** Two problems of each dataset, in the publishers' formats. */
const data = {
  'data/math500/test.jsonl': `${JSON.stringify({ problem: 'a half?', answer: '\\frac12', subject: 'Algebra', level: 1 })}\n${JSON.stringify({ problem: 'a line\u2028break?', answer: '90^\\circ', subject: 'Geometry', level: 2 })}\n`,
  'data/gsm8k/test.jsonl': '{"question":"how many?","answer":"she has 2\\n#### 1,234"}\n',
  'data/mgsm/mgsm_en.tsv': 'how "many?\t18\nhow much?\t1,000\n',
  'data/mgsm/mgsm_zh.tsv': '多少？\t7\r\n',
  'data/cmath/cmath_dev.jsonl':
    '{"grade":3,"input":"几分之几？","golden":"6/9"}\n{"grade":1,"input":"多少？","golden":0.5}\n',
};

interface Answer {
  readonly id: string;
  readonly output: string;
}

async function grade(suite: string, answers: readonly Answer[] | string, more: readonly string[] = ['--json']) {
  const folder = newFolder();
  const lines = typeof answers === 'string' ? answers : answers.map((answer) => JSON.stringify(answer)).join('\n');
  writeFiles(folder, { ...data, 'answers.jsonl': lines });
  return runCli(['grade', '--suite', suite, '--answers', 'answers.jsonl', '--data', 'data', ...more], { cwd: folder });
}

async function samples(suite: string, answers: readonly Answer[]) {
  const { code, stdout, stderr } = await grade(suite, answers);
  expect([code, stderr.split('\n').length]).toEqual([0, 2]);
  return (JSON.parse(stdout) as { samples: Record<string, unknown>[] }).samples;
}

describe('evalrun grade', () => {
  test('prints a sample for each answer, in the order of the file', async () => {
    const answers = [
      { id: 'math500/1', output: 'so \\boxed{90}' },
      { id: 'math500/0', output: '<think> hm' },
    ];
    expect(await samples('math500', answers)).toEqual([
      {
        id: 'math500/1',
        suite: 'math500',
        group: 'Geometry',
        repeat: 0,
        status: 'correct',
        target: '90^\\circ',
        answer: '90',
        score: 1,
        extracted_by: 'boxed',
        rule: 'degree',
      },
      {
        id: 'math500/0',
        suite: 'math500',
        group: 'Algebra',
        repeat: 0,
        status: 'truncated',
        target: '\\frac12',
        answer: null,
        score: 0,
        extracted_by: null,
        rule: null,
      },
    ]);
  });

  test.each([
    ['math500', 'math500/0', 'The answer is 3', 'wrong'],
    ['math500', 'math500/0', 'It is 0.5', 'unparsed'],
    ['gsm8k', 'gsm8k/0', 'She has $1234.', 'correct'],
    ['gsm8k', 'gsm8k/0', "I'm sorry, 1234 is too hard.", 'unparsed'],
    ['mgsm', 'mgsm/en/1', 'Answer: 1000', 'correct'],
    ['mgsm', 'mgsm/zh/0', '答案是：7个。', 'correct'],
    ['mgsm', 'mgsm/zh/0', '答案是：8个。', 'wrong'],
    ['cmath', 'cmath/0', '所以答案是：\\frac{2}{3}。', 'correct'],
    ['cmath', 'cmath/1', '一半，即 0.5', 'correct'],
  ])('grades %s: %s answered with %j is %s', async (suite, id, output, status) => {
    expect((await samples(suite, [{ id, output }])).map((sample) => sample.status)).toEqual([status]);
  });

  test('prints a sentence without --json, with what has no answer', async () => {
    const { stdout } = await grade('math500', [{ id: 'math500/0', output: '\\boxed{0.5}' }], []);
    expect(stdout).toBe('math500: 1 of 1 answers correct; 1 of 2 problems have no answer\n');
  });

  test.each([
    ['an unknown id', '{"id":"gsm8k/0","output":"1"}\n{"id":"gsm8k/7","output":"1"}', /line 2 answers "gsm8k\/7"/],
    ['an id of another suite', '{"id":"math500/0","output":"1"}', /line 1 answers "math500\/0"/],
    ['an id twice', '{"id":"gsm8k/0","output":"1"}\n\n{"id":"gsm8k/0","output":"2"}', /line 3 .* as line 1 did/],
    ['broken JSON', '{"id":"gsm8k/0","output":"1"}\n{"id"', /line 2 cannot be used/],
    ['a line without output', '{"id":"gsm8k/0"}', /line 1 cannot be used.*output/],
  ])('refuses %s', async (_, lines, message) => {
    const { code, stdout, stderr } = await grade('gsm8k', lines);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(message);
  });

  test.each([
    ['mmlu', /scored by log-probabilities.*evalrun --suite mmlu/],
    ['math50', /does not know the suite "math50".*nearest name is "math500"/],
  ])('refuses the suite %s', async (suite, message) => {
    const { code, stderr } = await grade(suite, []);
    expect(code).toBe(3);
    expect(stderr).toMatch(message);
  });

  test('names the row of a dataset that cannot be read', async () => {
    const folder = newFolder();
    writeFiles(folder, { 'data/gsm8k/test.jsonl': '{"question":"?","answer":"no key"}\n', 'answers.jsonl': '' });
    const args = ['grade', '--suite', 'gsm8k', '--answers', 'answers.jsonl', '--data', 'data'];
    const { code, stderr } = await runCli(args, { cwd: folder });
    expect(code).toBe(3);
    expect(stderr).toMatch(/gsm8k\/test\.jsonl line 1 cannot be read: the answer has no "#### "/);
  });
});
