import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadMathProblems, type MathDataset, mathDatasets } from '../../../datasets/math-problem-files.js';
import { packageRoot } from '../../../package-root.js';
import { compareAnswers } from '../../../suites/grading/compare-answers.js';
import { equal } from '../../../suites/grading/equal.js';
import { arithmeticRules, formulaRules } from '../../../suites/grading/extract.js';
import { gradeMath } from '../../../suites/grading/grade-math.js';
import { normalizeLatex } from '../../../suites/grading/normalize-latex.js';
import { parseAnswer } from '../../../suites/grading/parse-answer.js';
import { WorkBudget } from '../../../suites/grading/refusal.js';

const dataDir = path.join(process.env.EVALRUN_SHARED ?? path.join(packageRoot, '..', 'shared'), 'datasets');
const isThere = existsSync(path.join(dataDir, 'math500', 'test.jsonl'));
// The published questions are not part of the project; without them there is nothing to check here.
const whereThere = isThere ? describe : describe.skip;

const load = (dataset: MathDataset) => loadMathProblems(dataset, { dataDir });

const sizes: Readonly<Record<MathDataset, number>> = { math500: 500, gsm8k: 1319, mgsm: 500, cmath: 600 };

/** The key with its last number one larger, or undefined for a key without a number. */
function plusOne(key: string): string | undefined {
  const found = /^([\s\S]*?)(\d+)(\D*)$/.exec(key);
  // The index of a base is not a number of the answer; an exponent of a unit is a part of its name.
  if (found === null || /_\{?\d+\}?$/.test(key) || /(?:inches|cm)\}\^2$/.test(key)) return undefined;
  const [, before = '', digits = '', after = ''] = found;
  return `${before}${String(BigInt(digits) + 1n).padStart(digits.length, '0')}${after}`;
}

/** The key with the sign of its first number or variable flipped where that is one, or undefined. */
function flipped(key: string): string | undefined {
  if (/^\s*-/.test(key)) return key.replace('-', '');
  if (/ [-+] /.test(key)) return key.replace(/ ([-+]) /, (_, sign) => (sign === '-' ? ' + ' : ' - '));
  return /^[\d.\\]/.test(key) && !/^\\(?:text|begin|left|\{|\$)/.test(key) && !/^0$|\\pm/.test(key)
    ? `-${key}`
    : undefined;
}

whereThere(`published keys${isThere ? '' : ' (skipped: the published datasets are not here)'}`, () => {
  test.each(mathDatasets)('of %s equal themselves, read as formulas and not only as the same text', (dataset) => {
    const problems = load(dataset);
    expect(problems.length).toBe(sizes[dataset]);
    const broken = problems.filter(({ target }) => {
      const read = () => parseAnswer(normalizeLatex(target), new WorkBudget());
      return !equal(target, target).equal || !compareAnswers(read(), read(), new WorkBudget()).equal;
    });
    expect(broken).toEqual([]);
  });

  test('of math500 are words only where they are words', () => {
    const words = load('math500').filter(
      ({ target }) => parseAnswer(normalizeLatex(target), new WorkBudget()).kind === 'text',
    );
    expect(words.every(({ target }) => /^\\text\{\(?[A-Za-z]+\)?\}$/.test(target))).toBe(true);
    expect(words.length).toBeLessThan(12);
  });

  test.each([
    ['with one number larger by one', plusOne, 470],
    ['with a sign flipped', flipped, 400],
  ] as const)('of math500 differ from themselves %s', (_, perturb, least) => {
    const changed = load('math500').flatMap(({ target }) => {
      const other = perturb(target);
      return other === undefined ? [] : [{ target, other }];
    });
    expect(changed.length).toBeGreaterThan(least);
    expect(changed.filter(({ target, other }) => equal(target, other).equal)).toEqual([]);
    expect(changed.filter(({ target, other }) => equal(other, target).equal)).toEqual([]);
  });

  test('of math500 are equal to another only where they have the same value', () => {
    const keys = [...new Set(load('math500').map(({ target }) => normalizeLatex(target)))].sort();
    const equalPairs = keys.flatMap((gold, at) =>
      keys.slice(at + 1).flatMap((answer) => (equal(gold, answer).equal ? [`${gold} = ${answer}`] : [])),
    );
    expect(equalPairs).toEqual([
      '-2,1 = 1,-2',
      '120 = 120°',
      '15 = 15\\text{cm}^2',
      '2 \\sqrt{5} = 2\\sqrt{5}',
      '30 = 30°',
      '36 = 36°',
      '36 = ＄36',
      '5 = x=5',
      '90 = 90°',
      '\\frac14 = \\frac{1}{4}',
    ]);
  });

  test('are found in the published solutions', () => {
    const rows = readFileSync(path.join(dataDir, 'math500', 'test.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const wrong = rows
      .map((row) => JSON.parse(row) as { solution: string; answer: string })
      .filter(({ solution, answer }) => gradeMath(answer, solution, formulaRules).status !== 'correct');
    expect(wrong).toEqual([]);
    const worked = readFileSync(path.join(dataDir, 'gsm8k', 'test.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const missed = worked
      .map((row) => (JSON.parse(row) as { answer: string }).answer)
      .filter((answer) => gradeMath(answer.split('#### ')[1] ?? '', answer, arithmeticRules).status !== 'correct');
    expect(missed).toEqual([]);
  });
});
