import { describe, expect, test } from '@jest/globals';
import { equal } from '../../../suites/grading/equal.js';
import { arithmeticRules, extractAnswer, formulaIn, formulaRules } from '../../../suites/grading/extract.js';
import { generator } from './seeded.js';

const many = (text: string, count: number) => text.repeat(count);

/** Twenty times what a comparison may take: the budget is counted in work, and this only catches one that is not. */
const PATIENCE_MS = 2000;

const refused: Readonly<Record<string, readonly [string, string]>> = {
  'a tower of powers': ['9^9^9^9', '9^9^9^8'],
  'a tower in braces': ['9^{9^{9^{9}}}', '1'],
  'a million factorial': ['1000000!', '5'],
  'a factorial of a factorial': ['((9!)!)!', '1'],
  'a giant exponent': ['2^{100000000}', '4^{50000000}'],
  'a giant power of a decimal': ['1.0000001^{99999999}', '2'],
  'a power of many sums': ['(x+y+z+w+1)^{3000}', '(1+x+y+z+w)^{3000}'],
  'two thousand digits': [many('9', 1900), `${many('9', 1899)}8`],
  'ten million digits': [many('9', 10_000_000), many('8', 10_000_000)],
  'a thousand brackets': [`${many('(', 900)}1${many(')', 900)}`, '1'],
  'two hundred fractions in each other': [`${many('\\frac1{1+', 180)}1${many('}', 180)}`, '2'],
  'minus two thousand times': [`${many('-', 1990)}1`, '2'],
  'two thousand bars': [many('|', 1990), '1'],
  'four hundred plus-minus signs': [many('\\pm1', 400), '1'],
  'a set of a hundred': [`\\{${many('\\sqrt{x+1},', 100)}1\\}`, `\\{${many('\\sqrt{x},', 100)}1\\}`],
  'lists of sixty irrational sums': [
    Array.from({ length: 60 }, (_, n) => `\\sqrt{${n + 2}}+\\sin ${n}`).join(','),
    Array.from({ length: 60 }, (_, n) => `\\sin ${59 - n}+\\sqrt{${61 - n}}`).join(','),
  ],
  'ninety giant binomials': [many('\\binom{1000}{500}', 90), '1'],
  'a hundred thousand braces': [`${many('{', 100_000)}1${many('}', 100_000)}`, '1'],
  'a hundred thousand commas': [`${many('1,', 100_000)}1`, `${many('1,', 100_000)}2`],
  'a union of ten thousand intervals': [many('(0,1)\\cup', 10_000), '(0,1)'],
  'a tower of roots': [`${many('\\sqrt{', 300)}2${many('}', 300)}`, '1'],
  'a million repeating digits': [`0.\\overline{${many('142857', 166_667)}}`, '\\frac17'],
  'a matrix of a million entries': [
    `\\begin{pmatrix}${many(`${many('1&', 999)}1\\\\`, 1000)}\\end{pmatrix}`,
    '\\begin{pmatrix}1\\end{pmatrix}',
  ],
  'a thousand halves, each eleven characters when written out': [many('½', 1990), '1'],
  'a hundred logarithms of giants': [
    `${many('\\log_{3}(2^{4000}+x)+', 90)}1`,
    `${many('\\log_{3}(2^{4000}+y)+', 90)}1`,
  ],
  'a scientific giant': ['1e9999', '1'],
  'a ratio of hundreds': [many('x:', 900), many('y:', 900)],
  'a root of a giant': ['\\sqrt{10^{60}+1}', '10^{30}'],
};

const answered: Readonly<Record<string, readonly [string, string, boolean]>> = {
  'ten million equal characters': [many('x', 10_000_000), many('x', 10_000_000), true],
  'a tower and itself': ['9^{9^{9^{9}}}', '9^{9^{9^{9}}}', true],
  'two hundred sines': [`${many('\\sin(x)+', 200)}1`, `${many('\\cos(x)+', 200)}1`, false],
  'a long list': [`${many('1,', 60)}2`, `${many('1,', 60)}1`, false],
  'many spaces': [`1${many(' ', 1900)}`, '2', false],
  'many backslashes': [many('\\', 1999), many('\\', 1998), false],
  'many text commands': [many('\\text{', 300), many('\\text{', 299), false],
  'a wide matrix': [
    `\\begin{pmatrix}${many('1&', 900)}1\\end{pmatrix}`,
    `\\begin{pmatrix}${many('1&', 900)}2\\end{pmatrix}`,
    false,
  ],
};

describe('a comparison', () => {
  test.each(Object.entries(refused))('gives up on %s, and says so', (_, [gold, answer]) => {
    const start = performance.now();
    expect(equal(gold, answer)).toEqual({ equal: false, rule: 'too-large' });
    expect(equal(answer, gold)).toEqual({ equal: false, rule: 'too-large' });
    expect(performance.now() - start).toBeLessThan(PATIENCE_MS);
  });

  test.each(Object.entries(answered))('copes with %s', (_, [gold, answer, expected]) => {
    const start = performance.now();
    expect(equal(gold, answer).equal).toBe(expected);
    expect(equal(answer, gold).equal).toBe(expected);
    expect(performance.now() - start).toBeLessThan(PATIENCE_MS);
  });

  test('never throws on random text', () => {
    const parts = [
      ...'0123456789.,;:!?%$^_{}()[]|<>=+-*/&~\'"abcxyzieCRU \\',
      ...'π∞√±∓∪∩∖∈≤≥≠°½²₃，。（）五元或和万答案\u0000\ud800😀',
      ...[
        '\\frac',
        '\\sqrt',
        '\\sqrt[3]',
        '\\text{',
        '\\left',
        '\\right',
        '\\pm',
        '\\cup',
        '\\in',
        '\\infty',
        '\\log_',
      ],
      ...[
        '\\begin{pmatrix}',
        '\\end{pmatrix}',
        '\\\\',
        '\\{',
        '\\}',
        '\\!',
        '^\\circ',
        '\\sin',
        '\\mid',
        '\\boxed{',
        ' or ',
      ],
      ...['inches', ' cm', 'base 8', '\\binom', '\\lfloor', '\\rfloor', 'sqrt', 'pi', 'and', 'x=', '10^', '1\\frac12'],
    ];
    const random = generator(7);
    const text = () => Array.from({ length: 1 + random(12) }, () => parts[random(parts.length)] ?? '').join('');
    for (let round = 0; round < 6000; round += 1) {
      const [gold, answer] = [text(), text()];
      expect(typeof equal(gold, answer).equal).toBe('boolean');
      expect(equal(gold, gold).equal || equal(gold, gold).rule === 'empty').toBe(true);
      expect(['string', 'undefined']).toContain(typeof formulaIn(gold));
      expect(['found', 'unparsed', 'truncated']).toContain(extractAnswer(answer, arithmeticRules).status);
    }
  });
});

describe('extraction from a million characters', () => {
  const size = 1_000_000;
  const units = [
    'a',
    '9',
    ' ',
    '\n',
    '*',
    '#',
    '$',
    '> - ',
    '\\boxed{',
    '\\boxed{1} ',
    '\\boxed{}',
    '\\boxed 5',
    '\\boxed word ',
    '\\boxed \n',
    'answer:\n',
    'answer    ',
    '一百',
    '<think>',
    'Answer: ',
    'Answer: 1\n',
    'final answer is ',
    'final answer is $x$. ',
    'the answer is:',
    '答案',
    '答案是',
    '所以',
    '#### ',
    '\n       ',
    '\\frac{1}{2}',
    'Sorry ',
    '{',
    '}',
  ];
  test.each(units.map((unit) => [JSON.stringify(unit), unit] as const))('repeating %s is linear', (_, unit) => {
    const text = many(unit, Math.floor(size / unit.length));
    const start = performance.now();
    for (const rules of [formulaRules, arithmeticRules]) extractAnswer(text, rules);
    formulaIn(text);
    // Quadratic time would be minutes.
    expect(performance.now() - start).toBeLessThan(PATIENCE_MS);
  });
});
