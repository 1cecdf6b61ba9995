/** Suites by name, and the combined suite. */
import { describe, expect, test } from '@jest/globals';
import { getSuite, listSuites, parseSuiteNames } from '../../suites/registry.js';
import { PUBLISHED, testPublished } from './fixtures.js';

describe('the registry', () => {
  test('lists every suite with its protocols, the default first', () => {
    const choice = ['official', 'deepseek', 'lm-eval'];
    expect(listSuites().map(({ name, protocols }) => [name, protocols])).toEqual([
      ...['mmlu', 'ceval', 'cmmlu', 'bilingual'].map((name) => [name, choice]),
      ...['math500', 'gsm8k', 'mgsm', 'cmath'].map((name) => [name, ['deepseek']]),
      ['humaneval', ['official', 'deepseek', 'lm-eval']],
      ['humaneval-plus', ['official', 'deepseek', 'lm-eval']],
      ['humaneval-mul', ['deepseek', 'completion']],
    ]);
    for (const suite of listSuites()) {
      expect(suite.title.length + suite.description.length).toBeGreaterThan(20);
      expect(getSuite(suite.name)).toBe(suite);
    }
  });

  test.each([
    ['mmul', 'mmlu'],
    ['C-Eval', 'ceval'],
    ['cmmlu2', 'cmmlu'],
    ['bilingal', 'bilingual'],
  ])('answers %s with the nearest name and the list', (name, nearest) => {
    expect(() => getSuite(name)).toThrow(
      expect.objectContaining({
        code: 'usage/unknown-suite',
        message: expect.stringMatching(
          new RegExp(`no suite "${name}".*mmlu, ceval, cmmlu, bilingual, math500.*nearest name is "${nearest}"`),
        ),
      }),
    );
  });

  test('splits a list, each name once, in the order given', () => {
    expect(parseSuiteNames(' ceval, mmlu ,ceval,')).toEqual(['ceval', 'mmlu']);
    expect(() => parseSuiteNames('mmlu,cevl')).toThrow(/"cevl"/);
    expect(() => parseSuiteNames(' , ')).toThrow(expect.objectContaining({ code: 'usage/no-suite' }));
  });
});

describe('bilingual (with the published questions; skipped where they are not at hand)', () => {
  const plan = (options: object) =>
    getSuite('bilingual').plan({ dataDir: PUBLISHED, shots: 0, seed: 0, limit: 20, ...options });

  testPublished('plans MMLU, C-Eval and CMMLU under one protocol, the limit for each', async () => {
    const plans = await plan({ protocol: 'lm-eval' });
    expect(plans.map(({ suite, language, protocol, samples }) => [suite, language, protocol, samples.length])).toEqual([
      ['mmlu', 'en', 'lm-eval', 20],
      ['ceval', 'zh', 'lm-eval', 20],
      ['cmmlu', 'zh', 'lm-eval', 20],
    ]);
  });

  testPublished('gives subjects to the components that have them, and names those left out', async () => {
    const plans = await plan({ subjects: ['anatomy'] });
    expect(plans.map(({ suite }) => suite)).toEqual(['mmlu', 'cmmlu']);
    expect(plans.every(({ notes }) => notes.some((note) => /none of the chosen subjects: ceval\./.test(note)))).toBe(
      true,
    );
  });

  testPublished('refuses subjects of one language only, and subjects of none', async () => {
    await expect(plan({ subjects: ['law'] })).rejects.toMatchObject({ code: 'usage/subjects' });
    await expect(plan({ subjects: ['anatomy', 'alchemy'] })).rejects.toMatchObject({
      code: 'usage/unknown-subject',
      message: expect.stringMatching(/"alchemy"/),
    });
  });
});
