import { describe, expect, test } from '@jest/globals';
import { equal } from '../../../suites/grading/equal.js';
import * as adversarial from './adversarial-pairs.js';
import {
  collectionPairs,
  expressionPairs,
  irrationalPairs,
  numberPairs,
  type Pair,
  trickyPairs,
  wordPairs,
} from './pairs.js';

const tables: readonly (readonly [string, readonly Pair[]])[] = [
  ['what graders are known to get wrong', trickyPairs],
  ['numbers', numberPairs],
  ['irrational and complex numbers', irrationalPairs],
  ['expressions and equations', expressionPairs],
  ['points, lists, sets, intervals, matrices', collectionPairs],
  ['words, units, money, Chinese', wordPairs],
  ['more written numbers', adversarial.writtenNumbers],
  ['fractions and mixed numbers', adversarial.fractions],
  ['ratios', adversarial.ratios],
  ['units and money', adversarial.unitsAndMoney],
  ['percentages', adversarial.percentages],
  ['bases', adversarial.bases],
  ['more points, lists, sets and matrices', adversarial.collections],
  ['intervals and unions', adversarial.intervals],
  ['equations, polynomials, radicals, complex numbers', adversarial.formulas],
  ['words and choices', adversarial.wordsAndChoices],
  ['Chinese', adversarial.chinese],
];

describe.each(tables)('%s', (_, pairs) => {
  test.each(pairs.map((pair) => [pair.gold, pair.equal ? 'equals' : 'differs from', pair.answer, pair.equal] as const))(
    '%s %s %s',
    (gold, _verb, answer, expected) => {
      expect(equal(gold, answer).equal).toBe(expected);
    },
  );
});

/** A key may leave something open that an answer fills in: the pairs of these keys, and no others, depend on the order. */
const oneWay: ReadonlySet<string> = new Set([
  ...['1,-2', '(1,-2)', '(1,2)'],
  ...['52_8', '52', '1011_2'],
  ...['50\\%', '0.5', '12.5', '\\frac12\\%', '25\\%', '0.25', '25', '33\\frac13\\%', '12.5\\%'],
  ...['\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}', '\\begin{pmatrix} 1 & 2 \\end{pmatrix}'],
]);

describe('equality', () => {
  test('is symmetric where the key leaves nothing open', () => {
    const broken = tables
      .flatMap(([, pairs]) => pairs)
      .filter(({ gold }) => !oneWay.has(gold))
      .filter(({ gold, answer, equal: expected }) => equal(answer, gold).equal !== expected);
    expect(broken).toEqual([]);
  });

  test('names the rule that decided', () => {
    const rules: [string, string, string][] = [
      ['5', ' 5', 'exact'],
      ['5', '5.0', 'decimal'],
      ['1/2', '\\frac24', 'fraction'],
      ['1\\frac12', '\\frac32', 'mixed-number'],
      ['1,000', '1000', 'thousands'],
      ['50\\%', '0.5', 'percent'],
      ['\\$5', '5', 'money'],
      ['5^\\circ', '5', 'degree'],
      ['5\\text{ cm}', '5', 'unit'],
      ['1\\text{ m}', '100\\text{ cm}', 'unit'],
      ['3:2', '6:4', 'ratio'],
      ['二十四', '24', 'exact'],
      ['11_2', '11', 'base'],
      ['1,2', '2,1', 'list'],
      ['\\{1,2\\}', '\\{2,1\\}', 'set'],
      ['(1,2)', '(1,2.0)', 'tuple'],
      ['[1,2)', '[1,3)', 'interval'],
      ['x=1', 'x=2/2', 'fraction'],
      ['x+y=1', '2x+2y=2', 'equation'],
      ['2(k+1)', '2k+2', 'expression'],
      ['\\sqrt4', '2', 'radical'],
      ['2\\pi', '\\pi+\\pi', 'constant'],
      ['i+1', '1+i', 'complex'],
      ['\\sin x', '\\cos x', 'function'],
      ['\\text{(C)}', 'C', 'choice'],
      ['\\text{odd}', 'even', 'text'],
      ['(1,2)', '3', 'kind'],
      ['9^{9^{9^9}}', '1', 'too-large'],
      ['', '', 'empty'],
    ];
    expect(rules.map(([gold, answer]) => equal(gold, answer).rule)).toEqual(rules.map(([, , rule]) => rule));
  });

  test('of nothing with nothing is false', () => {
    for (const nothing of ['', ' ', '$$', '\\[\\]', '.', '\\left']) expect(equal(nothing, nothing).equal).toBe(false);
  });

  test('has the same verdict every time', () => {
    const pairs = tables.flatMap(([, all]) => all);
    const once = pairs.map(({ gold, answer }) => equal(gold, answer));
    expect(pairs.map(({ gold, answer }) => equal(gold, answer))).toEqual(once);
  });

  test('is tried on hundreds of pairs in both directions', () => {
    const own = tables.slice(1).flatMap(([, pairs]) => pairs);
    expect(own.filter((pair) => pair.equal).length).toBeGreaterThan(400);
    expect(own.filter((pair) => !pair.equal).length).toBeGreaterThan(300);
  });
});
