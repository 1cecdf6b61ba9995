import { describe, expect, test } from '@jest/globals';
import {
  arithmeticRules,
  type ExtractRule,
  extractAnswer,
  formulaIn,
  formulaRules,
} from '../../../suites/grading/extract.js';
import { gradeMath } from '../../../suites/grading/grade-math.js';

type Row = readonly [output: string, answer: string, by: ExtractRule];

const found: readonly Row[] = [
  ['So the answer is $\\boxed{42}$.', '42', 'boxed'],
  ['first \\boxed{1}, later \\boxed{2}', '2', 'boxed'],
  ['\\boxed{15\\frac{39}{40}} or \\boxed{\\frac{639}{40}}', '\\frac{639}{40}', 'boxed'],
  ['\\boxed{3}$ and $\\boxed{-2}', '3, -2', 'boxed'],
  ['\\boxed{\\frac{1}{2}}', '\\frac{1}{2}', 'boxed'],
  ['\\boxed{\\{1,2\\}}', '\\{1,2\\}', 'boxed'],
  ['\\boxed{\\text{a \\} b}} end }', '\\text{a \\} b}', 'boxed'],
  ['\\boxed {7}', '7', 'boxed'],
  ['$\\boxed 5$ and more', '5', 'boxed'],
  ['\\fbox{8}', '8', 'boxed'],
  ['\\boxed{8} and \\fbox{9}', '8', 'boxed'],
  ['\\boxed{\\boxed{5}}', '5', 'boxed'],
  ['\\boxed{5} as asked, in \\boxed{}', '5', 'boxed'],
  ['\\boxed{5} as asked, in \\boxed format', '5', 'boxed'],
  ['\\boxed{5}. The final answer is 6.', '5', 'boxed'],
  ['<think>\\boxed{1}</think>\\boxed{2}', '2', 'boxed'],
  ['no opening tag \\boxed{1}</think> the final answer is 2.', '2', 'final-answer'],
  ['Final Answer: The final answer is $x^2$. I hope it is correct.', 'x^2', 'final-answer'],
  ['The final answer is: 3.14.', '3.14', 'final-answer'],
  ['The final answer is\n\\[ 5 \\]', '5', 'final-answer'],
  ['The answer is (C).', '(C)', 'final-answer'],
  ['The answer is 5. The final answer is 6.', '6', 'final-answer'],
  ['答案是5。', '5', 'chinese-answer'],
  ['所以答案为：$\\frac{1}{2}$。', '\\frac{1}{2}', 'chinese-answer'],
  ['答案：C', 'C', 'chinese-answer'],
  ['答案：\n\n**24**', '24', 'chinese-answer'],
  ['这个答案很难。答案是7', '7', 'chinese-answer'],
  ['**Answer:** 42', '42', 'answer-line'],
  ['Answer: 1\nno\nANSWER: 2', '2', 'answer-line'],
];

const arithmetic: readonly Row[] = [
  ['work\n#### 1,234', '1,234', 'hashes'],
  ['The answer is $18 per day.', '$18', 'final-answer'],
  ['The answer is 3 x 4 = 12.', '12', 'final-answer'],
  ["The answer is 18 dollars at the farmers' market.", '18', 'final-answer'],
  ['The total is 1,234.50 dollars.', '1,234.50', 'last-number'],
  ['She has 5-3 = 2 left', '2', 'last-number'],
  ['It is -5 degrees.', '-5', 'last-number'],
  ['He ate 3/4 of it', '3/4', 'last-number'],
  ['a rate of 50%.', '50%', 'last-number'],
  ['So we get $\\frac{3}{4}$', '\\frac{3}{4}', 'last-number'],
  ['余下３４个', '34', 'last-number'],
  ['一共750元', '750', 'last-number'],
  ['一共3.5万元。', '3.5万', 'last-number'],
  ['一共3万5千元。', '3万5千', 'last-number'],
  ['路长3千米', '3', 'last-number'],
  ['about 2 million people', '2 million', 'last-number'],
  ['about 2 millionaires', '2', 'last-number'],
  ['it takes 1 1/2 hours', '1 1/2', 'last-number'],
  ['答案是3.5万元', '3.5万', 'chinese-answer'],
  ['答案是二十四', '二十四', 'chinese-answer'],
  ['62-5+14=71\n答：小丽现在有71张卡片。', '71', 'chinese-answer'],
  ['解答：先算5，得 6', '6', 'last-number'],
  ['因此，答案是 $\\boxed{42}$。', '42', 'boxed'],
  ['\\boxed{二分之一}', '二分之一', 'boxed'],
  ['#### 5\nThe answer is 6. 答案是7 Answer: 8 9', '5', 'hashes'],
  ['The answer is 6. 答案是7\nAnswer: 8\n9', '6', 'final-answer'],
  ['答案是7\nAnswer: 8\n9', '7', 'chinese-answer'],
  ['Answer: 8\n9', '8', 'answer-line'],
];

describe('an answer is found in', () => {
  test.each(found)('%j', (output, answer, extractedBy) => {
    expect(extractAnswer(output, formulaRules)).toEqual({ status: 'found', answer, extractedBy });
  });
  test.each(arithmetic)('arithmetic %j', (output, answer, extractedBy) => {
    expect(extractAnswer(output, arithmeticRules)).toEqual({ status: 'found', answer, extractedBy });
  });
});

describe('no answer is found in', () => {
  test.each([
    ['', 'unparsed'],
    ['I think about 5 apples.', 'unparsed'],
    ['I will put it in \\boxed{}.', 'unparsed'],
    ['\\boxed{\\boxed{}}', 'unparsed'],
    ['The answer is ', 'unparsed'],
    ['<think>\\boxed{1}', 'truncated'],
    ['</think> <think> \\boxed{1}', 'truncated'],
    ['\\boxed{1} no, \\boxed{\\frac{1}{2}', 'truncated'],
  ])('%j: %s', (output, status) => {
    expect(extractAnswer(output, formulaRules)).toEqual({ status });
  });

  test.each([
    "I'm sorry, but I can't answer question 5.",
    'I cannot solve 12.',
    '抱歉，我无法回答第5题。',
    '作为AI，我不知道 3',
  ])('the refusal %j', (output) => {
    expect(extractAnswer(output, arithmeticRules)).toEqual({ status: 'unparsed' });
  });
});

describe('the formula in a text', () => {
  test.each([
    ['\\frac12', '\\frac12'],
    ['$x=5$', '$x=5$'],
    ['so \\boxed{5}', '5'],
    ['Answer: 5', '5'],
    ['The area is $12\\pi$ square units.', '12\\pi'],
    ['It lies between $1$ and $2$.', 'It lies between $1$ and $2$.'],
    ['\\boxed{', undefined],
  ])('%j is %j', (text, formula) => {
    expect(formulaIn(text)).toBe(formula);
  });
});

describe('a grade', () => {
  test('says what was compared and by which rule', () => {
    expect(gradeMath('\\frac12', 'so \\boxed{0.5}', formulaRules)).toEqual({
      status: 'correct',
      answer: '0.5',
      score: 1,
      extractedBy: 'boxed',
      rule: 'fraction',
    });
    expect(gradeMath('3', 'so \\boxed{0.5}', formulaRules)).toMatchObject({ status: 'wrong', score: 0 });
    expect(gradeMath('3', 'so 3', formulaRules)).toEqual({
      status: 'unparsed',
      answer: null,
      score: 0,
      extractedBy: null,
      rule: null,
    });
    expect(gradeMath('3', '<think> 3', formulaRules)).toMatchObject({ status: 'truncated', score: 0 });
  });
});
