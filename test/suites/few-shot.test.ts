/** Prompts that are too long lose shots, in the order that their authors drop them, and it is said. */
import { describe, expect, test } from '@jest/globals';
import { fixturePlan } from './fixtures.js';

/** One token per character: easy to count, and never more than the bytes. */
const countTokens = (text: string) => [...text].length;

async function planWithin(suite: string, maxPromptTokens: number, protocol = 'official') {
  return fixturePlan(suite, { protocol, maxPromptTokens, countTokens });
}

describe('a prompt that does not fit', () => {
  test('loses its last shots first', async () => {
    const whole = (await fixturePlan('mmlu')).samples[0]?.context ?? '';
    const fewer = (await fixturePlan('mmlu', { shots: 3 })).samples[0]?.context ?? '';
    const plan = await planWithin('mmlu', countTokens(fewer));
    expect(plan.samples[0]?.context).toBe(fewer);
    expect((await planWithin('mmlu', countTokens(fewer) - 1)).samples[0]?.context).toBe(
      (await fixturePlan('mmlu', { shots: 2 })).samples[0]?.context,
    );
    expect((await planWithin('mmlu', countTokens(whole))).samples[0]?.context).toBe(whole);
  });

  test('loses its longest shots first under the official CMMLU protocol', async () => {
    const whole = (await fixturePlan('cmmlu')).samples[0]?.context ?? '';
    const longest = '题目：月球绕地球一周大约需要\nA. 一天\nB. 一周\nC. 一个月\nD. 一年\n答案是：C\n\n';
    const plan = await planWithin('cmmlu', countTokens(whole) - 1);
    expect(whole).toContain(longest);
    expect(plan.samples[0]?.context).toBe(whole.replace(longest, ''));
    const deepseek = await planWithin('cmmlu', countTokens(whole) - 1, 'deepseek');
    expect(deepseek.samples[0]?.context).toContain(longest);
    expect(deepseek.samples[0]?.context).not.toContain('土星最显著的特征是');
  });

  test('is counted in a note, and only when it happens', async () => {
    const [first, second] = (await fixturePlan('mmlu')).samples.map(({ context }) => countTokens(context));
    const between = Math.min(first ?? 0, second ?? 0);
    expect((await planWithin('mmlu', between)).notes).toContain(
      `1 of 2 prompts had fewer than 5 shots, to fit into ${between} tokens.`,
    );
    expect((await planWithin('mmlu', 100_000)).notes.join(' ')).not.toMatch(/fewer than/);
  });

  test('even without shots is an error that names the sample', async () => {
    await expect(planWithin('mmlu', 100)).rejects.toMatchObject({
      code: 'suite/prompt-too-long',
      message: expect.stringMatching(/mmlu\/abstract_algebra\/0 .*at most 100 prompt tokens, found 1\d\d/),
    });
  });

  test('is found without counting tokens when its bytes are few enough', async () => {
    const calls: string[] = [];
    const counting = (text: string) => {
      calls.push(text);
      return text.length;
    };
    await fixturePlan('mmlu', { maxPromptTokens: 4096, countTokens: counting });
    expect(calls).toEqual([]);
    await fixturePlan('mmlu', { maxPromptTokens: 500, countTokens: counting });
    expect(calls.length).toBeGreaterThan(0);
  });

  test('may hold special tokens beyond its bytes', async () => {
    const bytes = Buffer.byteLength((await fixturePlan('mmlu', { shots: 0 })).samples[0]?.context ?? '');
    const withSpecials = (text: string) => Buffer.byteLength(text) + 2;
    const plan = fixturePlan('mmlu', { shots: 0, limit: 1, maxPromptTokens: bytes + 1, countTokens: withSpecials });
    await expect(plan).rejects.toMatchObject({ code: 'suite/prompt-too-long' });
  });
});
