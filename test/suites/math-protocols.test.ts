/** Prompts of mathematics under other protocols than the default, byte for byte, and how their answers are read. */
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { getSuite } from '../../suites/registry.js';
import type { GenerativePlan, SuiteOptions } from '../../suites/suite.js';
import { temporaryFolders, writeFiles } from '../datasets/temporary-folder.js';
import { PUBLISHED, testPublished } from './fixtures.js';

async function planOf(suite: string, options: Partial<SuiteOptions>): Promise<GenerativePlan> {
  const [plan] = await getSuite(suite).plan({ dataDir: 'embedded', seed: 0, ...options });
  if (plan?.kind !== 'generative') throw new Error(`${suite} is not answered in writing`);
  return plan;
}

const newFolder = temporaryFolders();
function shotsFile(text: string): string {
  const folder = newFolder();
  writeFiles(folder, { 'shots.txt': text });
  return path.join(folder, 'shots.txt');
}

const MATH_SHOTS =
  'Problem:\nWhat is $1+1$?  Say.\n\nSolution:\nIt is $\\boxed{2}$.\nFinal Answer: The final answer is $2$. I hope it is correct.\n\n' +
  'Problem:\nWhat is $x$?\n\nSolution:\nIt is $\\boxed{x}$.\nFinal Answer: The final answer is $x$. I hope it is correct.';
const GSM_SHOTS = 'Q: How many?\nA: Two. The answer is 2.\n\n\nQ: And now?\nA: Three. The answer is 3.';
const CMATH_SHOTS = 'Q: 几个？\nA: 2个。所以答案是：2。\n\nQ: 现在呢？\nA: 3个。所以答案是：3。';
const CMATH_CHINESE_SHOTS = '问题：几个？\n答案：2个。所以答案是：2。\n\n\n问题：现在呢？\n答案：3个。所以答案是：3。';

const QUESTION = {
  math500: 'Compute $\\frac{8}{16} + \\frac{4}{16}$. Give the answer in lowest terms.',
  cmath: '小丽有62张卡片，送给小英5张，又买了14张。小丽现在有多少张卡片？',
  mgsm: 'Jack wants cups that cost 120 dollars. The price falls by 10%. What is the new price in dollars?',
};

describe('a prompt', () => {
  test('of math500 simple-evals is its template', async () => {
    const plan = await planOf('math500', { protocol: 'simple-evals' });
    expect(plan.samples[0]?.prompt).toBe(
      'Solve the following math problem step by step. The last line of your response should be of the form Answer: $ANSWER (without quotes) where $ANSWER is the answer to the problem.\n\n' +
        `${QUESTION.math500}\n\n` +
        'Remember to put your answer on its own line after "Answer:", and you do not need to use a \\boxed command.',
    );
    expect(plan).toMatchObject({ asks: 'chat', stop: [], maxTokens: 2048, shots: 0, published: [] });
    expect(plan.notes.join(' ')).toMatch(/language model whether answer and key are the same/);
  });

  test('of math500 lm-eval is problem and answer, and stops at the next problem', async () => {
    const plan = await planOf('math500', { protocol: 'lm-eval' });
    expect(plan.samples[0]?.prompt).toBe(`Problem: ${QUESTION.math500}\nAnswer:`);
    expect(plan).toMatchObject({ asks: 'completion', stop: ['Problem:'], maxTokens: 1024, published: [] });
  });

  test('of mgsm simple-evals asks in the language of the question', async () => {
    const plan = await planOf('mgsm', { protocol: 'simple-evals' });
    expect(plan.samples[0]?.prompt).toBe(
      'Solve this math problem. Give the reasoning steps before giving the final answer on the last line by itself in the format of "Answer:". Do not add anything other than the integer answer after "Answer:".\n\n' +
        QUESTION.mgsm,
    );
    expect(plan.samples.find(({ id }) => id === 'mgsm/zh/0')?.prompt).toBe(
      '解决这个数学问题。在最后一行给出答案前，请提供推理步骤。最后一行应该以 "答案: " 的形式独立给出答案。在 "答案：" 后不要添加除整数答案之外的任何内容。\n\n' +
        '小华想买一套杯子，原价120元，价格降低10%。现在的价格是多少元？',
    );
  });

  test.each([
    ['math500', MATH_SHOTS, `${MATH_SHOTS}\n\nProblem:\n${QUESTION.math500}\n\nSolution:`, '\nProblem:'],
    ['cmath', CMATH_SHOTS, `${CMATH_SHOTS}\n\nQ: ${QUESTION.cmath}\nA:`, '\nQ:'],
    ['cmath', CMATH_CHINESE_SHOTS, `${CMATH_CHINESE_SHOTS}\n\n\n问题：${QUESTION.cmath}\n答案：`, '\n问题：'],
  ])('of %s base is the file, and the question as one example more', async (suite, shots, prompt, stop) => {
    // The line break at the end of the file is not part of the last example.
    const plan = await planOf(suite, { protocol: 'base', shotsFile: shotsFile(`${shots}\n`) });
    expect(plan.samples[0]?.prompt).toBe(prompt);
    expect(plan).toMatchObject({ asks: 'completion', stop: [stop], maxTokens: 1024, shots: 2 });
    expect(plan.datasets[1]).toMatchObject({ id: `${suite}-shots`, files: [{ path: 'shots.txt', rows: 2 }] });
  });

  test('of gsm8k base takes the first shots of the file', async () => {
    const file = shotsFile(GSM_SHOTS);
    const one = await planOf('gsm8k', { protocol: 'base', shotsFile: file, shots: 1 });
    expect(one.samples[0]?.prompt).toMatch(/^Q: How many\?\nA: Two\. The answer is 2\.\n\n\nQ: (?!And now).*\nA:$/);
    expect(one.shots).toBe(1);
    const none = await planOf('gsm8k', { protocol: 'base', shots: 0 });
    expect(none.samples[0]?.prompt).toMatch(/^Q: .*\nA:$/);
    expect(none.shots).toBe(0);
    await expect(planOf('gsm8k', { protocol: 'base', shotsFile: file, shots: 3 })).rejects.toMatchObject({
      code: 'usage/shots',
      message: expect.stringMatching(/from 0 to 2, the examples in .*found 3/),
    });
  });

  test.each([
    ['math500', 4, /cot_minerva_math_4_shot\.py/],
    ['gsm8k', 8, /cot_gsm_8_shot\.py/],
    ['cmath', 3, /Table 18/],
  ])('of %s base needs a file, and the message says of what', async (suite, shots, origin) => {
    await expect(planOf(suite, { protocol: 'base' })).rejects.toMatchObject({
      code: 'usage/shots-file',
      message: expect.stringMatching(
        new RegExp(`--shots-file FILE with ${shots} of them, as in .*${origin.source}.*--shots 0`),
      ),
    });
  });

  test('of a protocol without shots passes a file over, and says so', async () => {
    const { notes, datasets } = await planOf('gsm8k', { shotsFile: '/nowhere/shots.txt' });
    expect(notes.join(' ')).toMatch(/--shots-file has no effect/);
    expect(datasets).toHaveLength(1);
  });
});

describe('published scores (with the published questions; skipped where they are not at hand)', () => {
  const eight = Array.from({ length: 8 }, (_, n) => `Q: How many? ${n}\nA: The answer is ${n}.`).join('\n\n\n');
  testPublished('stand beside gsm8k base at eight shots only', async () => {
    const options = { dataDir: PUBLISHED, protocol: 'base', shotsFile: shotsFile(eight) };
    const { published } = await planOf('gsm8k', options);
    expect(published.find(({ model }) => model === 'DeepSeek-V3-Base')).toMatchObject({ score: 0.893, shots: 8 });
    expect((await planOf('gsm8k', { ...options, shots: 7 })).published).toEqual([]);
    expect((await planOf('gsm8k', { dataDir: PUBLISHED })).published).toEqual([]);
  });

  testPublished.each([
    ['math500', 'simple-evals', 0],
    ['math500', 'lm-eval', 0],
    ['math500', 'deepseek', 5],
    ['mgsm', 'simple-evals', 0],
    ['mgsm', 'deepseek', 0],
  ])('of %s under %s are %i', async (suite, protocol, count) => {
    expect((await planOf(suite, { dataDir: PUBLISHED, protocol })).published).toHaveLength(count);
  });
});

type Case = readonly [suite: string, protocol: string, id: string, text: string, status: string, by: string | null];
const cases: readonly Case[] = [
  ['math500', 'simple-evals', 'math500/0', 'so\nAnswer: $\\frac34$', 'correct', 'first-answer'],
  ['math500', 'simple-evals', 'math500/0', '**ANSWER: 0.75**', 'correct', 'first-answer'],
  ['math500', 'simple-evals', 'math500/0', 'Answer:\n\n3/4', 'correct', 'first-answer'],
  ['math500', 'simple-evals', 'math500/0', 'Answer: 1\nAnswer: 3/4', 'wrong', 'first-answer'],
  ['math500', 'simple-evals', 'math500/0', '\\boxed{3/4}', 'unparsed', null],
  [
    'math500',
    'base',
    'math500/0',
    'Final Answer: The final answer is $3/4$. I hope it is correct.',
    'correct',
    'final-answer',
  ],
  ['math500', 'base', 'math500/0', 'It is $\\boxed{1}$.\nThe final answer is $3/4$.', 'correct', 'final-answer'],
  ['math500', 'base', 'math500/0', 'It is $\\boxed{3/4}$.', 'correct', 'boxed'],
  ['math500', 'base', 'math500/0', 'It is 3/4 then', 'correct', 'last-number'],
  ['math500', 'lm-eval', 'math500/0', ' $3/4$', 'correct', 'dollars'],
  ['math500', 'lm-eval', 'math500/0', ' $1$ and $3/4$', 'wrong', 'dollars'],
  ['math500', 'lm-eval', 'math500/0', ' $1$ is \\[ 3/4 \\] or $2$', 'correct', 'dollars'],
  ['math500', 'lm-eval', 'math500/0', ' $1$ \\boxed{3/4}', 'correct', 'boxed'],
  ['math500', 'lm-eval', 'math500/0', ' 3/4', 'correct', 'whole-text'],
  ['math500', 'lm-eval', 'math500/0', ' ', 'unparsed', null],
  ['mgsm', 'simple-evals', 'mgsm/en/0', '5 of them\nAnswer: $1,08 108.', 'correct', 'answer-number'],
  ['mgsm', 'simple-evals', 'mgsm/zh/0', '一共\n答案: 108', 'correct', 'answer-number'],
  ['mgsm', 'simple-evals', 'mgsm/en/0', 'It is 108.', 'unparsed', null],
  ['mgsm', 'simple-evals', 'mgsm/en/0', 'Answer: 108\nAnswer: none', 'unparsed', null],
  ['gsm8k', 'base', 'gsm8k/0', 'Well. The answer is {target}.', 'correct', 'final-answer'],
  ['gsm8k', 'base', 'gsm8k/0', 'Well, {target}', 'correct', 'last-number'],
  ['cmath', 'base', 'cmath/0', '62-5+14=71。所以答案是：71。', 'correct', 'chinese-answer'],
  ['cmath', 'base', 'cmath/0', '所以答案是：七十一。', 'correct', 'chinese-answer'],
];

describe('an answer', () => {
  test.each(cases)('to %s under %s, %s: %j is %s by %s', async (suite, protocol, id, text, status, extractedBy) => {
    const plan = await planOf(suite, { protocol, shots: 0 });
    const target = plan.samples.find((sample) => sample.id === id)?.target ?? '';
    const written = { text: text.replace('{target}', target), truncated: false };
    expect(plan.judge(id, written)).toMatchObject({ status, extractedBy });
    // Of what was cut off, only a closed box or a whole line may count, and these texts are single lines.
    const mayCount = protocol === 'lm-eval' && extractedBy === 'boxed';
    expect(plan.judge(id, { ...written, truncated: true })).toMatchObject({ status: mayCount ? status : 'truncated' });
  });

  test('that was cut off behind its line counts where answers have a line', async () => {
    const cut = (text: string) => ({ text, truncated: true });
    const base = await planOf('math500', { protocol: 'base', shots: 0 });
    expect(base.judge('math500/0', cut('The final answer is $3/4$. I hope it is correct.\n\nNow'))).toMatchObject({
      status: 'correct',
    });
    expect(base.judge('math500/0', cut('It is 3/4\nNow'))).toMatchObject({ status: 'truncated' });
    const simple = await planOf('math500', { protocol: 'simple-evals' });
    expect(simple.judge('math500/0', cut('Answer: 3/4\n'))).toMatchObject({ status: 'correct' });
    expect(simple.judge('math500/0', cut('Answer: 3/4'))).toMatchObject({ status: 'truncated' });
  });
});
