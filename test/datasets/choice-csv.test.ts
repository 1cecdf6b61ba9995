/** The CSV loader against what published files hold and what damaged files look like. */
import { describe, expect, test } from '@jest/globals';
import { parseChoiceCsv } from '../../datasets/choice-csv.js';
import type { ChoiceFormat } from '../../datasets/manifest.js';
import { EvalrunError } from '../../errors.js';

function parse(text: string | Buffer, format: ChoiceFormat = 'mmlu') {
  return parseChoiceCsv(Buffer.from(text as string), { format, file: 'mmlu/test/x_test.csv' });
}

function errorOf(text: string | Buffer, format: ChoiceFormat = 'mmlu'): EvalrunError {
  try {
    parse(text, format);
  } catch (error) {
    if (error instanceof EvalrunError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const AWKWARD: readonly (readonly [name: string, csv: string, question: string, options: readonly string[]])[] = [
  ['spaces around every field', ' q , a,b , c,  ,A\n', ' q ', [' a', 'b ', ' c', '  ']],
  ['a newline inside quotes', '"one\ntwo",a,b,c,d,A\n', 'one\ntwo', ['a', 'b', 'c', 'd']],
  ['CRLF inside quotes', '"one\r\ntwo","a\r\n",b,c,d,A\n', 'one\r\ntwo', ['a\r\n', 'b', 'c', 'd']],
  ['a bare CR in a field', 'one\rtwo,a,b,c,d,A\n', 'one\rtwo', ['a', 'b', 'c', 'd']],
  ['a bare CR in a quoted field', '"one\rtwo",a,b,c,d,A\r\n', 'one\rtwo', ['a', 'b', 'c', 'd']],
  ['doubled quotes', '"say ""no""",a,b,c,d,A\n', 'say "no"', ['a', 'b', 'c', 'd']],
  ['U+0085 and U+2028 in fields', 'a\u0085b,c\u2028d,b,c,d,A\n', 'a\u0085b', ['c\u2028d', 'b', 'c', 'd']],
  ['a byte-order mark', '\uFEFFq,a,b,c,d,A\n', 'q', ['a', 'b', 'c', 'd']],
  ['options that read None, nan and NA', 'q,None,nan,NA,null,A\n', 'q', ['None', 'nan', 'NA', 'null']],
  ['numbers, left as written', 'q,1.0,007,1e3,-0,A\n', 'q', ['1.0', '007', '1e3', '-0']],
  ['empty fields', ',,,,,A\n', '', ['', '', '', '']],
  ['no newline at the end', 'q,a,b,c,d,A', 'q', ['a', 'b', 'c', 'd']],
  ['CRLF ends', 'q,a,b,c,d,A\r\n', 'q', ['a', 'b', 'c', 'd']],
  ['a character beyond the basic plane', '𝔽₂,a,b,c,d,A\n', '𝔽₂', ['a', 'b', 'c', 'd']],
];

describe('a well-formed file', () => {
  test.each(AWKWARD)('keeps %s', (_name, csv, question, options) => {
    expect(parse(csv)).toEqual([{ row: 0, question, options, answer: 'A' }]);
  });

  test('numbers its rows from 0 and skips blank lines between records', () => {
    expect(parse('q0,a,b,c,d,A\n\nq1,a,b,c,d,B\n').map(({ row, answer }) => [row, answer])).toEqual([
      [0, 'A'],
      [1, 'B'],
    ]);
  });

  test("reads C-Eval's header with and without explanation, by name and not by place", () => {
    const dev = 'id,question,A,B,C,D,answer,explanation\r\n0,题,甲,乙,丙,丁,C,"因为\n所以"\r\n';
    const val = 'id,D,question,A,B,C,answer\r\n0,丁,题,甲,乙,丙,C\r\n';
    const expected = [{ row: 0, question: '题', options: ['甲', '乙', '丙', '丁'], answer: 'C' }];
    expect(parse(dev, 'ceval')).toEqual(expected);
    expect(parse(val, 'ceval')).toEqual(expected);
  });

  test("reads CMMLU's header whose first column has no name", () => {
    const csv = ',Question,A,B,C,D,Answer\n0,题 ,甲,乙,丙,丁,D\n';
    expect(parse(csv, 'cmmlu')).toEqual([{ row: 0, question: '题 ', options: ['甲', '乙', '丙', '丁'], answer: 'D' }]);
  });
});

const DAMAGED: readonly (readonly [
  name: string,
  format: ChoiceFormat,
  csv: string | Buffer,
  code: string,
  says: RegExp,
])[] = [
  ['an empty file', 'mmlu', '', 'dataset/empty', /an empty file/],
  ['a header and nothing else', 'ceval', 'id,question,A,B,C,D,answer\r\n', 'dataset/empty', /no row/],
  ['too few fields', 'mmlu', 'q,a,b,c,d,A\nq,a,b,c,A\n', 'dataset/fields', /row 1 of .*line 2.*Expected 6, found 5/],
  ['too many fields', 'mmlu', 'q,a,b,c,d,e,A\n', 'dataset/fields', /row 0 .*Expected 6, found 7/],
  [
    'a row shorter than its header',
    'cmmlu',
    ',Question,A,B,C,D,Answer\n0,q,a,b,c,A\n',
    'dataset/fields',
    /Expected 7, found 6/,
  ],
  [
    'a missing column',
    'ceval',
    'id,question,A,B,D,answer\r\n0,q,a,b,d,A\r\n',
    'dataset/missing-column',
    /no column "C"/,
  ],
  [
    'no header where there must be one',
    'cmmlu',
    '0,q,a,b,c,d,A\n1,q,a,b,c,d,A\n',
    'dataset/missing-column',
    /"Question"/,
  ],
  [
    'a column that is there twice',
    'ceval',
    'id,question,A,A,B,C,D,answer\n0,q,a,a,b,c,d,A\n',
    'dataset/missing-column',
    /"A" twice/,
  ],
  ['an answer that is no letter', 'mmlu', 'q,a,b,c,d,A\nq,a,b,c,d,3\n', 'dataset/answer', /row 1 .*found "3"/],
  ['a padded answer', 'mmlu', 'q,a,b,c,d,A \n', 'dataset/answer', /found "A "/],
  ['a lower-case answer', 'mmlu', 'q,a,b,c,d,a\n', 'dataset/answer', /found "a"/],
  ['an empty answer', 'ceval', 'id,question,A,B,C,D,answer\n0,q,a,b,c,d,\n', 'dataset/answer', /found ""/],
  ['an MMLU file with a header', 'mmlu', 'question,A,B,C,D,answer\nq,a,b,c,d,A\n', 'dataset/answer', /no header row/],
  ['a quote that is never closed', 'mmlu', '"q,a,b,c,d,A\n', 'dataset/csv', /not valid CSV/],
  ['a quote in the middle of a bare field', 'mmlu', 'q "x" y,a,b,c,d,A\n', 'dataset/csv', /not valid CSV/],
  [
    'bytes that are not UTF-8',
    'mmlu',
    Buffer.from('q,a,b,c,d,A\nq\xe9,a,b,c,d,A\n', 'latin1'),
    'dataset/encoding',
    /0xe9 at offset 13 \(line 2\)/,
  ],
  ['UTF-16', 'mmlu', Buffer.from('\uFEFFq,a,b,c,d,A\n', 'utf16le'), 'dataset/encoding', /0xff at offset 0/],
];

describe('a damaged file', () => {
  test.each(DAMAGED)('with %s is refused (%s)', (_name, format, csv, code, says) => {
    const error = errorOf(csv, format);
    expect(error.code).toBe(code);
    expect(error.message).toContain('mmlu/test/x_test.csv');
    expect(error.message).toMatch(says);
    expect(error.exitCode).toBe(3);
  });
});
