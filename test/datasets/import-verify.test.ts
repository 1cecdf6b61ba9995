/** Importing what the user has, and naming every difference of what is installed. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { importDataset } from '../../datasets/import.js';
import { renderDeviation, verifyDataset } from '../../datasets/verify.js';
import { tarOf, zipOf } from './archives.js';
import { SMALL_FILES, smallEntry } from './small-dataset.js';
import { temporaryFolders, writeFiles } from './temporary-folder.js';

const newFolder = temporaryFolders();
const entry = smallEntry();
const moved = (prefix: string) =>
  Object.fromEntries(Object.entries(SMALL_FILES).map(([name, text]) => [prefix + name, text]));

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = newFolder();
  writeFiles(folder, files);
  return folder;
}

describe('import', () => {
  const flat = Object.fromEntries(Object.entries(SMALL_FILES).map(([name, text]) => [path.posix.basename(name), text]));
  test.each([
    ['lies as published', SMALL_FILES],
    ['lies deeper', moved('some/where/mmlu/')],
    ['has lost its folders', flat],
    ['has a wrong copy beside the right one', { ...moved('good/'), 'bad/test/virology_test.csv': 'x,a,b,c,d,A\n' }],
  ])('takes a dataset that %s', async (_name, files) => {
    const root = newFolder();
    const result = await importDataset(entry, { root, from: folderOf(files) });
    expect(result).toMatchObject({ files: 4, deviations: [] });
    expect(verifyDataset(entry, path.join(root, 'mmlu'))).toEqual([]);
  });

  test.each([
    ['x.zip', zipOf(moved('exam/'))],
    ['x.tar', tarOf(moved('data/'))],
  ])('takes %s', async (name, content) => {
    const root = newFolder();
    const from = path.join(newFolder(), name);
    writeFileSync(from, content);
    await importDataset(entry, { root, from });
    expect(verifyDataset(entry, path.join(root, 'mmlu'))).toEqual([]);
  });

  test('installs nothing when a file is missing, even with --allow-modified-data', async () => {
    const { 'dev/anatomy_dev.csv': _, ...files } = SMALL_FILES;
    const root = newFolder();
    await expect(importDataset(entry, { root, from: folderOf(files), allowModified: true })).rejects.toMatchObject({
      code: 'dataset/import',
      message: expect.stringMatching(/mmlu\/dev\/anatomy_dev\.csv: missing/),
    });
    expect(existsSync(path.join(root, 'mmlu'))).toBe(false);
  });

  test('takes other content only with --allow-modified-data, and names it', async () => {
    const from = folderOf({ ...SMALL_FILES, 'dev/anatomy_dev.csv': 'mine,a,b,c,d,A\n' });
    const root = newFolder();
    await expect(importDataset(entry, { root, from })).rejects.toMatchObject({
      code: 'dataset/import',
      message: expect.stringMatching(/anatomy_dev\.csv: other content, expected sha256.*allow-modified-data/),
    });
    const { deviations } = await importDataset(entry, { root, from, allowModified: true });
    expect(deviations.map(({ kind, path: file }) => [kind, file])).toEqual([['hash', 'mmlu/dev/anatomy_dev.csv']]);
    expect(readFileSync(path.join(root, 'mmlu/dev/anatomy_dev.csv'), 'utf8')).toBe('mine,a,b,c,d,A\n');
  });

  test('refuses a place that is not there and a file that is no archive', async () => {
    const root = newFolder();
    await expect(importDataset(entry, { root, from: path.join(root, 'none') })).rejects.toMatchObject({
      code: 'usage/import-source',
    });
    const from = path.join(newFolder(), 'x.rar');
    writeFileSync(from, '');
    await expect(importDataset(entry, { root, from })).rejects.toMatchObject({ code: 'usage/archive-kind' });
  });
});

describe('verify', () => {
  const anatomy = SMALL_FILES['test/anatomy_test.csv'] ?? '';
  test.each([
    ['nothing', SMALL_FILES, []],
    ['a licence and another split', { ...SMALL_FILES, LICENSE: 'MIT', 'val/anatomy_val.csv': '' }, []],
    [
      'an extra file in a split',
      { ...SMALL_FILES, 'test/zoology_test.csv': '' },
      [['extra', 'mmlu/test/zoology_test.csv']],
    ],
    [
      'another letter',
      { ...SMALL_FILES, 'test/anatomy_test.csv': anatomy.replace('question 3', 'question E') },
      [['hash', 'mmlu/test/anatomy_test.csv']],
    ],
    [
      'one row less',
      { ...SMALL_FILES, 'test/anatomy_test.csv': anatomy.slice(anatomy.indexOf(',A\n') + 3) },
      [
        ['hash', 'mmlu/test/anatomy_test.csv'],
        ['rows', 'mmlu/test/anatomy_test.csv'],
      ],
    ],
    [
      'a file that is no CSV',
      { ...SMALL_FILES, 'test/anatomy_test.csv': '<html>' },
      [
        ['hash', 'mmlu/test/anatomy_test.csv'],
        ['unreadable', 'mmlu/test/anatomy_test.csv'],
      ],
    ],
  ] as const)('finds %s', (_name, files, expected) => {
    const found = verifyDataset(entry, folderOf(files));
    expect(found.map((deviation) => [deviation.kind, deviation.path])).toEqual(expected);
  });

  test('finds every missing file of a folder that is not there', () => {
    const found = verifyDataset(entry, path.join(newFolder(), 'none'));
    expect(found.map(({ kind }) => kind)).toEqual(['missing', 'missing', 'missing', 'missing']);
  });

  test('says each difference in one line', () => {
    expect(renderDeviation({ kind: 'missing', path: 'mmlu/a.csv' })).toBe('mmlu/a.csv: missing');
    expect(renderDeviation({ kind: 'rows', path: 'mmlu/a.csv', expected: '5', found: '4' })).toBe(
      'mmlu/a.csv: rows, expected 5, found 4',
    );
  });
});
