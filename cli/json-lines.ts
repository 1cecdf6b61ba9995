/** Reads a file of JSON lines that the user wrote, and names the line that is broken. */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { EvalrunError } from '../errors.js';

export interface JsonLine<T> {
  readonly value: T;
  /** From 1. */
  readonly line: number;
}

/**
 * Every line that is not blank, checked. Lines end with \n; a \r before it is passed over.
 *
 * @param expected what a line holds, for messages, e.g. `{"id": ..., "output": ...}`
 * @throws EvalrunError `usage/file` for a file that cannot be read, `usage/json-line` for the first line that does not fit
 */
export function readJsonLines<T>(file: string, schema: z.ZodType<T>, expected: string): readonly JsonLine<T>[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new EvalrunError('usage/file', { what: `${file} cannot be read (${code})`, todo: 'check its name', cause });
  }
  return text.split('\n').flatMap((source, at): JsonLine<T>[] => {
    if (source.trim() === '') return [];
    const line = at + 1;
    const broken = (found: string): EvalrunError =>
      new EvalrunError('usage/json-line', { what: `${file} line ${line} cannot be used`, expected, found });
    let value: unknown;
    try {
      value = JSON.parse(source);
    } catch {
      throw broken('no JSON');
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return [{ value: parsed.data, line }];
    const issue = parsed.error.issues[0];
    throw broken(`${issue?.path.join('.') || 'the line'}: ${issue?.message ?? 'invalid'}`);
  });
}
