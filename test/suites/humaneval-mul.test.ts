/** HumanEval-Mul and HumanEval+: prompts to the byte, stop strings, languages that a machine lacks. */
import { describe, expect, test } from '@jest/globals';
import { repairRootTest } from '../../suites/grading/repair-root-test.js';
import { getSuite } from '../../suites/registry.js';
import type { CodeLanguage, GenerativePlan, SuiteOptions } from '../../suites/suite.js';
import { PUBLISHED, testPublished } from './fixtures.js';

async function planOf(suite: string, options: Partial<SuiteOptions> = {}): Promise<GenerativePlan> {
  const [plan] = await getSuite(suite).plan({ dataDir: 'embedded', seed: 0, ...options });
  return plan as GenerativePlan;
}
const lacking = (...names: readonly CodeLanguage[]) => ({
  missingLanguages: async (asked: readonly CodeLanguage[]) =>
    new Map(asked.filter((name) => names.includes(name)).map((name) => [name, `${name} is away; install it`])),
});

describe('the prompts of HumanEval-Mul', () => {
  test.each([
    ['python', 'python', 'from typing import List, Tuple'],
    ['java', 'java', 'import java.util.*;'],
    ['cpp', 'cpp', '#include<assert.h>'],
    ['cs', 'csharp', 'using System;'],
    ['js', 'javascript', '//A shelf of'],
    ['ts', 'typescript', '//A shelf of'],
    ['php', 'php', '<?php'],
    ['sh', 'bash', '#!/bin/bash'],
  ])('in %s are the instruct template of DeepSeek-Coder with "%s"', async (language, fence, start) => {
    const { samples, asks, stop, maxTokens } = await planOf('humaneval-mul');
    const prompt = samples.find(({ id }) => id === `humaneval-mul/${language}/0`)?.prompt ?? '';
    expect(prompt.slice(0, prompt.indexOf('```'))).toBe(
      'Please continue to complete the function. You are not allowed to modify the given code and do the completion only. ' +
        'Please return all completed function in a codeblock. Here is the given code to do completion:\n',
    );
    expect(prompt).toContain(`:\n\`\`\`${fence}\n${start}`);
    // Stripped, and nothing behind the fence.
    expect(prompt).toMatch(/[{"]\n```$/);
    expect({ asks, stop, maxTokens }).toEqual({ asks: 'chat', stop: [], maxTokens: 1024 });
  });

  test('that are continued end at the stop tokens of their own file', async () => {
    const { samples, asks } = await planOf('humaneval-mul', { protocol: 'completion' });
    expect(asks).toBe('completion');
    const stopOf = (id: string) => samples.find((sample) => sample.id === id)?.stop;
    expect(stopOf('humaneval-mul/java/1')).toEqual(['\n    }\n']);
    expect(stopOf('humaneval-mul/sh/1')).toEqual(['\n}']);
    expect(samples.find(({ id }) => id === 'humaneval-mul/php/1')?.prompt).toMatch(
      /function loud_words\(\$text\) \{\n$/,
    );
  });

  testPublished('of the published files are 1,280 in eight languages', async () => {
    const { samples, average, published } = await planOf('humaneval-mul', { dataDir: PUBLISHED });
    const counts: Record<string, number> = {};
    for (const { group } of samples) counts[group] = (counts[group] ?? 0) + 1;
    expect(counts).toEqual({ python: 164, java: 158, cpp: 161, cs: 158, js: 161, ts: 159, php: 161, sh: 158 });
    expect(average).toBe('macro');
    expect(published).toContainEqual(expect.objectContaining({ model: 'DeepSeek-V3', score: 0.826 }));
    const part = await planOf('humaneval-mul', { dataDir: PUBLISHED, ...lacking('cs') });
    expect(part.published).toEqual([]);
  });
});

describe('a language that the machine lacks', () => {
  test('is not planned, is named with what to do, and leaves the others', async () => {
    const plan = await planOf('humaneval-mul', lacking('java', 'cs'));
    expect(new Set(plan.samples.map(({ group }) => group))).toEqual(
      new Set(['python', 'cpp', 'js', 'ts', 'php', 'sh']),
    );
    expect(plan.codeLanguages).toEqual(['cpp', 'js', 'ts', 'php', 'sh']);
    expect(plan.languagesMissing).toEqual({ java: 'java is away; install it', cs: 'cs is away; install it' });
    expect(plan.notes).toContain('C# was not asked: cs is away; install it.');
  });

  test('is not looked for when it was not asked', async () => {
    const asked: string[] = [];
    const missingLanguages = async (names: readonly CodeLanguage[]) => {
      asked.push(...names);
      return new Map();
    };
    await planOf('humaneval-mul', { subjects: ['php', 'python'], missingLanguages });
    expect(asked).toEqual(['php']);
    await planOf('humaneval', { missingLanguages });
    expect(asked).toEqual(['php']);
  });

  test('is planned where nobody says that it is missing', async () => {
    const plan = await planOf('humaneval-mul');
    expect([plan.samples.length, plan.languagesMissing]).toEqual([24, {}]);
  });
});

describe('programs of HumanEval-Mul', () => {
  test('in Python stand behind the imports of DeepSeek-Coder', async () => {
    const { judge } = await planOf('humaneval-mul');
    const judgement = judge('humaneval-mul/python/2', {
      text: '```python\ndef tide_marks(x):\n    return 1\n```',
      truncated: false,
    });
    if (!('execute' in judgement)) throw new Error('no program');
    expect(judgement.execute.program).toMatch(
      /^import math\n[\s\S]*from collections import \*\nfrom typing import[\s\S]*def tide_marks\(x\)/,
    );
    expect(judgement.execute).not.toHaveProperty('language');
  });

  test('in other languages name theirs, and come with the prompt and the published test', async () => {
    const { judge } = await planOf('humaneval-mul');
    const judgement = judge('humaneval-mul/sh/2', {
      text: '```bash\ntide_marks() {\n echo 1\n}\n```',
      truncated: false,
    });
    expect(judgement).toMatchObject({
      extractedBy: 'fenced-function',
      execute: { language: 'sh', entryPoint: 'tide_marks' },
    });
    expect(judge('humaneval-mul/sh/2', { text: 'no', truncated: true })).toMatchObject({ status: 'truncated' });
    expect(judge('humaneval-mul/sh/2', { text: 'no', truncated: false })).toMatchObject({ status: 'unparsed' });
  });
});

describe('HumanEval+', () => {
  test('asks as HumanEval does, and gives programs more time and larger answers', async () => {
    const plan = await planOf('humaneval-plus', { protocol: 'official' });
    expect([plan.asks, plan.stop, plan.samples[0]?.id]).toEqual([
      'completion',
      ['\nclass', '\ndef', '\n#', '\nif', '\nprint'],
      'humaneval-plus/0',
    ]);
    const judgement = plan.judge('humaneval-plus/1', { text: '    return text\n', truncated: false });
    expect(judgement).toMatchObject({ execute: { limits: { timeoutMs: 60_000, replyBytes: 128 * 1024 ** 2 } } });
  });

  test('asks for the root that the test of task 32 means, and leaves other tests alone', () => {
    const broken =
      '    for i, (inp, exp) in enumerate(zip(inputs, results)):\n        assert _poly(*candidate(*inp), inp) <= 0.0001\n';
    expect(repairRootTest(broken)).toBe(
      '    for i, (inp, exp) in enumerate(zip(inputs, results)):\n        assert abs(_poly(*inp, candidate(*inp))) <= 0.0001\n',
    );
    const other = 'assertion(candidate(*inp), exp, 0)\n';
    expect(repairRootTest(other)).toBe(other);
  });
});
