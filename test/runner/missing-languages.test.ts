/** A run on a machine that lacks a language: it is left out, said aloud, and never counted as wrong. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { renderRunJson, renderRunText } from '../../cli/run-report.js';
import { rescoreRun } from '../../runner/rescore.js';
import { type RunSuiteOptions, runSuite } from '../../runner/run-suite.js';
import type { CodeLanguage } from '../../suites/suite.js';
import { fakeEngine } from './fake-engine.js';
import { fakePrograms } from './fake-programs.js';

let home: string;
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-languages-'));
});
afterAll(() => rmSync(home, { recursive: true }));

const opened: (readonly string[] | undefined)[] = [];
const start = (missing: readonly CodeLanguage[], options: Partial<RunSuiteOptions> = {}) =>
  runSuite({
    engine: fakeEngine({ write: () => ({ text: '```\ncode # passed\n```' }) }),
    suite: 'humaneval-mul',
    dataDir: 'embedded',
    out: path.join(home, 'runs'),
    openPrograms: async ({ languages }) => {
      opened.push(languages);
      return fakePrograms();
    },
    missingLanguages: async (names) =>
      new Map(names.filter((name) => missing.includes(name)).map((name) => [name, `no ${name} here; install it`])),
    ...options,
  });

test('a missing language is in no denominator, and every place that shows the score says so', async () => {
  const result = await start(['java', 'cs']);
  const suite = result.metrics.suites['humaneval-mul'];
  expect([suite?.n, suite?.macro.groups, suite?.missing]).toEqual([18, 6, 0]);
  expect(Object.keys(suite?.groups ?? {})).toEqual(['python', 'cpp', 'js', 'ts', 'php', 'sh']);
  expect(suite?.languages_missing).toEqual({ java: 'no java here; install it', cs: 'no cs here; install it' });
  expect(opened.at(-1)).toEqual(['cpp', 'js', 'ts', 'php', 'sh']);
  const text = renderRunText(result, { verbose: false, columns: 120 }).replace(/\s+/g, ' ');
  expect(text).toContain('NOT THE WHOLE BENCHMARK: the mean of 6 of 8 languages. This machine cannot run java, cs');
  expect(text).toContain('Note: Java was not asked: no java here; install it.');
  expect(text).toMatch(/│ PHP │ 3 │/);
  expect(text).not.toMatch(/│ Java │/);
  expect(JSON.stringify(renderRunJson(result))).toContain('"languages_missing":{"java":');
  const record = JSON.parse(readFileSync(path.join(result.folder, 'run.json'), 'utf8'));
  expect(record.suites[0].languages_missing).toEqual(suite?.languages_missing);
});

test('with all of them nothing of this is said', async () => {
  const result = await start([]);
  const suite = result.metrics.suites['humaneval-mul'];
  expect([suite?.n, suite?.macro.groups, suite?.languages_missing]).toEqual([24, 8, undefined]);
  expect(renderRunText(result, { verbose: false })).not.toMatch(/NOT THE WHOLE|was not asked/);
  // How programs were put together is part of the report.
  expect(renderRunText(result, { verbose: false })).toMatch(/Answers found by: fenced-other 24/);
});

test('a run is not resumed on a machine with other languages', async () => {
  const { folder } = await start(['java']);
  await expect(start([], { resume: folder })).rejects.toMatchObject({ code: 'run/settings-differ' });
  await expect(start(['java'], { resume: folder })).resolves.toMatchObject({ folder });
});

test('a run is not resumed with another version of a language', async () => {
  const withPhp = (version: string) => ({
    openPrograms: async () => {
      const programs = fakePrograms();
      return { ...programs, report: { ...programs.report, toolchains: { php: version } } };
    },
  });
  const { folder, record } = await start([], withPhp('PHP 8.2.1'));
  expect(record.sandbox?.toolchains).toEqual({ php: 'PHP 8.2.1' });
  await expect(start([], { ...withPhp('PHP 8.2.1'), resume: folder })).resolves.toMatchObject({ folder });
  const other = start([], { ...withPhp('PHP 8.3.0'), resume: folder });
  await expect(other).rejects.toThrow(/toolchain php: PHP 8\.2\.1 -> PHP 8\.3\.0/);
});

test('scoring again opens the languages of the answers only', async () => {
  const { folder } = await start(['java', 'cs', 'cpp']);
  const asked: (readonly string[] | undefined)[] = [];
  await rescoreRun(folder, {
    openPrograms: async ({ languages }) => {
      asked.push(languages);
      return fakePrograms();
    },
  });
  expect(asked).toEqual([['js', 'ts', 'php', 'sh']]);
});

test('a selection of which nothing can be run says why', async () => {
  const failed = start(['java'], { subjects: ['java'] });
  await expect(failed).rejects.toMatchObject({ code: 'suite/empty', message: expect.stringContaining('no java here') });
});
