/** The questions in the box: every file parses in its publisher's format, and the keys, options and texts hold up. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { packageRoot } from '../../package-root.js';

interface Format {
  readonly set: 'mmlu' | 'ceval' | 'cmmlu';
  readonly split: 'dev' | 'test' | 'val';
  /** What follows the subject in a file's name. */
  readonly suffix: string;
  /** Null where the publisher writes no header. */
  readonly header: readonly string[] | null;
  readonly recordEnd: '\n' | '\r\n';
  /** Columns before the question. */
  readonly lead: 0 | 1;
}

interface Sample {
  readonly index: string | undefined;
  readonly question: string;
  readonly options: readonly string[];
  readonly answer: string;
  readonly explanation: string | undefined;
}

interface SampleFile {
  readonly name: string;
  readonly subject: string;
  readonly format: Format;
  readonly text: string;
  readonly header: readonly string[] | null;
  readonly samples: readonly Sample[];
}

const cevalHeader = ['id', 'question', 'A', 'B', 'C', 'D', 'answer'];
const cmmluHeader = ['', 'Question', 'A', 'B', 'C', 'D', 'Answer'];

const formats: readonly Format[] = [
  { set: 'mmlu', split: 'dev', suffix: '_dev.csv', header: null, recordEnd: '\n', lead: 0 },
  { set: 'mmlu', split: 'test', suffix: '_test.csv', header: null, recordEnd: '\n', lead: 0 },
  {
    set: 'ceval',
    split: 'dev',
    suffix: '_dev.csv',
    header: [...cevalHeader, 'explanation'],
    recordEnd: '\r\n',
    lead: 1,
  },
  { set: 'ceval', split: 'val', suffix: '_val.csv', header: cevalHeader, recordEnd: '\r\n', lead: 1 },
  { set: 'cmmlu', split: 'dev', suffix: '.csv', header: cmmluHeader, recordEnd: '\n', lead: 1 },
  { set: 'cmmlu', split: 'test', suffix: '.csv', header: cmmluHeader, recordEnd: '\n', lead: 1 },
];

const subjects: Readonly<Record<Format['set'], readonly string[]>> = {
  mmlu: [
    'astronomy',
    'elementary_mathematics',
    'high_school_computer_science',
    'high_school_geography',
    'high_school_world_history',
    'nutrition',
  ],
  ceval: [
    'chinese_language_and_literature',
    'high_school_physics',
    'middle_school_biology',
    'middle_school_geography',
    'middle_school_history',
    'sports_science',
  ],
  cmmlu: ['astronomy', 'chinese_food_culture', 'elementary_mathematics', 'world_history'],
};

const fewestAsked = { mmlu: 22, ceval: 22, cmmlu: 15 } as const;
const fewestInAll = { mmlu: 132, ceval: 132, cmmlu: 60 } as const;

const samplesRoot = path.join(packageRoot, 'datasets', 'samples');
const publishedRoot = path.join(process.env.EVALRUN_SHARED ?? path.join(packageRoot, '..', 'shared'), 'datasets');

function filesOf(root: string, format: Format): readonly SampleFile[] {
  const folder = path.join(root, format.set, format.split);
  return readdirSync(folder)
    .sort()
    .map((base) => loadFile(folder, base, format));
}

function loadFile(folder: string, base: string, format: Format): SampleFile {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path.join(folder, base)));
  // Strict on purpose: a row with a missing or an extra column throws.
  const rows: string[][] = parse(text, { record_delimiter: format.recordEnd });
  const header = format.header === null ? null : (rows.shift() ?? []);
  const samples = rows.map((row) => {
    const [question = '', a = '', b = '', c = '', d = '', answer = '', explanation] = row.slice(format.lead);
    return { index: format.lead === 1 ? row[0] : undefined, question, options: [a, b, c, d], answer, explanation };
  });
  const name = `${format.set}/${format.split}/${base}`;
  return { name, subject: base.slice(0, -format.suffix.length), format, text, header, samples };
}

/** Question text without white space and in lower case: what two copies of one question share. */
const normalise = (question: string): string => question.replace(/\s+/gu, '').toLowerCase();

const count = (letters: readonly string[], letter: string): number =>
  letters.filter((found) => found === letter).length;

const files = formats.flatMap((format) => filesOf(samplesRoot, format));
const asked = files.filter((file) => file.format.split !== 'dev');

describe('the set of files', () => {
  test.each(formats)('$set/$split holds one file for each subject', ({ set, suffix, split }) => {
    const found = readdirSync(path.join(samplesRoot, set, split)).sort();
    expect(found).toEqual(subjects[set].map((subject) => `${subject}${suffix}`));
  });

  test.each(['mmlu', 'ceval', 'cmmlu'] as const)('%s asks as many questions as it promises', (set) => {
    const sizes = asked.filter((file) => file.format.set === set).map((file) => file.samples.length);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(fewestAsked[set]);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThanOrEqual(fewestInAll[set]);
  });

  test('the README states the count of every subject and the totals', () => {
    const readme = readFileSync(path.join(samplesRoot, 'README.md'), 'utf8');
    const stated = [...readme.matchAll(/^\| (\w+) \| (\w+) \| [^|]+ \| (\d+) \| (\d+) \|$/gm)].map((row) =>
      row.slice(1),
    );
    const actual = asked.map((file) => {
      const dev = files.find(({ format, subject }) => {
        return format.split === 'dev' && format.set === file.format.set && subject === file.subject;
      });
      return [file.format.set, file.subject, String(dev?.samples.length), String(file.samples.length)];
    });
    expect(stated).toEqual(actual);
    const total = (chosen: readonly SampleFile[]): number => chosen.reduce((sum, file) => sum + file.samples.length, 0);
    const english = total(asked.filter(({ format }) => format.set === 'mmlu'));
    expect(readme).toContain(
      `In all ${total(asked)} questions are asked: ${english} in English, ${total(asked) - english} in Chinese; ` +
        `${total(files) - total(asked)} more are for few-shot prompts.`,
    );
  });

  test('the set has questions with a newline, a comma and a double quote inside a field, as real files do', () => {
    for (const set of ['mmlu', 'ceval', 'cmmlu'] as const) {
      const questions = files.filter(({ format }) => format.set === set).flatMap(({ samples }) => samples);
      expect(questions.filter(({ question }) => question.includes('\n')).length).toBeGreaterThan(0);
    }
    const options = files.flatMap(({ samples }) => samples.flatMap((sample) => sample.options));
    expect(options.some((option) => option.includes(','))).toBe(true);
    expect(options.some((option) => option.includes('"'))).toBe(true);
  });
});

describe.each(files)('$name', ({ format, header, samples, text }) => {
  test('has the columns of the published format', () => {
    expect(header).toEqual(format.header);
    if (format.lead === 1) expect(samples.map(({ index }) => index)).toEqual(samples.map((_, row) => String(row)));
  });

  test('is UTF-8 without a byte-order mark, and its records end as the publisher ends them', () => {
    expect(text.startsWith('\uFEFF')).toBe(false);
    expect(text.endsWith(format.recordEnd)).toBe(true);
    const records = samples.length + (format.header === null ? 0 : 1);
    expect(text.split('\r\n').length - 1).toBe(format.recordEnd === '\r\n' ? records : 0);
    expect(text.replaceAll('\r\n', '')).not.toContain('\r');
  });

  test('has no empty field and no white space at the edge of a line', () => {
    for (const { question, options, explanation } of samples) {
      for (const field of [question, ...options, ...(explanation === undefined ? [] : [explanation])]) {
        expect(field).not.toBe('');
        // Indentation is allowed on the inner lines, where a question shows code.
        expect(field).toBe(field.trimStart());
        for (const line of field.split('\n')) expect(line).toBe(line.trimEnd());
      }
    }
  });

  test('offers four different options, one of which the key names', () => {
    for (const { options, answer } of samples) {
      expect(new Set(options.map(normalise)).size).toBe(4);
      expect(['A', 'B', 'C', 'D']).toContain(answer);
    }
  });

  test('spreads its right answers over the letters', () => {
    const letters = samples.map(({ answer }) => answer);
    const shares = ['A', 'B', 'C', 'D'].map((letter) => count(letters, letter) / letters.length);
    expect(Math.min(...shares)).toBeGreaterThan(0);
    expect(Math.max(...shares)).toBeLessThanOrEqual(0.4);
    if (format.split !== 'dev') expect(letters.join('')).not.toMatch(/(A{3}|B{3}|C{3}|D{3}|(ABCD|DCBA){2})/);
  });

  test('is written in the language of its suite', () => {
    for (const { question, options } of samples) {
      const chinese = /\p{Script=Han}/u.test(question + options.join(''));
      expect({ question, chinese }).toEqual({ question, chinese: format.set !== 'mmlu' });
    }
  });

  if (format.split === 'dev') {
    test('holds the five questions of a few-shot prompt', () => {
      expect(samples).toHaveLength(5);
    });
  }
});

describe('across all files', () => {
  test('no question occurs twice, so dev and test are disjoint too', () => {
    const places = new Map<string, string[]>();
    for (const { name, samples } of files) {
      for (const { question } of samples) {
        const key = normalise(question);
        places.set(key, [...(places.get(key) ?? []), `${name}: ${question}`]);
      }
    }
    expect([...places.values()].filter((found) => found.length > 1)).toEqual([]);
  });

  test('the longest option is not a hint at the right one', () => {
    const all = files.flatMap(({ samples }) => samples);
    const longestIsRight = all.filter(({ options, answer }) => {
      const right = 'ABCD'.indexOf(answer);
      const lengths = options.map((option) => option.length);
      return lengths.every((length, place) => place === right || length < (lengths[right] ?? 0));
    });
    expect(longestIsRight.length / all.length).toBeLessThan(0.25);
  });
});

const withPublished = existsSync(publishedRoot) ? describe : describe.skip;

withPublished('against the published datasets (skipped where EVALRUN_SHARED has none)', () => {
  test.each(formats)('$set/$split: subjects and header are those of the publisher', (format) => {
    const published = filesOf(publishedRoot, format);
    for (const file of files.filter((ours) => ours.format === format)) {
      const same = published.find(({ subject }) => subject === file.subject);
      expect({ name: file.name, header: same?.header }).toEqual({ name: file.name, header: file.header });
    }
  });

  test('no question equals a published one of any set, apart from spaces and case', () => {
    const published = new Set<string>();
    for (const file of formats.flatMap((format) => filesOf(publishedRoot, format))) {
      for (const { question } of file.samples) published.add(normalise(question));
    }
    expect(published.size).toBeGreaterThan(20_000);
    const ours = files.flatMap(({ name, samples }) => samples.map(({ question }) => ({ name, question })));
    expect(ours.filter(({ question }) => published.has(normalise(question)))).toEqual([]);
  });
});
