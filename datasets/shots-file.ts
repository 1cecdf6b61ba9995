/** Reads worked examples from a file that the user names: the start of a few-shot prompt, exactly as it should appear. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { EvalrunError } from '../errors.js';
import { sha256Hex } from '../sha256.js';
import type { DatasetFile } from './choice-question.js';

/** Larger than any few-shot prompt that a model takes. */
const MAX_BYTES = 1_000_000;

/** The words at the starts of lines that make an example: `Problem:` and `Solution:`. */
export interface ExampleMarks {
  readonly question: string;
  readonly answer: string;
}

export interface ShotsFile<Marks extends ExampleMarks = ExampleMarks> {
  /** Its name, hash, and number of examples. */
  readonly file: DatasetFile;
  /** Each from its question mark to the end of its answer, no space behind. */
  readonly examples: readonly string[];
  /** What stands between two examples, line breaks only; a blank line where there is one example. */
  readonly separator: string;
  /** Those of the offered marks that the file uses. */
  readonly marks: Marks;
}

/**
 * The examples of a plain text file. Of `offered`, the first marks that the file uses are taken.
 *
 * @throws EvalrunError `dataset/missing-file`, `dataset/unreadable-file`, and `dataset/shots-file` for a text that is not a row of
 *   examples, each with a question and one answer
 */
export async function loadShotsFile<Marks extends ExampleMarks>(
  file: string,
  offered: readonly [Marks, ...Marks[]],
): Promise<ShotsFile<Marks>> {
  const bytes = await readShots(file);
  const text = decode(bytes, file);
  const marks = offered.find(({ question }) => placesOf(text, question).length > 0) ?? offered[0];
  const starts = placesOf(text, marks.question);
  const [first] = starts;
  const expected = offered
    .map(({ question, answer }) => `lines that begin with "${question}" and "${answer}"`)
    .join(', or ');
  if (first === undefined || text.slice(0, first).trim() !== '') {
    const found =
      first === undefined ? 'no such line' : `${JSON.stringify(text.slice(0, 40))} before the first of them`;
    throw refused(file, { expected, found });
  }
  const pieces = starts.map((start, at) => text.slice(start, starts[at + 1]));
  pieces.forEach((piece, at) => {
    const answers = placesOf(piece, marks.answer).length;
    const solution = piece.split(marks.answer).at(-1)?.trim();
    if (answers === 1 && solution !== '') return;
    throw refused(file, {
      expected: `one "${marks.answer}" in each example, with the solution behind it`,
      found: answers === 1 ? `nothing behind it in example ${at + 1}` : `${answers} in example ${at + 1}`,
    });
  });
  const last = pieces.at(-2);
  return {
    file: { path: path.basename(file), sha256: sha256Hex(bytes), rows: pieces.length },
    examples: pieces.map((piece) => piece.trimEnd()),
    separator: last === undefined ? '\n\n' : last.slice(last.trimEnd().length),
    marks,
  };
}

/** Where `mark` begins a line. */
function placesOf(text: string, mark: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
    if (at === 0 || text[at - 1] === '\n') places.push(at);
  }
  return places;
}

async function readShots(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new EvalrunError(code === 'ENOENT' ? 'dataset/missing-file' : 'dataset/unreadable-file', {
      what: `the worked examples ${code === 'ENOENT' ? 'are not there' : `cannot be read (${code})`}`,
      expected: `the file ${file}`,
      todo: 'name a plain text file with --shots-file',
      cause,
    });
  }
}

function decode(bytes: Buffer, file: string): string {
  if (bytes.length > MAX_BYTES) {
    throw refused(file, { expected: `at most ${MAX_BYTES} bytes`, found: `${bytes.length}` });
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refused(file, { expected: 'UTF-8', found: 'bytes that are not' });
  }
  // A byte-order mark or a carriage return would go into every prompt.
  if (/\r|\uFEFF/.test(text)) {
    throw refused(file, {
      expected: 'lines that end with a line feed alone',
      found: 'a carriage return or a byte-order mark',
    });
  }
  if (/^\s*(?:from \S+ import|import \S|#!|few_shot_prompt\s*=)/.test(text)) {
    throw refused(file, { expected: 'the examples alone, as they should appear', found: 'the source of a program' });
  }
  return text;
}

function refused(file: string, { expected, found }: { expected: string; found: string }): EvalrunError {
  return new EvalrunError('dataset/shots-file', {
    what: `${file} does not hold worked examples`,
    expected,
    found,
    todo: 'write the examples into a plain text file, exactly as they should stand in the prompt, without the question to be asked',
  });
}
