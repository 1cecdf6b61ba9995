/** The four tables of `evalrun query`: their columns, and SQL that defines them over the files of runs. */

/** A column: its name and DuckDB type, and the key of the file that it holds where that has another name. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly key?: string;
}

const columns = (text: string): Column[] =>
  text
    .trim()
    .split(/\s*\n\s*/)
    .map((line) => {
      const [name = '', type = '', key] = line.split(/ +/);
      return { name, type, ...(key !== undefined && { key }) };
    });

/** A row for each run; what changes scores, from run.json. */
export const runColumns = columns(`
  run VARCHAR
  id VARCHAR
  status VARCHAR
  created TIMESTAMP
  model VARCHAR
  model_type VARCHAR
  random BOOLEAN
  weights VARCHAR
  tokenizer VARCHAR
  parameters BIGINT
  active_parameters BIGINT
  dtype VARCHAR
  device VARCHAR
  engine VARCHAR
  threads BIGINT
  version VARCHAR
  commit VARCHAR
  seed BIGINT
  question_limit BIGINT
  planned BIGINT
  command VARCHAR
  kernels JSON
  settings JSON
  fingerprint VARCHAR
  folder VARCHAR
`);

/** A row for each suite of a run; scores are null until the run is finished. */
export const suiteColumns = columns(`
  run VARCHAR
  suite VARCHAR
  protocol VARCHAR
  suite_version BIGINT
  shots BIGINT
  language VARCHAR
  average VARCHAR
  accuracy DOUBLE
  low DOUBLE
  high DOUBLE
  n BIGINT
  micro DOUBLE
  macro DOUBLE
  correct BIGINT
  wrong BIGINT
  unparsed BIGINT
  truncated BIGINT
  timeout BIGINT
  oom BIGINT
  sandbox_error BIGINT
  engine_error BIGINT
  missing BIGINT
  invalid VARCHAR
  samples_per_question BIGINT
  prompt_tokens BIGINT
  prompts_sha256 VARCHAR
`);

/** A row for each line of samples.jsonl. `group` and `end`, which SQL keeps for itself, have other names here. */
export const sampleColumns = columns(`
  id VARCHAR
  suite VARCHAR
  subject VARCHAR group
  repeat BIGINT
  status VARCHAR
  target VARCHAR
  answer VARCHAR
  score DOUBLE
  choices MAP(VARCHAR,DOUBLE)
  margin DOUBLE
  output VARCHAR
  ended_by VARCHAR end
  extracted_by VARCHAR
  rule VARCHAR
  prompt_tokens BIGINT
  completion_tokens BIGINT
  prompt_sha256 VARCHAR
  error VARCHAR
`);

/** A row for each line of telemetry.jsonl; which columns are filled depends on `type`. */
export const telemetryColumns = columns(`
  type VARCHAR
  seconds DOUBLE
  id VARCHAR
  steps BIGINT
  step_ms DOUBLE
  prefill_tokens BIGINT
  decode_tokens BIGINT
  sequences_per_step DOUBLE
  kv_pages_used BIGINT
  kv_pages_total BIGINT
  weight_bytes BIGINT
  kv_bytes BIGINT
  workspace_bytes BIGINT
  resident_bytes BIGINT
  energy_joules DOUBLE
  prompt_tokens BIGINT
  shared_tokens BIGINT
  completion_tokens BIGINT
  sandbox JSON
  suite VARCHAR
  subject VARCHAR group
  tokens BIGINT
  layers JSON
  counts JSON
  experts JSON
`);

export function createTable(name: string, table: readonly Column[]): string {
  return `CREATE TABLE ${name} (${table.map((column) => `${column.name} ${column.type}`).join(', ')})`;
}

/** A file of JSON lines and the run that it belongs to. */
export interface RunFile {
  readonly run: string;
  readonly file: string;
}

/** Lines longer than this are skipped: an answer has a few hundred kilobytes at most. */
export const maxLineBytes = 64 * 1024 * 1024;

/**
 * A view over JSON lines, read when a query needs them and no further than the columns that it names. Lines without a
 * value in `needed`, torn or damaged ones, are left out.
 */
export function createView(name: string, lines: LineView): string {
  const { columns, files } = lines;
  if (files.length === 0) {
    const empty = [{ name: 'run', type: 'VARCHAR' }, ...columns].map((c) => `CAST(NULL AS ${c.type}) AS ${c.name}`);
    return `CREATE VIEW ${name} AS SELECT ${empty.join(', ')} WHERE false`;
  }
  const shown = columns.map((column) => `lines.${quoteName(column.key ?? column.name)} AS ${column.name}`);
  return `CREATE VIEW ${name} AS SELECT run_files.run AS run, ${shown.join(', ')}
    FROM ${readLines(lines)} AS lines JOIN run_files ON lines.filename = run_files.file
    WHERE lines.${quoteName(lines.needed)} IS NOT NULL`;
}

export interface LineView {
  readonly columns: readonly Column[];
  /** Key that every whole line has. */
  readonly needed: string;
  readonly files: readonly RunFile[];
}

/** How many lines of each file a view leaves out. */
export function countDamaged(lines: LineView): string {
  const needed = quoteName(lines.needed);
  return `SELECT run_files.run, count(*) FROM ${readLines(lines)} AS lines JOIN run_files ON lines.filename = run_files.file
    WHERE lines.${needed} IS NULL GROUP BY ALL ORDER BY ALL`;
}

function readLines({ columns, files }: LineView): string {
  const types = columns.map(({ name, key, type }) => `${quoteName(key ?? name)}: ${quoteText(type)}`);
  return `read_json([${files.map(({ file }) => quoteText(pathPattern(file))).join(', ')}], format = 'newline_delimited',
    columns = {${types.join(', ')}}, ignore_errors = true, filename = true, compression = 'uncompressed',
    maximum_object_size = ${maxLineBytes})`;
}

/** DuckDB takes every path for a pattern, and a folder may be called `[a-z]*`. */
export function pathPattern(file: string): string {
  return file.replace(/[[*?]/g, (special) => `[${special}]`);
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
