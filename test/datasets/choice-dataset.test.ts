/** Loading a dataset: which folder is taken, what is checked, and what the published files hold. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type ChoiceDatasetOptions, loadChoiceDataset } from '../../datasets/choice-dataset.js';
import { packageRoot } from '../../package-root.js';
import { SMALL_FILES, smallEntry } from './small-dataset.js';
import { temporaryFolders, writeFiles } from './temporary-folder.js';

const newFolder = temporaryFolders();
const below = (id: string, files: Readonly<Record<string, string>> = SMALL_FILES) =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [`${id}/${name}`, content]));

/** Options that see nothing of this machine: an empty home, no variables. */
function load(options: ChoiceDatasetOptions = {}) {
  return loadChoiceDataset('mmlu', {
    env: { HOME: newFolder() },
    entry: smallEntry(),
    embeddedRoot: newFolder(),
    ...options,
  });
}

describe('where the questions come from', () => {
  const home = newFolder();
  const named = newFolder();
  const fromEnv = newFolder();
  const box = newFolder();
  const empty = newFolder();
  writeFiles(home, below('.cache/evalrun/datasets/mmlu'));
  writeFiles(named, below('mmlu'));
  writeFiles(fromEnv, below('mmlu'));
  writeFiles(box, below('mmlu', { 'dev/anatomy_dev.csv': 'q,a,b,c,d,A\n', 'test/anatomy_test.csv': 'q,a,b,c,d,B\n' }));

  test.each([
    ['--data before everything', { dataDir: named, env: { HOME: home, EVALRUN_DATA: fromEnv } }, named],
    ['EVALRUN_DATA before the cache', { env: { HOME: home, EVALRUN_DATA: fromEnv } }, fromEnv],
    ['the cache before the box', { env: { HOME: home } }, path.join(home, '.cache', 'evalrun', 'datasets')],
    ['the box when nothing is installed', { env: { HOME: empty } }, 'embedded'],
    [
      'the box when it is asked for by name',
      { dataDir: 'embedded', env: { HOME: home, EVALRUN_DATA: fromEnv } },
      'embedded',
    ],
  ])('takes %s', async (_name, options, source) => {
    expect((await load({ embeddedRoot: box, ...options })).source).toBe(source);
  });

  test.each([
    ['--data', { dataDir: empty, env: { HOME: home } }],
    ['EVALRUN_DATA', { env: { HOME: home, EVALRUN_DATA: empty } }],
    ['--data', { dataDir: path.join(empty, 'nowhere'), env: { HOME: home } }],
  ])('never falls back when %s names a folder without the dataset', async (name, options) => {
    await expect(load({ embeddedRoot: box, ...options })).rejects.toMatchObject({
      code: 'dataset/not-installed',
      message: expect.stringMatching(new RegExp(`^${name} is .*evalrun data pull mmlu`)),
    });
  });

  test('the box has the subjects of its files, hashed and not compared with the manifest', async () => {
    const dataset = await load({ embeddedRoot: box, env: { HOME: empty } });
    expect(dataset.subjects.map(({ subject }) => subject)).toEqual(['anatomy']);
    expect(dataset.licence).toMatch(/evalrun/);
    expect(dataset.deviations).toEqual([]);
    expect(dataset.files).toEqual([
      { path: 'mmlu/dev/anatomy_dev.csv', sha256: expect.stringMatching(/^[0-9a-f]{64}$/), rows: 1 },
      { path: 'mmlu/test/anatomy_test.csv', sha256: expect.stringMatching(/^[0-9a-f]{64}$/), rows: 1 },
    ]);
  });
});

describe('subjects', () => {
  const root = newFolder();
  writeFiles(root, below('mmlu'));

  test('come in alphabetical order with their rows numbered from 0', async () => {
    const { subjects } = await load({ dataDir: root, subjects: ['virology', 'anatomy'] });
    expect(subjects.map(({ subject, dev, questions }) => [subject, dev.length, questions.length])).toEqual([
      ['anatomy', 5, 300],
      ['virology', 5, 7],
    ]);
    expect(subjects[1]?.questions.at(6)).toEqual({
      row: 6,
      question: 'virology test\nquestion 6',
      options: ['a', 'b', 'c', 'd'],
      answer: 'C',
    });
  });

  test('that do not exist are named with the nearest one', async () => {
    await expect(load({ dataDir: root, subjects: ['anatomi'] })).rejects.toMatchObject({
      code: 'usage/unknown-subject',
      message: expect.stringMatching(/"anatomi".*anatomy, virology.*nearest name is "anatomy"/),
    });
  });

  test('must be at least one', async () => {
    await expect(load({ dataDir: root, subjects: [] })).rejects.toMatchObject({ code: 'usage/unknown-subject' });
  });

  test('without a file are an error unless they are left out', async () => {
    const partial = newFolder();
    const { 'test/virology_test.csv': _, ...files } = SMALL_FILES;
    writeFiles(partial, below('mmlu', files));
    await expect(load({ dataDir: partial })).rejects.toMatchObject({
      code: 'dataset/missing-file',
      message: expect.stringMatching(/mmlu\/test\/virology_test\.csv is missing.*data pull mmlu/),
    });
    expect((await load({ dataDir: partial, subjects: ['anatomy'] })).subjects).toHaveLength(1);
  });
});

describe('a file that is not the published one', () => {
  const root = newFolder();
  const changed = `${SMALL_FILES['test/virology_test.csv']}one more,a,b,c,d,A\n`;
  writeFiles(root, below('mmlu', { ...SMALL_FILES, 'test/virology_test.csv': changed }));

  test('is refused, naming the file and both hashes', async () => {
    const expected = smallEntry().files.find((file) => file.path === 'test/virology_test.csv')?.sha256;
    await expect(load({ dataDir: root })).rejects.toMatchObject({
      code: 'dataset/hash',
      message: expect.stringMatching(
        new RegExp(`mmlu/test/virology_test\\.csv.*${expected}, found [0-9a-f]{64}.*allow-modified-data`),
      ),
    });
  });

  test('is taken with allowModified, and each difference is a sentence', async () => {
    const { deviations } = await load({ dataDir: root, allowModified: true });
    expect(deviations).toHaveLength(2);
    expect(deviations[0]).toMatch(/^mmlu\/test\/virology_test\.csv is not the published file: expected sha256/);
    expect(deviations[1]).toMatch(/another number of questions: expected 7 rows, found 8\.$/);
  });

  test('with the right hash but another row count than the manifest says is refused', async () => {
    const entry = smallEntry();
    const files = entry.files.map((file) => ({ ...file, rows: file.rows + 1 }));
    writeFiles(root, below('mmlu'));
    await expect(load({ dataDir: root, entry: { ...entry, files } })).rejects.toMatchObject({
      code: 'dataset/row-count',
    });
  });
});

const shared = path.join(process.env.EVALRUN_SHARED ?? path.join(packageRoot, '..', 'shared'), 'datasets');
const published = existsSync(shared) ? test : test.skip;
const SIZES: Readonly<Record<string, readonly [subjects: number, dev: number, questions: number]>> = {
  mmlu: [57, 285, 14_042],
  ceval: [52, 260, 1_346],
  cmmlu: [67, 335, 11_582],
};

describe('the published files (skipped where they are not at hand)', () => {
  published.each(Object.keys(SIZES))('%s loads whole, with every hash as in the manifest', async (id) => {
    const { subjects, deviations, source } = await loadChoiceDataset(id, { dataDir: shared });
    const count = (lists: readonly { readonly length: number }[]) =>
      lists.reduce((total, list) => total + list.length, 0);
    expect([
      subjects.length,
      count(subjects.map(({ dev }) => dev)),
      count(subjects.map(({ questions }) => questions)),
    ]).toEqual(SIZES[id]);
    expect(deviations).toEqual([]);
    expect(source).toBe(shared);
  });

  published('mmlu keeps what careless readers lose', async () => {
    const { subjects } = await loadChoiceDataset('mmlu', { dataDir: shared });
    const questions = subjects.flatMap((subject) => [...subject.questions]);
    const letters = ['A', 'B', 'C', 'D'].map((letter) => questions.filter(({ answer }) => answer === letter).length);
    expect(letters).toEqual([3222, 3462, 3582, 3776]);
    expect(questions.filter(({ options }) => options.some((option) => /^none\.?$/i.test(option)))).toHaveLength(15);
    expect(questions.filter(({ question, options }) => /\n/.test(question + options.join('')))).toHaveLength(1127);
    const mathematics = subjects.find(({ subject }) => subject === 'college_mathematics');
    expect([...(mathematics?.dev ?? [])].some(({ question }) => question.includes('\r\n'))).toBe(true);
  });
});
