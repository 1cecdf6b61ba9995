/** Reads a file of answers made elsewhere: each to a question of the suite, and one to a question. */
import { z } from 'zod';
import { EvalrunError } from '../errors.js';
import { readJsonLines } from './json-lines.js';

export interface GivenAnswer {
  readonly id: string;
  readonly output: string;
}

const answerLine = z.object({ id: z.string(), output: z.string() });

/**
 * The answers in the order of the file. `ids` are those that `suite` has.
 *
 * @throws EvalrunError `usage/unknown-id` and `usage/duplicate-id` naming the line, and what reading the file throws
 */
export function readAnswers(
  file: string,
  { suite, ids }: { readonly suite: string; readonly ids: ReadonlySet<string> },
): readonly GivenAnswer[] {
  const seen = new Map<string, number>();
  return readJsonLines(file, answerLine, '{"id": text, "output": text}').map(({ value, line }) => {
    if (!ids.has(value.id)) {
      throw new EvalrunError('usage/unknown-id', {
        what: `${file} line ${line} answers "${value.id}", which ${suite} does not have`,
        expected: `one of its ${ids.size} ids, such as ${[...ids][0]}`,
      });
    }
    const earlier = seen.get(value.id);
    if (earlier !== undefined) {
      throw new EvalrunError('usage/duplicate-id', {
        what: `${file} line ${line} answers ${value.id} again, as line ${earlier} did`,
        expected: 'one answer to a problem',
      });
    }
    seen.set(value.id, line);
    return value;
  });
}
