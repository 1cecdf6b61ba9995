/** The manifest that ships, and what a manifest must not say. */
import { describe, expect, test } from '@jest/globals';
import {
  choiceEntry,
  datasetEntry,
  loadManifest,
  manifestSubjects,
  parseManifest,
  subjectOf,
} from '../../datasets/manifest.js';
import { smallEntry } from './small-dataset.js';

test.each([
  ['mmlu', 57, 14_042 + 285],
  ['ceval', 52, 1_346 + 260],
  ['cmmlu', 67, 11_582 + 335],
])('%s has %i subjects with two files each, and %i rows', (id, subjects, rows) => {
  const entry = choiceEntry(id);
  expect(manifestSubjects(entry)).toHaveLength(subjects);
  expect(entry.files).toHaveLength(2 * subjects);
  expect(entry.files.reduce((total, file) => total + file.rows, 0)).toBe(rows);
});

test.each([
  ['math500', [500]],
  ['gsm8k', [1319]],
  ['mgsm', [250, 250]],
  ['cmath', [600]],
  ['humaneval', [164]],
  ['humaneval-plus', [164]],
  ['humaneval-mul', [164, 158, 161, 158, 161, 159, 161, 158]],
])('%s has its files with %j rows', (id, rows) => {
  const entry = datasetEntry(id);
  expect(entry.files.map((file) => file.rows)).toEqual(rows);
  expect(() => choiceEntry(id)).toThrow(/no dataset of multiple choice/);
});

test('an unknown dataset is answered with the nearest one', () => {
  expect(() => datasetEntry('cevl')).toThrow(/no dataset "cevl".*mmlu, ceval, cmmlu.*nearest name is "ceval"/);
});

test('every manifest address is pinned, or its content is by hash', () => {
  for (const { source } of loadManifest().datasets) {
    const pinned = source.kind === 'archive' || source.urls.every((url) => /\/[0-9a-f]{40}\//.test(url));
    expect(pinned).toBe(true);
  }
});

test('a subject is read out of a path only when the whole pattern fits', () => {
  expect(subjectOf('test/{subject}_test.csv', 'test/us_foreign_policy_test.csv')).toBe('us_foreign_policy');
  expect(subjectOf('test/{subject}_test.csv', 'dev/anatomy_dev.csv')).toBeUndefined();
  expect(subjectOf('test/{subject}_test.csv', 'test/_test.csv')).toBeUndefined();
  expect(subjectOf('test/{subject}.csv', 'test/a/b.csv')).toBeUndefined();
});

describe('a manifest is refused', () => {
  const entry = smallEntry();
  const file = entry.files[0];
  const withFile = (changes: object) => ({ schema: 1, datasets: [{ ...entry, files: [{ ...file, ...changes }] }] });
  test.each([
    ['that is not JSON', '{', /not JSON/],
    ['of another schema', JSON.stringify({ schema: 2, datasets: [entry] }), /schema/],
    ['with a path that climbs out', JSON.stringify(withFile({ path: '../../.profile' })), /path below the dataset/],
    ['with an absolute path', JSON.stringify(withFile({ path: '/etc/passwd' })), /path below the dataset/],
    ['with a hidden climb', JSON.stringify(withFile({ path: 'dev/../../x' })), /path below the dataset/],
    ['with a short hash', JSON.stringify(withFile({ sha256: 'abc' })), /SHA-256/],
    [
      'with a file address',
      JSON.stringify({ schema: 1, datasets: [{ ...entry, source: { kind: 'files', urls: ['file:///{path}'] } }] }),
      /http/,
    ],
    ['with a dataset twice', JSON.stringify({ schema: 1, datasets: [entry, entry] }), /twice/],
    ['with a file twice', JSON.stringify({ schema: 1, datasets: [{ ...entry, files: [file, file] }] }), /twice/],
    ['with an unknown field', JSON.stringify(withFile({ size: 5 })), /size/],
  ])('%s', (_name, text, says) => {
    expect(() => parseManifest(text, 'a manifest')).toThrow(says);
    expect(() => parseManifest(text, 'a manifest')).toThrow(expect.objectContaining({ code: 'dataset/manifest' }));
  });
});
