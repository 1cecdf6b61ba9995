/** A database in memory over the files of runs, locked so that SQL can neither write, nor load anything, nor read other files. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { openForeign } from '../foreign-file.js';
import { runFiles } from '../run-folder.js';
import { type ListedRun, listRuns, type SkippedRun } from '../run-list.js';
import { type Row, runRow, suiteRows } from './rows.js';
import {
  type Column,
  createTable,
  createView,
  type LineView,
  pathPattern,
  quoteText,
  type RunFile,
  runColumns,
  sampleColumns,
  suiteColumns,
  telemetryColumns,
} from './views.js';

/** What a query may take at most, unless told otherwise; beyond it, it fails with DuckDB's own words. */
const defaultMemoryLimit = '2GB';

export interface RunsDatabase {
  readonly connection: DuckDBConnection;
  /** What was left out when the folder was read. */
  readonly skipped: readonly SkippedRun[];
  /** The views over JSON lines, by name. */
  readonly lineViews: Readonly<Record<string, LineView>>;
  close(): void;
}

/** Opens `folder` for SQL. Nothing is imported: `samples` and `telemetry` are read by the queries that name them. */
export async function openDatabase(folder: string, memoryLimit = defaultMemoryLimit): Promise<RunsDatabase> {
  const { runs, skipped } = await listRuns(folder);
  const samples = await readableFiles(runs, 'samples');
  const telemetry = await readableFiles(runs, 'telemetry');
  const lineViews = {
    samples: { columns: sampleColumns, needed: 'status', files: samples.files },
    telemetry: { columns: telemetryColumns, needed: 'type', files: telemetry.files },
  };
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    memory_limit: memoryLimit,
    // No spilling: a query writes nothing anywhere.
    temp_directory: '',
  });
  const connection = await instance.connect();
  try {
    await fillTable(connection, 'runs', { columns: runColumns, rows: runs.map(runRow) });
    await fillTable(connection, 'suites', { columns: suiteColumns, rows: runs.flatMap(suiteRows) });
    const files = [...samples.files, ...telemetry.files];
    await fillTable(connection, 'run_files', {
      columns: ['run', 'file'].map((name) => ({ name, type: 'VARCHAR' })),
      rows: files.map(({ run, file }) => ({ run, file })),
    });
    // Of a pattern, DuckDB checks the pattern itself and then what it finds.
    const allowed = files.flatMap(({ file }) => [file, pathPattern(file)]).map(quoteText);
    await connection.run(`SET allowed_paths = [${allowed.join(', ')}]`);
    await connection.run('SET enable_external_access = false');
    await connection.run('SET lock_configuration = true');
    for (const [name, view] of Object.entries(lineViews)) await connection.run(createView(name, view));
  } catch (error) {
    connection.closeSync();
    throw error;
  }
  return {
    connection,
    skipped: [...skipped, ...samples.skipped, ...telemetry.skipped],
    lineViews,
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** Regular files only: DuckDB would follow a link, and wait for ever at a named pipe. */
async function readableFiles(
  runs: readonly ListedRun[],
  kind: 'samples' | 'telemetry',
): Promise<{ files: RunFile[]; skipped: SkippedRun[] }> {
  const files: RunFile[] = [];
  const skipped: SkippedRun[] = [];
  for (const { name, folder } of runs) {
    const file = runFiles(folder)[kind];
    const handle = await openForeign(file);
    if (handle !== undefined) {
      await handle.close();
      files.push({ run: name, file });
    } else if (await isThere(file)) {
      skipped.push({ name: `${name}/${path.basename(file)}`, reason: 'not a regular file that can be read' });
    }
  }
  return { files, skipped };
}

async function isThere(file: string): Promise<boolean> {
  return access(file, constants.F_OK).then(
    () => true,
    () => false,
  );
}

interface Rows {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

async function fillTable(connection: DuckDBConnection, name: string, { columns, rows }: Rows): Promise<void> {
  await connection.run(createTable(name, columns));
  const list = columns.map((_, at) => `$${at + 1}`).join(', ');
  const insert = await connection.prepare(`INSERT INTO ${name} VALUES (${list})`);
  for (const row of rows) {
    columns.forEach(({ name, type }, at) => {
      const value = row[name] ?? null;
      if (value === null) insert.bindNull(at + 1);
      else if (typeof value === 'boolean') insert.bindBoolean(at + 1, value);
      else if (typeof value === 'string') insert.bindVarchar(at + 1, value);
      else if (type === 'BIGINT') insert.bindBigInt(at + 1, BigInt(value));
      else insert.bindDouble(at + 1, value);
    });
    await insert.run();
  }
  insert.destroySync();
}
