/** Reads the published files of the mathematics datasets. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { EvalrunError } from '../errors.js';
import { type LocateOptions, locateDataset } from './data-directory.js';
import type { MathProblem } from './math-problem.js';

export const mathDatasets = ['math500', 'gsm8k', 'mgsm', 'cmath'] as const;
export type MathDataset = (typeof mathDatasets)[number];

type Parts = Omit<MathProblem, 'id'>;

interface Format {
  /** Files below the dataset's folder, with the part of the id that names the file. */
  readonly files: readonly (readonly [file: string, subject: string])[];
  /** Of several files, only the first that is there is read. */
  readonly oneOf?: boolean;
  readonly parse: (line: string, subject: string) => Parts | string;
}

const math500Row = z.object({ problem: z.string(), answer: z.string().min(1), subject: z.string() });
const gsm8kRow = z.object({ question: z.string(), answer: z.string() });
const cmathRow = z
  .object({
    input: z.string().optional(),
    question: z.string().optional(),
    golden: z.coerce.string().min(1),
    grade: z.number().int(),
  })
  .refine((row) => (row.input ?? row.question) !== undefined, 'neither "input" nor "question" is there');

const formats: Readonly<Record<MathDataset, Format>> = {
  math500: {
    files: [['test.jsonl', '']],
    parse: json(math500Row, ({ problem, answer, subject }) => ({ group: subject, problem, target: answer })),
  },
  gsm8k: {
    files: [['test.jsonl', '']],
    parse: json(gsm8kRow, ({ question, answer }) => {
      const at = answer.lastIndexOf('#### ');
      if (at < 0) return 'the answer has no "#### "';
      return { group: '', problem: question, target: answer.slice(at + 5).trim() };
    }),
  },
  mgsm: {
    files: [
      ['mgsm_en.tsv', 'en'],
      ['mgsm_zh.tsv', 'zh'],
    ],
    // A double quote is a character like any other here.
    parse: (line, subject) => {
      const [problem, target, ...rest] = line.replace(/\r$/, '').split('\t');
      if (problem === undefined || !target || rest.length > 0) return 'not a question, a tab and an answer';
      return { group: subject, problem, target };
    },
  },
  cmath: {
    files: [
      ['cmath_test.jsonl', ''],
      ['cmath_dev.jsonl', ''],
    ],
    oneOf: true,
    parse: json(cmathRow, ({ input, question, golden, grade }) => ({
      group: `grade ${grade}`,
      problem: input ?? question ?? '',
      target: golden,
    })),
  },
};

/**
 * The problems of a dataset in file order, ids counting from 0 in each file. The files are not compared with the published
 * ones: this is for grading answers to whatever problems they answer.
 *
 * @throws EvalrunError `dataset/not-installed`, `dataset/missing-file`, `dataset/unreadable-file`, `dataset/row`
 */
export function loadMathProblems(dataset: MathDataset, options: LocateOptions = {}): readonly MathProblem[] {
  const { folder } = locateDataset(dataset, options);
  const { files, oneOf = false } = formats[dataset];
  const present = oneOf ? files.filter(([file]) => existsSync(path.join(folder, file))).slice(0, 1) : files;
  return (present.length === 0 ? files.slice(0, 1) : present).flatMap(([file]) =>
    parseMathFile(readProblemFile(path.join(folder, file), dataset), { dataset, file }),
  );
}

/**
 * The problems of one published file, which `file` names.
 *
 * @throws EvalrunError `dataset/row` naming the first line that does not fit
 */
export function parseMathFile(
  text: string,
  { dataset, file }: { readonly dataset: MathDataset; readonly file: string },
): readonly MathProblem[] {
  const { files, parse } = formats[dataset];
  const subject = files.find(([name]) => name === file)?.[1] ?? '';
  return splitLines(text).map((line, row): MathProblem => {
    const parts = parse(line, subject);
    if (typeof parts === 'string') {
      throw new EvalrunError('dataset/row', {
        what: `${dataset}/${file} line ${row + 1} cannot be read: ${parts}`,
        todo: 'fetch the published file again',
      });
    }
    return { id: [dataset, subject, row].filter((part) => part !== '').join('/'), ...parts };
  });
}

function readProblemFile(file: string, dataset: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new EvalrunError(code === 'ENOENT' ? 'dataset/missing-file' : 'dataset/unreadable-file', {
      what: `a file of ${dataset} ${code === 'ENOENT' ? 'is missing' : `cannot be read (${code})`}`,
      expected: `the file ${file}`,
      todo: 'name the folder that holds it with --data',
      cause,
    });
  }
}

/** Lines end with \n only: U+2028 and U+0085 occur inside the texts. */
export function splitLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function json<T>(schema: z.ZodType<T>, parts: (row: T) => Parts | string): (line: string) => Parts | string {
  return (line) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return 'not JSON';
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return parts(parsed.data);
    const issue = parsed.error.issues[0];
    return `"${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'invalid'}`;
  };
}
