/** One function to be written in one of eight languages, as the files of DeepSeek-Coder's HumanEval hold it. */
import { z } from 'zod';
import { EvalrunError } from '../errors.js';
import { splitLines } from './math-problem-files.js';

/** As the files are named; the order of DeepSeek-V3's report. */
export const mulLanguages = ['python', 'java', 'cpp', 'cs', 'js', 'ts', 'php', 'sh'] as const;
export type MulLanguage = (typeof mulLanguages)[number];

export interface MulProblem {
  /** `humaneval-mul/java/23`: language and number of the HumanEval task. */
  readonly id: string;
  readonly language: MulLanguage;
  /** What stands before the function's body, to the byte. */
  readonly prompt: string;
  readonly entryPoint: string;
  /** Python: defines `check(candidate)` and does not call it. Elsewhere: what follows the function's body. */
  readonly test: string;
  /** Where a continuation of the prompt ends. */
  readonly stop: readonly string[];
}

const pythonRow = z.object({
  task_id: z.string().regex(/^Python\/\d+$/, 'not of the form Python/7'),
  prompt: z.string().min(1),
  test: z.string().regex(/^def check\(/m, 'no "def check(" in it'),
});
const otherRow = z
  .object({
    name: z.string().regex(/^HumanEval_\d+_\w+$/, 'not of the form HumanEval_7_name'),
    language: z.string(),
    prompt: z.string().min(1),
    test: z.string().min(1).optional(),
    tests: z.string().min(1).optional(),
    stop_tokens: z.array(z.string().min(1)).min(1),
  })
  .refine((row) => (row.test ?? row.tests) !== undefined, 'neither "test" nor "tests" is there');

/** `utils/utils.py` of DeepSeek-Coder cuts Python there; its file has no stop tokens. */
const PYTHON_STOP = ['\ndef', '\nclass', '\nif', '\n#', '\nprint'];
/** The same file cuts TypeScript there as well. */
const TYPESCRIPT_STOP = ['\nexport', '\nimport', '\nconsole.log'];

/** The language of `humaneval-java.jsonl`, a file's path below the dataset. Throws `dataset/manifest` for another name. */
export function languageOfFile(file: string): MulLanguage {
  const name = /^humaneval-(\w+)\.jsonl$/.exec(file)?.[1];
  const language = mulLanguages.find((one) => one === name);
  if (language !== undefined) return language;
  throw new EvalrunError('dataset/manifest', { what: `humaneval-mul has no language for its file ${file}` });
}

/**
 * The problems of one language, by task number: the published rows are in no order. `file` is the path below the dataset.
 *
 * @throws EvalrunError `dataset/row` naming the first line that does not fit or has another line's number
 */
export function parseMulFile(bytes: Uint8Array, file: string): readonly MulProblem[] {
  const language = languageOfFile(file);
  const problems = new Map<number, MulProblem>();
  for (const [row, line] of splitLines(Buffer.from(bytes).toString('utf8')).entries()) {
    const parsed = parseLine(line, language);
    const defect =
      typeof parsed === 'string' ? parsed : problems.has(parsed.task) ? `${parsed.problem.id} comes twice` : undefined;
    if (typeof parsed === 'string' || defect !== undefined) {
      throw new EvalrunError('dataset/row', {
        what: `humaneval-mul/${file} line ${row + 1} cannot be read: ${defect}`,
        todo: 'fetch the published file again',
      });
    }
    problems.set(parsed.task, parsed.problem);
  }
  return [...problems].sort(([a], [b]) => a - b).map(([, problem]) => problem);
}

/** A problem with its number, or what is wrong with its line. */
function parseLine(line: string, language: MulLanguage): { task: number; problem: MulProblem } | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'not JSON';
  }
  return language === 'python' ? parsePython(value) : parseOther(value, language);
}

function parsePython(value: unknown): { task: number; problem: MulProblem } | string {
  const parsed = pythonRow.safeParse(value);
  if (!parsed.success) return describe(parsed.error);
  const { task_id, prompt, test } = parsed.data;
  // The last function is the one that is asked for; those before it are helpers.
  const entryPoint = [...prompt.matchAll(/^def +(\w+)/gm)].at(-1)?.[1];
  if (entryPoint === undefined) return 'the prompt defines no function';
  const task = Number(task_id.slice('Python/'.length));
  // The published test calls itself, which is for the sandbox to do.
  const definition = test.replace(/\ncheck\(\w+\)\s*$/, '\n');
  const id = `humaneval-mul/python/${task}`;
  return { task, problem: { id, language: 'python', prompt, entryPoint, test: definition, stop: PYTHON_STOP } };
}

function parseOther(value: unknown, language: MulLanguage): { task: number; problem: MulProblem } | string {
  const parsed = otherRow.safeParse(value);
  if (!parsed.success) return describe(parsed.error);
  const { name, language: stated, prompt, test, tests = '', stop_tokens } = parsed.data;
  if (stated !== language) return `its language is ${stated}`;
  const entryPoint = /(\w+)\s*\(/.exec(prompt.trimEnd().split('\n').at(-1) ?? '')?.[1];
  if (entryPoint === undefined || !prompt.trimEnd().endsWith('{')) return 'the prompt does not end with a function';
  const task = Number(/^HumanEval_(\d+)/.exec(name)?.[1]);
  const stop = language === 'ts' ? [...stop_tokens, ...TYPESCRIPT_STOP] : stop_tokens;
  const id = `humaneval-mul/${language}/${task}`;
  return { task, problem: { id, language, prompt, entryPoint, test: test ?? tests, stop } };
}

function describe(error: z.ZodError): string {
  const issue = error.issues[0];
  return `"${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'invalid'}`;
}
