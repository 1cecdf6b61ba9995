/** Datasets of problems that are answered in writing: where they come from, what is checked, what is refused. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { parseCodeFile } from '../../datasets/code-problem.js';
import { datasetEntry } from '../../datasets/manifest.js';
import { parseMathFile } from '../../datasets/math-problem-files.js';
import { parseMulFile } from '../../datasets/mul-problem.js';
import { loadProblemDataset, type ProblemDatasetOptions } from '../../datasets/problem-dataset.js';
import { verifyDataset } from '../../datasets/verify.js';
import { packageRoot } from '../../package-root.js';
import { sha256Hex } from '../../sha256.js';
import { temporaryFolders, writeFiles } from './temporary-folder.js';

const newFolder = temporaryFolders();
const code = (bytes: Buffer, file: string) => parseCodeFile(bytes, `humaneval/${file}`);
const math = (dataset: 'math500' | 'gsm8k' | 'mgsm' | 'cmath') => (bytes: Buffer, file: string) =>
  parseMathFile(bytes.toString('utf8'), { dataset, file });
const plus = (bytes: Buffer, file: string) => parseCodeFile(bytes, `humaneval-plus/${file}`, 'humaneval-plus');
const parsers: Readonly<Record<string, (bytes: Buffer, file: string) => readonly { id: string }[]>> = {
  humaneval: code,
  'humaneval-plus': plus,
  'humaneval-mul': parseMulFile,
};
const parserOf = (id: string) => parsers[id] ?? math(id as 'math500');

const counts: readonly (readonly [id: string, inBox: number, published: number, first: string, last: string])[] = [
  ['math500', 60, 500, 'math500/0', 'math500/499'],
  ['gsm8k', 30, 1319, 'gsm8k/0', 'gsm8k/1318'],
  ['mgsm', 40, 500, 'mgsm/en/0', 'mgsm/zh/249'],
  ['cmath', 40, 600, 'cmath/0', 'cmath/599'],
  ['humaneval', 40, 164, 'humaneval/0', 'humaneval/163'],
  ['humaneval-plus', 4, 164, 'humaneval-plus/0', 'humaneval-plus/163'],
  ['humaneval-mul', 24, 1280, 'humaneval-mul/python/0', 'humaneval-mul/sh/163'],
];

describe('the problems in the box', () => {
  test.each(counts)('%s are %i, hashed', async (id, inBox) => {
    const dataset = await loadProblemDataset<{ id: string }>(id, parserOf(id), { dataDir: 'embedded' });
    expect(dataset).toMatchObject({ source: 'embedded', deviations: [], licence: 'Apache-2.0, written for evalrun' });
    expect(dataset.problems).toHaveLength(inBox);
    expect(new Set(dataset.problems.map((problem) => problem.id)).size).toBe(inBox);
    expect(dataset.files.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256))).toBe(true);
  });
});

const published = path.join(process.env.EVALRUN_SHARED ?? path.join(packageRoot, '..', 'shared'), 'datasets');
const testPublished = existsSync(published) ? test : test.skip;

describe('the published problems (skipped where they are not at hand)', () => {
  testPublished.each(counts)('%s is complete and as the manifest says', async (id, _, rows, first, last) => {
    // Not every dataset is beside the others.
    if (!existsSync(path.join(published, id))) return;
    const { problems, deviations } = await loadProblemDataset<{ id: string }>(id, parserOf(id), { dataDir: published });
    expect([problems.length, problems[0]?.id, problems.at(-1)?.id]).toEqual([rows, first, last]);
    expect(deviations).toEqual([]);
    // A licence beside the files is no difference.
    expect(verifyDataset(datasetEntry(id), path.join(published, id))).toEqual([]);
  });
});

describe('an installed dataset', () => {
  const rows = '{"question":"1 + 1?","answer":"#### 2"}\n{"question":"2 + 2?","answer":"#### 4"}\n';
  const load = (content: string | undefined, options: ProblemDatasetOptions & { readonly rowCount?: number } = {}) => {
    const root = newFolder();
    writeFiles(root, content === undefined ? { 'gsm8k/other.txt': '' } : { 'gsm8k/test.jsonl': content });
    const file = { path: 'test.jsonl', sha256: sha256Hex(Buffer.from(rows)), bytes: 1, rows: options.rowCount ?? 2 };
    const entry = { ...datasetEntry('gsm8k'), files: [file] };
    return loadProblemDataset('gsm8k', math('gsm8k'), { dataDir: root, entry, ...options });
  };

  test('is taken as it is published', async () => {
    const { problems, files } = await load(rows);
    expect(problems.map(({ target }) => target)).toEqual(['2', '4']);
    expect(files).toEqual([{ path: 'gsm8k/test.jsonl', sha256: sha256Hex(Buffer.from(rows)), rows: 2 }]);
  });

  test.each([
    ['another content', `${rows}{"question":"?","answer":"#### 1"}\n`, 2, 'dataset/hash'],
    ['another number of rows', rows, 3, 'dataset/row-count'],
    ['no file', undefined, 2, 'dataset/missing-file'],
    ['a line that is no JSON', `${rows}{`, 2, 'dataset/hash'],
  ])('with %s is refused in a paragraph that says what to do', async (_, content, rowCount, code) => {
    await expect(load(content, { rowCount })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/evalrun data (verify|pull) gsm8k/),
    });
  });

  test('that differs is taken where that is allowed, and every difference is told', async () => {
    const { deviations } = await load(`${rows}{"question":"?","answer":"#### 1"}\n`, { allowModified: true });
    expect(deviations).toHaveLength(2);
    expect(deviations[1]).toMatch(/expected 2 rows, found 3/);
  });
});

describe('a file of functions', () => {
  const row = {
    task_id: 'HumanEval/7',
    prompt: '\ndef add(a, b):\n    """ Sum. """\n',
    entry_point: 'add',
    canonical_solution: '    return a + b\n',
    test: '\n\ndef check(candidate):\n    assert candidate(1, 2) == 3\n',
  };
  const parse = (...lines: readonly (object | string)[]) =>
    parseCodeFile(
      gzipSync(lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')),
      'humaneval/HumanEval.jsonl.gz',
    );

  test('keeps every byte of a prompt and takes the id from task_id', () => {
    const [problem] = parse({ ...row, prompt: `${row.prompt}\u2028\u0085 ` });
    expect(problem).toMatchObject({ id: 'humaneval/7', entryPoint: 'add', prompt: `${row.prompt}\u2028\u0085 ` });
    expect(problem).not.toHaveProperty('canonical_solution');
  });

  test.each([
    ['half a line', ['{"task_id":'], /line 1 cannot be read: not JSON/],
    ['a task twice', [row, row], /line 2 cannot be read: humaneval\/7 comes twice/],
    ['another kind of id', [{ ...row, task_id: 'Mbpp/7' }], /"task_id": not of the form/],
    ['a test without check', [{ ...row, test: 'assert True' }], /"test": no "def check\("/],
    ['an entry point that is code', [{ ...row, entry_point: 'a;b' }], /"entry_point": no name/],
    ['a prompt of another function', [{ ...row, entry_point: 'sub' }], /the prompt does not define sub/],
  ])('with %s is refused', (_, lines, says) => {
    expect(() => parse(...lines)).toThrow(expect.objectContaining({ code: 'dataset/row' }));
    expect(() => parse(...lines)).toThrow(says);
  });

  test('that is not gzip, is cut off, or unpacks to more than can be is refused', () => {
    const packed = gzipSync(JSON.stringify(row));
    for (const bytes of [Buffer.from('{}'), packed.subarray(0, 40), gzipSync(Buffer.alloc(65 * 1024 ** 2))]) {
      expect(() => parseCodeFile(bytes, 'x')).toThrow(expect.objectContaining({ code: 'dataset/unreadable-file' }));
    }
  });
});
