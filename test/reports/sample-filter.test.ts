import { describe, expect, test } from '@jest/globals';
import { type SampleFilter, SampleSearch } from '../../reports/browser/sample-filter.js';
import { sampleData } from '../../reports/run/sample-data.js';
import type { SampleLine } from '../../runner/sample-line.js';
import { runRecord, sampleLine, suiteRecord } from '../runner/run-fixture.js';
import { generation, writtenLine } from './made-run.js';

const lines: SampleLine[] = [
  sampleLine({ id: 'mmlu/anatomy/0', group: 'anatomy', margin: 0.5 }),
  sampleLine({ id: 'mmlu/anatomy/1', group: 'anatomy', margin: 2, status: 'wrong', answer: 'B', score: 0 }),
  sampleLine({ id: 'mmlu/law/0', group: 'law', margin: 1 }),
  sampleLine({
    id: 'mmlu/law/1',
    group: 'law',
    margin: null,
    status: 'engine_error',
    answer: null,
    score: 0,
    error: 'log-probability of A is NaN',
  }),
  writtenLine({ id: 'math500/0', group: 'Algebra', output: 'Zuerst GRÖSSE, then \\boxed{7}', completion_tokens: 30 }),
  writtenLine({
    id: 'math500/1',
    group: 'Algebra',
    output: '',
    answer: null,
    status: 'truncated',
    score: 0,
    completion_tokens: 512,
  }),
];
const record = runRecord({
  suites: [
    suiteRecord({ groups: { anatomy: 2, law: 2 } }),
    suiteRecord({ suite: 'math500', groups: { Algebra: 2 }, generation }),
  ],
});
const run = { record, lines, telemetry: null, missing: 0, remarks: [], metrics: undefined as never };
const data = sampleData(run);
const everything: SampleFilter = {
  status: null,
  suite: null,
  group: null,
  minMargin: null,
  maxMargin: null,
  text: '',
  sort: '',
};

describe('a filter of samples', () => {
  const cases: [name: string, filter: Partial<SampleFilter>, found: number[]][] = [
    ['nothing asked', {}, [0, 1, 2, 3, 4, 5]],
    ['a status', { status: data.statuses.indexOf('wrong') }, [1]],
    ['not correct', { status: 'not-correct' }, [1, 3, 5]],
    ['without a judged answer', { status: 'unanswered' }, [3, 5]],
    ['a suite', { suite: 1 }, [4, 5]],
    ['a subject', { group: data.groups.findIndex(({ name }) => name === 'law') }, [2, 3]],
    ['a least margin: those without one are out', { minMargin: 0.5 }, [0, 1, 2]],
    ['a range of margins', { minMargin: 0.6, maxMargin: 1 }, [2]],
    ['a least margin of zero', { minMargin: 0 }, [0, 1, 2]],
    ['text of an id', { text: 'LAW/' }, [2, 3]],
    ['text of an output, whatever the case', { text: 'grösse' }, [4]],
    ['text of an error', { text: 'nan' }, [3]],
    ['text of a key', { text: 'frac{1}' }, [4, 5]],
    ['text that is nowhere', { text: 'nowhere' }, []],
    ['spaces around text', { text: '  law/0 ' }, [2]],
    ['all of it together', { status: 'not-correct', suite: 0, text: 'anatomy' }, [1]],
    ['the smallest margin first, those without one last', { sort: 'margin' }, [0, 2, 1, 3, 4, 5]],
    ['the largest margin first, those without one last', { sort: '-margin' }, [1, 2, 0, 3, 4, 5]],
    ['the longest answer first', { suite: 1, sort: '-length' }, [5, 4]],
  ];
  test.each(cases)('%s', (_, filter, found) => {
    expect(new SampleSearch(data).filter({ ...everything, ...filter })).toEqual(found);
  });

  test('finds the same while a word grows, shrinks and changes', () => {
    const search = new SampleSearch(data);
    for (const word of ['b', 'bo', 'box', 'boxed', 'bo', 'nan', 'na', '', 'boxed', 'xboxed']) {
      const filter = { ...everything, text: word };
      expect([word, search.filter(filter)]).toEqual([word, new SampleSearch(data).filter(filter)]);
    }
  });
});

describe('the samples of a page', () => {
  test('say what became of every text that is clipped', () => {
    const long = sampleData(
      { ...run, lines: [writtenLine({ id: 'math500/0', group: 'Algebra', output: 'x'.repeat(1e6) })] },
      300,
    );
    const place = long.output[0] as number;
    expect(long.strings[place]).toHaveLength(300);
    expect(long.clipped[place]).toBe(1e6 - 300);
  });

  test('hold each text once', () => {
    const same = sampleData({
      ...run,
      lines: [0, 1, 2].map((row) => writtenLine({ id: `math500/${row}`, group: 'Algebra' })),
    });
    expect(same.output).toEqual([same.output[0], same.output[0], same.output[0]]);
    expect(same.target).toEqual(same.answer);
  });

  test('show formulas of written answers, not those of programs or choices', () => {
    expect(Object.keys(data.formulas)).toEqual([String(data.target[4])]);
    const executed = runRecord({
      suites: [suiteRecord({ suite: 'math500', generation: { ...generation, executes: true } })],
    });
    expect(sampleData({ ...run, record: executed, lines: lines.slice(4) }).formulas).toEqual({});
  });

  test('keep thinking apart from the output', () => {
    const thinking = { ...writtenLine({ id: 'math500/0', group: 'Algebra' }), thinking: 'let me see' };
    const shown = sampleData({ ...run, lines: [thinking] });
    expect(shown.strings[shown.thinking[0] as number]).toBe('let me see');
    expect(data.thinking).toEqual([-1, -1, -1, -1, -1, -1]);
  });
});
