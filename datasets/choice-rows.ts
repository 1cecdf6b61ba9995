/** The questions of one file, read from its bytes when they are asked for: thousands of them as objects take twice the memory. */
import { isUtf8 } from 'node:buffer';
import { type ChoiceCsvOptions, columnsOf, parseChoiceCsv, questionOf } from './choice-csv.js';
import type { ChoiceQuestion, ChoiceRows } from './choice-question.js';
import { findRecords, parseRecord, type RecordPlace } from './csv-record.js';

/** The same questions as those of parseChoiceCsv. Every row is checked now. Throws what parseChoiceCsv throws. */
export function loadChoiceRows(bytes: Buffer, options: ChoiceCsvOptions): ChoiceRows {
  // What is wrong with a file, the slow parser says.
  return StoredRows.of(bytes, options) ?? parseChoiceCsv(bytes, options);
}

const byteOrderMark = Buffer.from('\uFEFF');

class StoredRows implements ChoiceRows {
  private constructor(
    private readonly bytes: Buffer,
    private readonly columns: readonly number[],
    /** Start and end of each row. */
    private readonly places: Uint32Array,
  ) {}

  /** Undefined for a file that has a fault. */
  static of(bytes: Buffer, { format }: ChoiceCsvOptions): StoredRows | undefined {
    if (!isUtf8(bytes)) return undefined;
    const hasMark = bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark);
    const records = findRecords(bytes, hasMark ? byteOrderMark.length : 0);
    const shape = columnsOf(format, () => {
      const { value } = records.next() as { value: RecordPlace | undefined };
      return value && parseRecord(textAt(bytes, value));
    });
    if (shape === undefined) return undefined;
    const places: number[] = [];
    for (const place of records) {
      const fields = parseRecord(textAt(bytes, place));
      if (fields?.length !== shape.width || questionOf(fields, 0, shape.columns) === undefined) return undefined;
      places.push(place.start, place.end);
    }
    return places.length === 0 ? undefined : new StoredRows(bytes, shape.columns, Uint32Array.from(places));
  }

  get length(): number {
    return this.places.length / 2;
  }

  at(row: number): ChoiceQuestion | undefined {
    const [start, end] = this.places.subarray(2 * row, 2 * row + 2);
    if (row < 0 || start === undefined || end === undefined) return undefined;
    const fields = parseRecord(textAt(this.bytes, { start, end }));
    return fields && questionOf(fields, row, this.columns);
  }

  *[Symbol.iterator](): Iterator<ChoiceQuestion> {
    for (let row = 0; row < this.length; ++row) yield this.at(row) as ChoiceQuestion;
  }
}

function textAt(bytes: Buffer, { start, end }: RecordPlace): string {
  return bytes.toString('utf8', start, end);
}
