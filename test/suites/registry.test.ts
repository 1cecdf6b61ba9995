/** Suites by name. */
import { describe, expect, test } from '@jest/globals';
import { getSuite, listSuites, parseSuiteNames } from '../../suites/registry.js';

describe('the registry', () => {
  test('lists every suite with its protocols, the default first', () => {
    const choice = ['official', 'deepseek', 'lm-eval'];
    expect(listSuites().map(({ name, protocols }) => [name, protocols])).toEqual([
      ...['mmlu', 'ceval', 'cmmlu', 'bilingual'].map((name) => [name, choice]),
      ['math500', ['deepseek', 'simple-evals', 'base', 'lm-eval']],
      ['gsm8k', ['deepseek', 'base']],
      ['mgsm', ['deepseek', 'simple-evals']],
      ['cmath', ['deepseek', 'base']],
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
