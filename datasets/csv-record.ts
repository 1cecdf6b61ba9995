/** Records of CSV (RFC 4180) by their places in a file, so that one can be read again without the others. */

const [newline, carriageReturn, quote] = [0x0a, 0x0d, 0x22];

/** Bytes of a file, without what ends the record. */
export interface RecordPlace {
  readonly start: number;
  readonly end: number;
}

/**
 * Where the records of UTF-8 text are, from `start` on; empty lines are none. They end in LF or CRLF outside of quotes. Of malformed
 * CSV the places are as wrong as it is, and parseRecord finds nothing there.
 */
export function* findRecords(bytes: Uint8Array, start = 0): Generator<RecordPlace> {
  let from = start;
  let isQuoted = false;
  for (let at = start; at <= bytes.length; ++at) {
    // A quote within quotes is written twice, so that it does not change on which side we are.
    if (bytes[at] === quote) isQuoted = !isQuoted;
    if (at < bytes.length && (bytes[at] !== newline || isQuoted)) continue;
    const end = at < bytes.length && at > from && bytes[at - 1] === carriageReturn ? at - 1 : at;
    if (end > from) yield { start: from, end };
    from = at + 1;
  }
}

/** The fields of one record, nothing trimmed; undefined where quotes are not as RFC 4180 has them. */
export function parseRecord(text: string): string[] | undefined {
  const fields: string[] = [];
  for (let at = 0; ; ++at) {
    if (text[at] === '"') {
      const end = closingQuote(text, at + 1);
      const after = text[end + 1];
      if (end === -1 || (after !== undefined && after !== ',')) return undefined;
      fields.push(text.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
    } else {
      const comma = text.indexOf(',', at);
      const field = text.slice(at, comma === -1 ? text.length : comma);
      if (field.includes('"')) return undefined;
      fields.push(field);
      at += field.length;
    }
    if (at >= text.length) return fields;
  }
}

/** The first quote from `at` on that is not written twice; -1 where there is none. */
function closingQuote(text: string, at: number): number {
  for (let end = text.indexOf('"', at); end !== -1; end = text.indexOf('"', end + 2)) {
    if (text[end + 1] !== '"') return end;
  }
  return -1;
}
