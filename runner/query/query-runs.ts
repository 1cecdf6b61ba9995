/** One SELECT over a folder of runs. */
import { type DuckDBConnection, type DuckDBResult, StatementType } from '@duckdb/node-api';
import { EvalrunError } from '../../errors.js';
import { type Cell, cellOf } from './cell.js';
import { openDatabase, type RunsDatabase } from './open-database.js';
import { countDamaged } from './views.js';

export interface ResultColumn {
  /** Unique in the result. */
  readonly name: string;
  /** In DuckDB's words, e.g. `DOUBLE`. */
  readonly type: string;
  readonly isNumber: boolean;
}

export interface QueryResult {
  readonly columns: readonly ResultColumn[];
  /** Rows as the query yields them, in pieces of a few thousand; once. Throws `query/sql` for errors in the middle. */
  readonly pieces: AsyncIterable<readonly (readonly Cell[])[]>;
}

export interface QueryOptions {
  /** Told what was left out: folders that are no run, lines that are damaged. */
  readonly onNotice?: (line: string) => void;
  /** In DuckDB's words; default `2GB`. */
  readonly memoryLimit?: string;
}

/**
 * Runs `sql` over the runs in `folder` (tables `runs`, `suites`, `samples`, `telemetry`) and gives its result to `use`. SQL reads
 * nothing but the files of those runs and changes nothing. Throws `query/sql` for an error of the SQL, `query/statement` for
 * anything but one SELECT, `run/not-found`.
 *
 * @example await queryRuns('runs', 'SELECT model, accuracy FROM suites JOIN runs USING (run)', { use: print })
 */
export async function queryRuns<T>(
  folder: string,
  sql: string,
  { use, onNotice, memoryLimit }: QueryOptions & { readonly use: (result: QueryResult) => Promise<T> },
): Promise<T> {
  const database = await openDatabase(folder, memoryLimit);
  try {
    for (const { name, reason } of database.skipped) onNotice?.(`${name || folder} is left out: ${reason}`);
    const { connection } = database;
    await checkStatement(connection, sql);
    const result = await connection.stream(sql).catch(rethrow);
    const used = await use({ columns: columnsOf(result), pieces: piecesOf(result) });
    for (const line of await damagedLines(database, sql)) onNotice?.(line);
    return used;
  } finally {
    database.close();
  }
}

/** A COPY, an ATTACH or a SET is refused before it runs, whatever the configuration would say to it. */
async function checkStatement(connection: DuckDBConnection, sql: string): Promise<void> {
  // DuckDB answers text without a statement with an error without a word.
  const isEmpty = sql.replace(/--.*$|\/\*[\s\S]*?\*\/|;/gm, '').trim() === '';
  if (isEmpty) throw notOneSelect('nothing');
  const statements = await connection.extractStatements(sql).catch(rethrow);
  if (statements.count !== 1) throw notOneSelect(`${statements.count} statements`);
  const statement = await statements.prepare(0).catch(rethrow);
  const { statementType, parameterCount } = statement;
  statement.destroySync();
  if (statementType !== StatementType.SELECT) throw notOneSelect(StatementType[statementType] ?? 'something else');
  if (parameterCount > 0) throw notOneSelect('a SELECT with parameters');
}

function columnsOf(result: DuckDBResult): ResultColumn[] {
  const names = result.deduplicatedColumnNames();
  return result.columnTypes().map((type, at) => {
    const text = type.toString();
    const isNumber = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL)/.test(text);
    return { name: names[at] ?? '', type: text, isNumber };
  });
}

async function* piecesOf(result: DuckDBResult): AsyncGenerator<Cell[][]> {
  try {
    for await (const rows of result.yieldRows()) yield rows.map((row) => row.map(cellOf));
  } catch (error) {
    rethrow(error);
  }
}

/** Counted only where the query names those files' view: it costs a second look at them. */
async function damagedLines({ connection, lineViews }: RunsDatabase, sql: string): Promise<string[]> {
  const lines: string[] = [];
  for (const [view, definition] of Object.entries(lineViews)) {
    if (!sql.toLowerCase().includes(view) || definition.files.length === 0) continue;
    const counts = await connection.runAndReadAll(countDamaged(definition));
    for (const [run, count] of counts.getRows()) {
      lines.push(`${run}/${view}.jsonl: ${count} torn or damaged ${count === 1n ? 'line is' : 'lines are'} left out`);
    }
  }
  return lines;
}

function rethrow(cause: unknown): never {
  const text = cause instanceof Error ? cause.message : String(cause);
  // The rest repeats the query with a caret below it, which needs several lines, or advises settings that are locked.
  const [what = text] = text
    .replace('Failed to extract statements: ', '')
    .split(/\n\s*\nLINE \d+:|\s*\nDatabase is launched/);
  throw new EvalrunError('query/sql', {
    what: `The query failed: ${what.replace(/\s+/g, ' ').trim().replace(/\.$/, '')}`,
    todo: 'the tables are runs, suites, samples and telemetry; "DESCRIBE samples" lists the columns of one',
    cause,
  });
}

function notOneSelect(found: string): EvalrunError {
  return new EvalrunError('query/statement', {
    what: 'This is not a query that evalrun runs',
    expected: 'one SELECT (FROM, WITH, VALUES, DESCRIBE, SUMMARIZE count as one)',
    found,
    todo: 'ask with a SELECT; to save its result, use --csv or --json and redirect it',
  });
}
