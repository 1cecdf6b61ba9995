/** Questions read by their places against the parser that reads whole files. */
import { expect, test } from '@jest/globals';
import { parseChoiceCsv } from '../../datasets/choice-csv.js';
import type { ChoiceQuestion } from '../../datasets/choice-question.js';
import { loadChoiceRows } from '../../datasets/choice-rows.js';
import type { ChoiceFormat } from '../../datasets/manifest.js';
import { EvalrunError } from '../../errors.js';

type Read = (bytes: Buffer, options: { format: ChoiceFormat; file: string }) => Iterable<ChoiceQuestion>;

/** The questions, or the error in words. */
function outcomeOf(read: Read, csv: string, format: ChoiceFormat): unknown {
  try {
    return [...read(Buffer.from(csv), { format, file: 'x.csv' })];
  } catch (error) {
    if (error instanceof EvalrunError) return error.message;
    throw error;
  }
}

/** Numbers from 0 to below `end`, the same in every run (a linear congruential generator). */
function numbers(seed: number): (end: number) => number {
  let state = seed;
  return (end) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
}

const pieces = ['x', ' ', ',', '"', '""', '\r', '\n', '\r\n', '题', '\uFEFF', 'A'];
const heads = { mmlu: '', ceval: 'id,question,A,B,C,D,answer\r\n', cmmlu: ',Question,A,B,C,D,Answer\n' };

test('rows by their places are the rows of a file that is parsed whole, or the same error', () => {
  const random = numbers(1);
  const text = (most: number) => Array.from({ length: random(most) }, () => pieces[random(pieces.length)]).join('');
  // A field is quoted as it should be, or as it comes.
  const field = () => {
    const inside = text(4);
    return random(8) > 0 ? `"${inside.replaceAll('"', '""')}"` : inside;
  };
  let read = 0;
  for (let i = 0; i < 5000; ++i) {
    const format = (['mmlu', 'ceval', 'cmmlu'] as const)[random(3)] ?? 'mmlu';
    const row = () => [...(format === 'mmlu' ? [] : ['7']), field(), field(), 'b', 'c', field(), 'D'].join(',');
    const rows = Array.from({ length: random(4) }, row).join(random(2) === 0 ? '\n' : '\r\n');
    const csv = `${random(9) === 0 ? '\uFEFF' : ''}${heads[format]}${rows}${random(9) === 0 ? text(6) : '\n'}`;
    const expected = outcomeOf(parseChoiceCsv, csv, format);
    expect([csv, outcomeOf(loadChoiceRows, csv, format)]).toEqual([csv, expected]);
    if (Array.isArray(expected)) read += 1;
  }
  expect(read).toBeGreaterThan(1000);
});

test('of a file without faults nothing but bytes and places are kept', () => {
  const rows = loadChoiceRows(Buffer.from('q,a,b,c,d,A\n\n"r, s",a,b,c,d,B\n'), { format: 'mmlu', file: 'x.csv' });
  expect(Array.isArray(rows)).toBe(false);
  expect(rows).toHaveLength(2);
  expect(rows.at(1)).toEqual({ row: 1, question: 'r, s', options: ['a', 'b', 'c', 'd'], answer: 'B' });
  expect(rows.at(2)).toBeUndefined();
  expect(rows.at(-1)).toBeUndefined();
});
