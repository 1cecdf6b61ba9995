/** `evalrun query "SQL" [DIR]`: a SELECT over all runs of a folder, as a table, JSON or CSV. */
import { once } from 'node:events';
import { Command, Option } from 'commander';
import { type Cell, textOf } from '../runner/query/cell.js';
import { type QueryResult, queryRuns } from '../runner/query/query-runs.js';
import { plainText } from './plain-text.js';
import { renderCount } from './quantity.js';
import { csvLine, renderTable } from './query-table.js';

interface QueryFlags {
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** More rows than anybody reads; --csv and --json give all of them. */
const maxTableRows = 1000;

const examples = `
Tables: runs (one row per run), suites (per run and suite), samples (per line of samples.jsonl), telemetry.
Each has a column "run", the run's folder. "DESCRIBE samples" lists the columns of a table.

Examples:
  evalrun query "SELECT run, suite, accuracy, low, high FROM suites ORDER BY run"
  evalrun query "SELECT model, dtype, avg(margin) FROM samples JOIN runs USING (run) GROUP BY ALL" runs --csv
  evalrun query "SELECT id, count(*) AS wrong FROM samples WHERE status <> 'correct' GROUP BY id ORDER BY wrong DESC LIMIT 20"`;

export function queryCommand(): Command {
  return new Command('query')
    .description('Asks all runs of a folder with SQL (DuckDB), reading their files as they are and changing nothing.')
    .argument('<sql>', 'one SELECT')
    .argument('[dir]', 'folder of runs, or one run', 'runs')
    .addOption(new Option('--json', 'one JSON object on stdout: {"columns": [...], "rows": [...]}').conflicts('csv'))
    .option('--csv', 'comma-separated values on stdout, with a header; null is an empty field')
    .addHelpText('after', examples)
    .action(async (sql: string, folder: string, flags: QueryFlags) => {
      await queryRuns(folder, sql, {
        use: flags.json ? printJson : flags.csv ? printCsv : printTable,
        onNotice: (line) => process.stderr.write(`${plainText(line)}\n`),
      });
    });
}

async function printTable({ columns, pieces }: QueryResult): Promise<void> {
  const shown: string[][] = [];
  let count = 0;
  for await (const rows of pieces) {
    count += rows.length;
    for (const row of rows.slice(0, maxTableRows - shown.length)) {
      shown.push(row.map(tableText));
    }
  }
  await print(renderTable(columns, shown, process.stdout.columns));
  await print(count === 1 ? '1 row\n' : `${renderCount(count)} rows\n`);
  if (count > shown.length)
    await print(`The first ${renderCount(shown.length)} are shown; --csv or --json gives all.\n`);
}

/** Six digits of a fraction are enough to read. */
function tableText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number' && !Number.isInteger(cell)) return String(Number(cell.toPrecision(6)));
  return plainText(textOf(cell));
}

async function printCsv({ columns, pieces }: QueryResult): Promise<void> {
  await print(csvLine(columns.map(({ name }) => name)));
  for await (const rows of pieces) {
    await print(rows.map((row) => csvLine(row.map((cell) => (cell === null ? null : textOf(cell))))).join(''));
  }
}

async function printJson({ columns, pieces }: QueryResult): Promise<void> {
  await print(`{"columns":${JSON.stringify(columns.map(({ name, type }) => ({ name, type })))},"rows":[`);
  let separator = '';
  for await (const rows of pieces) {
    const objects = rows.map((row) =>
      JSON.stringify(Object.fromEntries(row.map((cell, at) => [columns[at]?.name, cell]))),
    );
    await print(separator + objects.join(','));
    separator = ',';
  }
  await print(']}\n');
}

/** Waits for a slow reader, so that a large result is never held in memory as a whole. */
async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
