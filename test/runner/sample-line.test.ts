import { describe, expect, test } from '@jest/globals';
import type { PlannedChoice } from '../../runner/plan-choices.js';
import { parseSampleLine, renderSampleLine, scoreSample } from '../../runner/sample-line.js';

const sample: PlannedChoice = {
  id: 'mmlu/anatomy/7',
  suite: 'mmlu',
  group: 'anatomy',
  repeat: 0,
  target: 'B',
  labels: ['A', 'B', 'C', 'D'],
  promptSha256: 'a'.repeat(64),
  request: { id: 'mmlu/anatomy/7', context: [1, 2], continuations: [[3], [4], [5], [6]] },
};

function score(logProbs: number[]) {
  return scoreSample(sample, { id: sample.id, logProbs, promptTokens: 612, sharedTokens: 500 });
}

describe('scoreSample', () => {
  test('gives a line with exactly these bytes, without times or cache hits', () => {
    expect(renderSampleLine(score([-2.31, -0.1 - 0.2, -1.9, -3.3]))).toBe(
      '{"id":"mmlu/anatomy/7","suite":"mmlu","group":"anatomy","repeat":0,"status":"correct","target":"B","answer":"B",' +
        '"score":1,"choices":{"A":-2.31,"B":-0.30000000000000004,"C":-1.9,"D":-3.3},"margin":1.5999999999999999,' +
        `"prompt_tokens":612,"completion_tokens":0,"prompt_sha256":"${'a'.repeat(64)}"}\n`,
    );
  });

  const cases = [
    { name: 'the highest wins', logProbs: [-1, -2, -0.5, -3], answer: 'C', status: 'wrong', margin: 0.5 },
    { name: 'the first of equals wins', logProbs: [-1, -0.5, -0.5, -0.5], answer: 'B', status: 'correct', margin: 0 },
    { name: 'one bit decides', logProbs: [-0.5, -0.49999999999999994, -1, -1], answer: 'B', status: 'correct' },
  ];
  test.each(cases)('$name', ({ logProbs, answer, status, margin }) => {
    const line = score(logProbs);
    expect(line).toMatchObject({ answer, status, score: status === 'correct' ? 1 : 0 });
    if (margin !== undefined) expect(line.margin).toBe(margin);
  });

  test.each([Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])(
    'a log-probability of %p is an engine error with its reason, never an answer',
    (value) => {
      const line = score([-1, -0.5, value, -2]);
      expect(line).toMatchObject({ status: 'engine_error', answer: null, score: 0, margin: null });
      expect(line.choices).toEqual({ A: -1, B: -0.5, C: null, D: -2 });
      expect(line.error).toBe(`log-probability of C is ${value}`);
    },
  );

  test('a missing log-probability is an engine error', () => {
    expect(score([-1, -2, -3]).status).toBe('engine_error');
  });

  test('survives being written and read, bit for bit', () => {
    const line = score([-Math.PI, -1e-320, -0, -123456.789e-7]);
    const text = renderSampleLine(line);
    const again = parseSampleLine(text);
    expect(again).toEqual(line);
    expect(renderSampleLine(again as typeof line)).toBe(text);
  });
});

describe('parseSampleLine', () => {
  const text = renderSampleLine(score([-1, -2, -3, -4]));
  const cases: [name: string, text: string, complaint: RegExp][] = [
    ['half a line', text.slice(0, 40), /not JSON/],
    ['an unknown status', text.replace('"wrong"', '"fine"'), /status/],
    ['a number as text', text.replace('"score":0', '"score":"0"'), /score/],
    ['an unknown field', text.replace('"repeat"', '"reheat"'), /repeat/],
    ['null', 'null', /expected object/],
  ];
  test.each(cases)('names what is wrong with %s', (_, damaged, complaint) => {
    expect(parseSampleLine(damaged)).toMatch(complaint);
  });
});
