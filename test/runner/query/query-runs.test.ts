import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Cell } from '../../../runner/query/cell.js';
import { queryRuns } from '../../../runner/query/query-runs.js';
import { storeRun, temporaryRuns } from '../stored-runs.js';

const right = [true, false, true, true];

interface Answer {
  readonly names: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly notices: readonly string[];
}

async function ask(folder: string, sql: string, memoryLimit = '1GB'): Promise<Answer> {
  const notices: string[] = [];
  const answer = await queryRuns(folder, sql, {
    memoryLimit,
    onNotice: (line) => notices.push(line),
    use: async ({ columns, pieces }) => {
      const rows: (readonly Cell[])[] = [];
      for await (const piece of pieces) rows.push(...piece);
      return { names: columns.map(({ name }) => name), rows };
    },
  });
  return { ...answer, notices };
}

describe('the tables', () => {
  let folder: string;
  beforeAll(() => {
    folder = temporaryRuns();
    storeRun(folder, { name: 'run-1', right, record: { evalrun: { version: '0.1.0', commit: 'abc' } } });
    storeRun(folder, { name: 'run-2', right: [true, true, true, true] });
    storeRun(folder, { name: 'run-3', right, stopAfter: 2 });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('runs has a row for each run, with times as times', async () => {
    const sql =
      'SELECT run, id, status, model, dtype, device, version, commit, planned, year(created) FROM runs ORDER BY run';
    const { rows, notices } = await ask(folder, sql);
    expect(rows).toEqual([
      ['run-1', 'run-1', 'complete', 'nano', 'bf16', 'cpu', '0.1.0', 'abc', 4, 2026],
      ['run-2', 'run-2', 'complete', 'nano', 'bf16', 'cpu', '0.1.0', null, 4, 2026],
      ['run-3', 'run-3', 'incomplete', 'nano', 'bf16', 'cpu', '0.1.0', null, 4, 2026],
    ]);
    expect(notices).toEqual([]);
  });

  test('suites has scores as in metrics.json, and none for an unfinished run', async () => {
    const { rows } = await ask(
      folder,
      'SELECT run, suite, accuracy, n, correct, wrong, missing FROM suites ORDER BY run',
    );
    expect(rows).toEqual([
      ['run-1', 'mmlu', 0.75, 4, 3, 1, 0],
      ['run-2', 'mmlu', 1, 4, 4, 0, 0],
      ['run-3', 'mmlu', null, 4, null, null, null],
    ]);
  });

  test('samples has every line with typed columns', async () => {
    const { rows } = await ask(
      folder,
      "SELECT run, count(*), avg(margin), min(choices['A']) FROM samples GROUP BY run ORDER BY run",
    );
    expect(rows).toEqual([
      ['run-1', 4, 1, -1],
      ['run-2', 4, 1, -1],
      ['run-3', 2, 1, -1],
    ]);
    const { names, rows: first } = await ask(folder, 'SELECT * FROM samples ORDER BY run, id LIMIT 1');
    const sample = Object.fromEntries(names.map((name, at) => [name, first[0]?.[at]]));
    expect(sample).toMatchObject({
      run: 'run-1',
      id: 'mmlu/anatomy/0',
      subject: 'anatomy',
      status: 'correct',
      ended_by: null,
    });
    expect(sample.choices).toEqual({ A: -1, B: -2, C: -3, D: -4 });
  });

  test('telemetry has the lines of telemetry.jsonl', async () => {
    const { rows } = await ask(folder, 'SELECT type, sum(prefill_tokens) FROM telemetry GROUP BY type');
    expect(rows).toEqual([['engine', 1500]]);
  });

  test('joins by run, and gives columns of one name different ones', async () => {
    const { names } = await ask(folder, 'SELECT runs.run, suites.run FROM runs JOIN suites USING (run) LIMIT 1');
    expect(new Set(names).size).toBe(2);
  });

  test.each([
    [
      "SELECT 9007199254740993::BIGINT, 'NaN'::DOUBLE, 1.25::DECIMAL(5,2), [1, NULL], {'a': 1}",
      ['9007199254740993', 'NaN', 1.25, [1, null], { a: 1 }],
    ],
    ["SELECT DATE '2026-01-02', count(*), true, NULL FROM runs", ['2026-01-02', 3, true, null]],
  ])('%s has values that JSON can hold', async (sql, row) => {
    expect((await ask(folder, sql)).rows).toEqual([row]);
  });

  test('an empty folder has empty tables with all columns', async () => {
    const empty = temporaryRuns();
    for (const table of ['runs', 'suites', 'samples', 'telemetry']) {
      const { names, rows } = await ask(empty, `SELECT * FROM ${table}`);
      expect([table, names[0], rows]).toEqual([table, 'run', []]);
    }
    rmSync(empty, { recursive: true });
  });
});

describe('files that others left', () => {
  test('torn, damaged and foreign lines are left out and counted; the others are read', async () => {
    const folder = temporaryRuns();
    const file = path.join(storeRun(folder, { name: 'run-1', right }), 'samples.jsonl');
    const [first = ''] = readFileSync(file, 'utf8').split('\n');
    const strange = [
      '',
      '[1, 2]',
      '42',
      'not json',
      '{"id":"x"}',
      first.replace('"margin":1', '"margin":"wide"').replace('/0"', '/7"'),
      first.replace('}}', '').slice(0, 40),
    ];
    appendFileSync(file, strange.join('\n'));
    storeRun(folder, { name: 'run-2', right });
    const { rows, notices } = await ask(
      folder,
      'SELECT run, count(*), count(margin) FROM samples GROUP BY run ORDER BY run',
    );
    expect(rows).toEqual([
      ['run-1', 5, 4],
      ['run-2', 4, 4],
    ]);
    expect(notices).toEqual(['run-1/samples.jsonl: 5 torn or damaged lines are left out']);
    // Only a query that reads those lines counts them.
    expect((await ask(folder, 'SELECT run FROM runs')).notices).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  test('empty and missing files, names with quotes, brackets and line breaks', async () => {
    const folder = temporaryRuns();
    const names = ["it's", 'two\nlines', '[a-z]*', 'a', '**', 'back\\slash', '$$;--', '"quoted"'];
    for (const name of names) storeRun(folder, { name, right });
    writeFileSync(path.join(storeRun(folder, { name: 'empty', right }), 'samples.jsonl'), '');
    rmSync(path.join(storeRun(folder, { name: 'missing', right }), 'samples.jsonl'));
    rmSync(path.join(folder, 'missing', 'telemetry.jsonl'));
    const { rows } = await ask(folder, 'SELECT run, count(*) FROM samples GROUP BY run');
    expect(new Map(rows as [string, number][])).toEqual(new Map(names.map((name) => [name, 4])));
    rmSync(folder, { recursive: true });
  });

  test('links and named pipes in the place of files are left out and named', async () => {
    const [folder, outside] = [temporaryRuns(), temporaryRuns()];
    const secret = path.join(storeRun(outside, { name: 'run-9', right }), 'samples.jsonl');
    const [one, two] = ['run-1', 'run-2'].map((name) => path.join(storeRun(folder, { name, right }), 'samples.jsonl'));
    rmSync(String(one));
    symlinkSync(secret, String(one));
    rmSync(String(two));
    spawnSync('mkfifo', [String(two)]);
    const { rows, notices } = await ask(folder, 'SELECT * FROM samples');
    expect(rows).toEqual([]);
    expect(notices).toEqual([
      'run-1/samples.jsonl is left out: not a regular file that can be read',
      'run-2/samples.jsonl is left out: not a regular file that can be read',
    ]);
    for (const each of [folder, outside]) rmSync(each, { recursive: true });
  }, 20_000);
});

describe('SQL', () => {
  let folder: string;
  beforeAll(() => {
    folder = temporaryRuns();
    storeRun(folder, { name: 'run-1', right });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const samples = () => path.join(folder, 'run-1', 'samples.jsonl');

  test.each([
    ["SELECT * FROM read_csv('/etc/passwd')"],
    ["SELECT * FROM '/etc/passwd'"],
    ["SELECT * FROM read_text('/proc/self/environ')"],
    ["SELECT * FROM glob('/*')"],
    ["SELECT * FROM read_json('http://127.0.0.1:1/a.json')"],
    ["SELECT * FROM parquet_scan('s3://bucket/a.parquet')"],
    ["ATTACH '/tmp/evalrun-query-test.db' AS other"],
    ["ATTACH ':memory:' AS other"],
    ["COPY (SELECT 1) TO '/tmp/evalrun-query-test.csv'"],
    ['COPY (SELECT 1 AS id) TO SAMPLES (USE_TMP_FILE false)'],
    ['EXPLAIN ANALYZE COPY (SELECT 1 AS id) TO SAMPLES (USE_TMP_FILE false)'],
    ["EXPORT DATABASE '/tmp/evalrun-query-test'"],
    ["IMPORT DATABASE '/tmp/evalrun-query-test'"],
    ['INSTALL httpfs'],
    ['LOAD httpfs'],
    ["SET memory_limit = '100GB'"],
    ['SET enable_external_access = true'],
    ['RESET lock_configuration'],
    ['CREATE TABLE mine (a INT)'],
    ['DROP TABLE runs'],
    ['DELETE FROM runs'],
    ["PRAGMA enable_profiling = 'json'"],
    ['CALL checkpoint()'],
    ['PREPARE q AS SELECT 1'],
    ['SELECT 1; SELECT 2'],
    ['SELECT $1'],
    [''],
    ['-- nothing'],
    ['/* nothing */ ;'],
  ])('%s is refused, and nothing is written', async (sql) => {
    const before = treeOf(folder);
    const text = sql.replace('SAMPLES', `'${samples()}'`);
    await expect(ask(folder, text)).rejects.toMatchObject({ code: expect.stringMatching(/^query\/(sql|statement)$/) });
    expect(treeOf(folder)).toEqual(before);
    for (const name of ['csv', 'db']) expect(existsSync(`/tmp/evalrun-query-test.${name}`)).toBe(false);
  });

  test.each([
    ['selec 1', /^The query failed: Parser Error: syntax error at or near "selec"\. The tables are/],
    ['SELECT nope FROM runs', /Referenced column "nope" not found/],
    ['SELECT * FROM nothing', /Table with name nothing does not exist/],
    ["SELECT 'a'::INT", /Could not convert string 'a' to INT32/],
    ['SELECT CAST(run AS INT) FROM samples', /Could not convert/],
  ])('%s fails in one clear paragraph', async (sql, message) => {
    const error = await ask(folder, sql).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'query/sql', exitCode: 3, message: expect.stringMatching(message) });
    expect((error as Error).message).not.toMatch(/\n|LINE \d/);
  });

  test('more memory than is allowed is an error, not a crash', async () => {
    const sql = 'SELECT list(a) FROM range(100000000) t(a)';
    await expect(ask(folder, sql, '64MB')).rejects.toMatchObject({
      code: 'query/sql',
      message: expect.stringMatching(/Out of Memory/),
    });
  });

  test.each([
    'DESCRIBE samples',
    'SUMMARIZE suites',
    'SHOW TABLES',
    'FROM runs',
    'VALUES (1)',
    'WITH a AS (FROM runs) FROM a',
  ])('%s is a query', async (sql) => {
    expect((await ask(folder, sql)).rows.length).toBeGreaterThan(0);
  });

  test('a folder that is none is named', async () => {
    await expect(ask(path.join(folder, 'nowhere'), 'FROM runs')).rejects.toMatchObject({ code: 'run/not-found' });
  });
});

/** Every file with its content and its time of change. */
function treeOf(folder: string): unknown[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const file = path.join(folder, name);
      const is = statSync(file);
      const content = is.isFile() ? createHash('sha256').update(readFileSync(file)).digest('hex') : '';
      return [name, is.mtimeMs, content];
    });
}
