/** Parses the CSV files of MMLU, C-Eval and CMMLU into questions, byte for byte as published. */
import { CsvError, parse } from 'csv-parse/sync';
import { EvalrunError } from '../errors.js';
import type { ChoiceQuestion } from './choice-question.js';
import type { ChoiceFormat } from './manifest.js';

export interface ChoiceCsvOptions {
  readonly format: ChoiceFormat;
  /** Name of the file in messages. */
  readonly file: string;
}

/** Column names in the order question, A, B, C, D, answer; undefined where the format has no header. */
const COLUMNS: Readonly<Record<ChoiceFormat, readonly string[] | undefined>> = {
  mmlu: undefined,
  ceval: ['question', 'A', 'B', 'C', 'D', 'answer'],
  cmmlu: ['Question', 'A', 'B', 'C', 'D', 'Answer'],
};

/** Places of the columns where they have no names. */
const UNNAMED = [0, 1, 2, 3, 4, 5];

interface CsvRecord {
  readonly record: string[];
  /** `lines` counts the file's lines up to the end of the record. */
  readonly info: { readonly lines: number };
}

/**
 * Questions of one file, in file order, nothing trimmed: spaces, CR, U+0085 and U+2028 inside fields stay.
 *
 * Formats: `mmlu` has no header and six columns; `ceval` has `id,question,A,B,C,D,answer[,explanation]`; `cmmlu`
 * has `,Question,A,B,C,D,Answer`, the first column without a name. RFC 4180 quoting; records end in LF or CRLF.
 *
 * @throws EvalrunError `dataset/encoding`, `dataset/csv`, `dataset/missing-column`, `dataset/fields`,
 *   `dataset/answer` or `dataset/empty`; rows in messages are 0-based, as in sample ids.
 */
export function parseChoiceCsv(bytes: Uint8Array, { format, file }: ChoiceCsvOptions): ChoiceQuestion[] {
  const records = parseRecords(decodeUtf8(bytes, file), file);
  const names = COLUMNS[format];
  const header = names === undefined ? undefined : records.shift()?.record;
  if (records.length === 0) {
    throw new EvalrunError('dataset/empty', {
      what: `${file} holds no questions`,
      expected:
        header === undefined && names !== undefined
          ? `a header with ${names.join(', ')}, then rows`
          : 'at least one row',
      found: bytes.length === 0 ? 'an empty file' : 'no row',
    });
  }
  const columns = header === undefined || names === undefined ? UNNAMED : findColumns(header, names, file);
  const width = header?.length ?? UNNAMED.length;
  return records.map((record, row) => readQuestion(record, { row, columns, width, file, format }));
}

/**
 * Where question, A, B, C, D and answer stand in a row, and how many fields it has; undefined for a header without them. `readHeader`
 * is asked for the header's fields only where the format has one.
 */
export function columnsOf(
  format: ChoiceFormat,
  readHeader: () => readonly string[] | undefined,
): { readonly columns: readonly number[]; readonly width: number } | undefined {
  const names = COLUMNS[format];
  if (names === undefined) return { columns: UNNAMED, width: UNNAMED.length };
  const header = readHeader();
  if (header === undefined || names.some((name) => header.indexOf(name) !== header.lastIndexOf(name))) return undefined;
  const columns = names.map((name) => header.indexOf(name));
  return columns.includes(-1) ? undefined : { columns, width: header.length };
}

/** The question of a row's fields; undefined without a usable answer. */
export function questionOf(
  fields: readonly string[],
  row: number,
  columns: readonly number[],
): ChoiceQuestion | undefined {
  const [question = '', a = '', b = '', c = '', d = '', answer = ''] = columns.map((column) => fields[column]);
  if (answer !== 'A' && answer !== 'B' && answer !== 'C' && answer !== 'D') return undefined;
  return { row, question, options: [a, b, c, d], answer };
}

function decodeUtf8(bytes: Uint8Array, file: string): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  const back = Buffer.from(text, 'utf8');
  if (!back.equals(buffer)) {
    // Decoding replaced something: the first byte that changed is the first that is not UTF-8.
    const offset = buffer.findIndex((byte, index) => back[index] !== byte);
    const line = buffer.subarray(0, offset).filter((byte) => byte === 0x0a).length + 1;
    throw new EvalrunError('dataset/encoding', {
      what: `${file} is not UTF-8 text`,
      found: `byte 0x${(buffer[offset] ?? 0).toString(16).padStart(2, '0')} at offset ${offset} (line ${line})`,
      todo: 'fetch the published file again, or convert yours to UTF-8',
    });
  }
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function parseRecords(text: string, file: string): CsvRecord[] {
  try {
    return parse(text, {
      // Named, so that a bare CR inside a field is never taken for the end of a record.
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true,
      skip_empty_lines: true,
      info: true,
    }) as unknown as CsvRecord[];
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new EvalrunError('dataset/csv', {
      what: `${file} is not valid CSV (RFC 4180): ${cause.message}`,
      todo: 'fetch the published file again; a quote inside a field is written twice, inside a quoted field',
      cause,
    });
  }
}

function findColumns(header: readonly string[], names: readonly string[], file: string): number[] {
  const missing = names.filter((name) => !header.includes(name));
  const twice = names.filter((name) => header.indexOf(name) !== header.lastIndexOf(name));
  if (missing.length > 0 || twice.length > 0) {
    throw new EvalrunError('dataset/missing-column', {
      what:
        missing.length > 0
          ? `${file} has no column ${missing.map((name) => `"${name}"`).join(', ')}`
          : `${file} has the column ${twice.map((name) => `"${name}"`).join(', ')} twice`,
      expected: `a header with ${names.join(', ')}`,
      found: `"${header.join(',').slice(0, 120)}"`,
    });
  }
  return names.map((name) => header.indexOf(name));
}

interface RowShape {
  readonly row: number;
  readonly columns: readonly number[];
  readonly width: number;
  readonly file: string;
  readonly format: ChoiceFormat;
}

function readQuestion({ record, info }: CsvRecord, { row, columns, width, file, format }: RowShape): ChoiceQuestion {
  if (record.length !== width) {
    throw new EvalrunError('dataset/fields', {
      what: `row ${row} of ${file} (it ends on line ${info.lines}) has the wrong number of fields`,
      expected: String(width),
      found: String(record.length),
      todo: 'fetch the published file again; a comma inside a field needs quotes around the field',
    });
  }
  const question = questionOf(record, row, columns);
  if (question !== undefined) return question;
  const headed = format === 'mmlu' && row === 0;
  throw new EvalrunError('dataset/answer', {
    what: `row ${row} of ${file} (it ends on line ${info.lines}) has no usable answer`,
    expected: 'A, B, C or D',
    found: JSON.stringify((record[columns[5] ?? -1] ?? '').slice(0, 40)),
    ...(headed
      ? { todo: "MMLU's files have no header row and give the answer as a letter; this may be another edition" }
      : {}),
  });
}
