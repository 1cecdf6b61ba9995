import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import stringWidth from 'string-width';
import { csvLine, renderTable } from '../../cli/query-table.js';
import { storeRun, temporaryRuns } from '../runner/stored-runs.js';
import { runCli } from './run-cli.js';

let home: string;
beforeAll(() => {
  home = temporaryRuns();
  mkdirSync(path.join(home, 'runs'));
  storeRun(path.join(home, 'runs'), { name: 'run-1', right: [true, false, true] });
  storeRun(path.join(home, 'runs'), { name: 'run-2', right: [true, true, true] });
});
afterAll(() => rmSync(home, { recursive: true }));

const ask = (...args: string[]) => runCli(['query', ...args], { cwd: home });

describe('evalrun query', () => {
  test('prints an aligned table of the runs in ./runs', async () => {
    const { code, stdout } = await ask('SELECT run, n, correct FROM suites ORDER BY run');
    expect(code).toBe(0);
    expect(stdout).toBe('run    n  correct\n-----  -  -------\nrun-1  3        2\nrun-2  3        3\n2 rows\n');
  });

  test('rounds fractions in the table, and nowhere else', async () => {
    const sql = 'SELECT avg(score) AS mean FROM samples';
    expect((await ask(sql)).stdout).toContain('0.833333\n');
    expect((await ask(sql, '--csv')).stdout).toBe(`mean\n${5 / 6}\n`);
  });

  test('--json prints one object with columns and rows', async () => {
    const { stdout } = await ask(
      'SELECT run, avg(score) AS mean FROM samples GROUP BY run ORDER BY run',
      'runs',
      '--json',
    );
    expect(JSON.parse(stdout)).toEqual({
      columns: [
        { name: 'run', type: 'VARCHAR' },
        { name: 'mean', type: 'DOUBLE' },
      ],
      rows: [
        { run: 'run-1', mean: 2 / 3 },
        { run: 'run-2', mean: 1 },
      ],
    });
  });

  test('--csv gives every row and value back, in a result larger than a pipe', async () => {
    const sql = "SELECT i, 'a \"b\",' || chr(10) || i AS t, NULL AS nothing, '' AS empty FROM range(20000) r(i)";
    const { code, stdout } = await ask(sql, '--csv');
    expect(code).toBe(0);
    const rows = parse(stdout) as string[][];
    expect(rows).toHaveLength(20_001);
    expect(rows[0]).toEqual(['i', 't', 'nothing', 'empty']);
    expect(rows[20_000]).toEqual(['19999', 'a "b",\n19999', '', '']);
    expect(stdout).toMatch(/,,""\n$/);
  });

  test('says how many rows a long table has and where the others are', async () => {
    const { stdout } = await ask('SELECT * FROM range(2500)');
    expect(stdout).toMatch(/2,500 rows\nThe first 1,000 are shown; --csv or --json gives all\.\n$/);
    expect(stdout.split('\n')).toHaveLength(1005);
  });

  test.each([
    [['SELEC 1'], /^evalrun: The query failed: .*syntax error.*\n$/],
    [["COPY (SELECT 1) TO 'out.csv'"], /^evalrun: .*\n$/],
    [['SELECT 1', 'nowhere'], /no folder of runs/],
    [['SELECT 1', 'runs', '--csv', '--json'], /cannot be used with/],
    [[], /missing required argument/],
  ])('%j is bad usage in one paragraph', async (args, message) => {
    const { code, stdout, stderr } = await ask(...args);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(message);
  });

  test('shows control characters of answers as escapes', async () => {
    const { stdout } = await ask("SELECT chr(27) || '[31m' || chr(8238) || chr(10) AS x");
    expect(stdout).toContain('\\u001b[31m\\u202e\\n');
    expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
  });
});

describe('renderTable', () => {
  const columns = ['name', '数'].map((name, at) => ({ name, isNumber: at === 1 }));

  test('aligns Chinese by what it takes on a screen', () => {
    const lines = renderTable(columns, [
      ['法学', '1'],
      ['anatomy', '23'],
    ])
      .trimEnd()
      .split('\n');
    expect(new Set(lines.map((line) => stringWidth(line)))).toEqual(new Set([11]));
  });

  test('cuts long cells until a line fits the terminal', () => {
    const long = Array.from({ length: 4 }, () => 'x'.repeat(100));
    const wide = long.map((_, at) => ({ name: `c${at}`, isNumber: false }));
    for (const terminal of [80, 120, 250]) {
      for (const line of renderTable(wide, [long], terminal).split('\n'))
        expect(line.length).toBeLessThanOrEqual(terminal);
    }
  });
});

test.each([
  [['a', 'b'], 'a,b\n'],
  [['a,b', 'say "x"', 'two\nlines', ' space'], '"a,b","say ""x""","two\nlines"," space"\n'],
  [[null, ''], ',""\n'],
])('csvLine(%j)', (cells, line) => {
  expect(csvLine(cells)).toBe(line);
});
