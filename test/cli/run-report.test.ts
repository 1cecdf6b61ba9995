import { describe, expect, test } from '@jest/globals';
import stringWidth from 'string-width';
import { renderRunText } from '../../cli/run-report.js';
import { wrapText } from '../../cli/wrap-text.js';
import { computeMetrics } from '../../runner/metrics.js';
import { runRecord, sampleLine, suiteRecord } from '../runner/run-fixture.js';

const published = Array.from({ length: 9 }, (_, at) => ({ model: `Model-${at}`, score: 0.5, shots: 5, source: 's' }));
const suites = [
  suiteRecord({ groups: { anatomy: 3, high_school_government_and_politics: 5 }, published }),
  suiteRecord({
    suite: 'ceval',
    language: 'zh',
    average: 'macro',
    groups: { 中国近现代史纲要: 2, 法学: 4 },
    categories: { 人文社会科学: ['中国近现代史纲要', '法学'] },
    notes: ['这是一个很长的说明 with spaces 用来检查换行是否按照显示宽度而不是字符数 来进行计算 以便终端不会折行'],
  }),
];
const lines = [
  sampleLine({ id: 'mmlu/anatomy/0', group: 'anatomy' }),
  sampleLine({ id: 'ceval/法学/0', suite: 'ceval', group: '法学', status: 'engine_error', answer: null, score: 0 }),
];
const metrics = computeMetrics(runRecord({ suites }), lines);
const work = { samples: 8, promptTokens: 1000, sharedTokens: 800, completionTokens: 0, seconds: 2 };

describe('the table of a run', () => {
  test.each([80, 120])('is at most %d columns wide and straight, with Chinese names too', (columns) => {
    const text = renderRunText({ folder: 'runs/x', metrics, work }, { verbose: true, columns });
    for (const line of text.split('\n')) expect([line, stringWidth(line) <= columns]).toEqual([line, true]);
    const tables = text.split('\n\n').map((part) => part.split('\n').filter((line) => /^[┌│├└]/.test(line)));
    for (const rows of tables) expect(new Set(rows.map((row) => stringWidth(row))).size).toBeLessThanOrEqual(1);
    expect(text).toContain('中国近现代史纲要');
    expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  test('ends with the headline: micro for one suite, macro for another', () => {
    const [mmlu, ceval] = renderRunText({ folder: 'runs/x', metrics }, { verbose: false, columns: 80 })
      .split('└')
      .map((part) =>
        part
          .trim()
          .split('\n')
          .filter((line) => line.startsWith('│'))
          .at(-1),
      );
    expect(mmlu).toMatch(/all questions \(micro\) +│ +8 │ +12\.5 %/);
    expect(ceval).toMatch(/mean of 2 subjects \(macro\) +│ +6 │ +0\.0 %/);
  });

  test('names failures, missing samples, published scores, the language gap and the saving', () => {
    const text = renderRunText({ folder: 'runs/x', metrics, work }, { verbose: false, columns: 120 });
    expect(text).toMatch(/counted as not correct: 1 engine_error, 5 without a result yet\./);
    expect(text).toMatch(/Published for the whole benchmark: Model-0 50\.0 %/);
    expect(text).toMatch(/English - Chinese: \+12\.5 points, 95 % from -\d+\.\d to \+\d+\.\d/);
    expect(text).toMatch(/1,000 prompt tokens, 200 computed and 800 shared \(5\.0x fewer\)/);
  });
});

describe('the gap between languages', () => {
  test('on the same problems stands apart from the one of multiple choice', () => {
    const side = (accuracy: number) => ({ accuracy, low: 0, high: 1, n: 250 });
    const paired_language_gap = {
      suite: 'mgsm',
      pairs: 250,
      english: side(0.8),
      chinese: side(0.75),
      only_english: 20,
      only_chinese: 8,
      difference: 0.05,
      low: 0.01,
      high: 0.09,
      interval: '',
    };
    const text = renderRunText(
      { folder: 'runs/x', metrics: { ...metrics, paired_language_gap } },
      { verbose: false, columns: 80 },
    ).replace(/\n +/g, ' ');
    expect(text).toMatch(/Multiple choice, English - Chinese: \+12\.5 points/);
    expect(text).toContain(
      'mgsm, the same 250 problems in both, English - Chinese: +5.0 points, 95 % from +1.0 to +9.0 (English 80.0 %, Chinese 75.0 %); right only in English 20, only in Chinese 8',
    );
  });
});

describe('wrapText', () => {
  test('breaks at spaces by display width and indents what follows', () => {
    expect(wrapText('one two three', 8, 2)).toEqual(['one two', '  three']);
    expect(wrapText('中文 中文 中文', 10, 0)).toEqual(['中文 中文', '中文']);
  });

  test('keeps a long word whole and the spaces at the start', () => {
    expect(wrapText('  abcdefghijkl m', 5, 1)).toEqual(['  abcdefghijkl', ' m']);
  });
});
