/** Prompts of suites with written answers, byte for byte, and what their plans say. */
import { describe, expect, test } from '@jest/globals';
import { getSuite } from '../../suites/registry.js';
import type { GenerativePlan, SuiteOptions } from '../../suites/suite.js';
import { PUBLISHED, testPublished } from './fixtures.js';

async function planOf(suite: string, options: Partial<SuiteOptions> = {}): Promise<GenerativePlan> {
  const [plan] = await getSuite(suite).plan({ dataDir: 'embedded', seed: 0, ...options });
  if (plan?.kind !== 'generative') throw new Error(`${suite} is not answered in writing`);
  return plan;
}

describe('prompts', () => {
  const english = '\nPlease reason step by step, and put your final answer within \\boxed{}.';
  const chinese = '\n请通过逐步推理来解答问题，并把最终答案放置于\\boxed{}中。';
  test.each([
    ['math500', 'math500/0', 'Compute $\\frac{8}{16} + \\frac{4}{16}$. Give the answer in lowest terms.', english],
    ['cmath', 'cmath/0', '小丽有62张卡片，送给小英5张，又买了14张。小丽现在有多少张卡片？', chinese],
  ])("of %s are the question and DeepSeek's request", async (suite, id, question, request) => {
    const { samples, asks, stop, maxTokens } = await planOf(suite);
    expect(samples.find((sample) => sample.id === id)?.prompt).toBe(question + request);
    expect({ asks, stop, maxTokens }).toEqual({ asks: 'chat', stop: [], maxTokens: 2048 });
  });

  test('of gsm8k end in English, of mgsm in the language of the question', async () => {
    const gsm8k = await planOf('gsm8k');
    expect(gsm8k.samples.every(({ prompt }) => prompt.endsWith(english))).toBe(true);
    const { samples } = await planOf('mgsm');
    for (const { id, group, prompt } of samples) {
      expect([id, prompt.endsWith(group === 'zh' ? chinese : english)]).toEqual([id, true]);
      expect(/[\u4e00-\u9fff]/.test(prompt)).toBe(group === 'zh');
    }
  });

  const signature = 'def calculate(number: int) -> int:\n    """ Given number, divide number by 6 and round down.\n';
  const docstring = `${signature}    >>> calculate(-6)\n    -1\n    >>> calculate(-7)\n    -2\n    """`;

  test.each(['official', 'lm-eval'])(
    'of humaneval %s are the file to the byte, with five stop strings',
    async (name) => {
      const { samples, asks, stop, maxTokens } = await planOf('humaneval', { protocol: name });
      expect(samples[0]).toMatchObject({ id: 'humaneval/0', target: 'calculate', prompt: `${docstring}\n` });
      expect(stop).toEqual(['\nclass', '\ndef', '\n#', '\nif', '\nprint']);
      expect({ asks, maxTokens }).toEqual({ asks: 'completion', maxTokens: 1024 });
    },
  );

  test('of humaneval deepseek are the instruct template of DeepSeek-Coder', async () => {
    const { samples, asks, stop } = await planOf('humaneval', { protocol: 'deepseek' });
    expect(samples[0]?.prompt).toBe(
      'Please continue to complete the function. You are not allowed to modify the given code and do the completion only. ' +
        'Please return all completed function in a codeblock. Here is the given code to do completion:\n' +
        `\`\`\`python\n${docstring}\n\`\`\``,
    );
    expect({ asks, stop }).toEqual({ asks: 'chat', stop: [] });
  });

  testPublished('of the published humaneval end in the newline that is part of their last token', async () => {
    const { samples, published } = await planOf('humaneval', { dataDir: PUBLISHED });
    expect(samples.filter(({ prompt }) => prompt.startsWith('\n'))).toHaveLength(142);
    expect(samples.every(({ prompt }) => prompt.endsWith('\n'))).toBe(true);
    expect(published.find(({ model }) => model === 'DeepSeek-V3-Base')?.score).toBe(0.652);
  });
});

describe('a plan', () => {
  test('of questions in the box has no published scores and says why', async () => {
    const plan = await planOf('math500', { limit: 3 });
    expect(plan.published).toEqual([]);
    expect(plan.notes.join(' ')).toMatch(
      /evalrun's own \(60 problems\).*3 of 60 questions were asked, chosen by seed 0/,
    );
  });

  test('takes subjects, and says that shots do nothing', async () => {
    const { samples, notes } = await planOf('mgsm', { subjects: ['zh'], shots: 5 });
    expect(new Set(samples.map(({ group }) => group))).toEqual(new Set(['zh']));
    expect(notes.join(' ')).toMatch(/--shots has no effect.*Only these subjects were asked: zh/);
    await expect(planOf('mgsm', { subjects: ['ch'] })).rejects.toMatchObject({ code: 'usage/unknown-subject' });
    await expect(planOf('mgsm', { protocol: 'official' })).rejects.toMatchObject({ code: 'usage/unknown-protocol' });
  });

  const judge = async (suite: string, id: string, text: string, truncated = false) =>
    (await planOf(suite)).judge(id, { text, truncated });
  test.each([
    ['a box', 'so \\boxed{0.75}', false, 'correct', 'boxed'],
    ['another answer', '\\boxed{3/5}', false, 'wrong', 'boxed'],
    ['no answer', 'I am sorry.', false, 'unparsed', null],
    ['a box before the text was cut off', '\\boxed{\\frac34} and now', true, 'correct', 'boxed'],
    ['a wrong box before the text was cut off', '\\boxed{1} and now', true, 'truncated', 'boxed'],
    ['a phrase that may be cut in half', 'The answer is 3/4', true, 'truncated', null],
    ['half a thought', '<think> 3/4', false, 'truncated', null],
  ])('judges %s', async (_, text, truncated, status, extractedBy) => {
    expect(await judge('math500', 'math500/0', text, truncated)).toMatchObject({ status, extractedBy });
  });

  test('takes the last number of arithmetic, but not of a text that was cut off', async () => {
    expect(await judge('cmath', 'cmath/0', '一共71张')).toMatchObject({
      status: 'correct',
      extractedBy: 'last-number',
    });
    expect(await judge('cmath', 'cmath/0', '一共71', true)).toMatchObject({ status: 'truncated' });
  });

  test('hands out programs, which it does not run', async () => {
    const judgement = await judge('humaneval', 'humaneval/0', '    return number // 6\n');
    expect(judgement).toMatchObject({ extractedBy: 'completion', answer: '    return number // 6\n' });
    if (!('execute' in judgement)) throw new Error('no program');
    expect(judgement.execute.program).toBe(`${judgement.execute.prelude}    return number // 6\n`);
    expect(judgement.execute.test).toMatch(/def check\(candidate\)/);
  });
});
