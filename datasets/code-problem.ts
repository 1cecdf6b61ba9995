/** One function to be written, as HumanEval's file holds it. */
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { EvalrunError } from '../errors.js';
import { splitLines } from './math-problem-files.js';

export interface CodeProblem {
  /** `humaneval/7`, `humaneval-plus/7`: the number of its task_id. Entry points are not unique. */
  readonly id: string;
  /** Imports, helper functions, signature and docstring; kept to the byte, because its last newline is part of a token. */
  readonly prompt: string;
  readonly entryPoint: string;
  /** Defines `check(candidate)` and never calls it. */
  readonly test: string;
}

const rowSchema = z.object({
  task_id: z.string().regex(/^HumanEval\/\d+$/, 'not of the form HumanEval/7'),
  prompt: z.string().min(1),
  entry_point: z.string().regex(/^[A-Za-z_]\w*$/, 'no name of a function'),
  test: z.string().regex(/^def check\(/m, 'no "def check(" in it'),
});

/** The published 45 kB unpack to 214 kB, those of HumanEval+ from 1.4 to 11 MB; a file that unpacks to more than this is another one. */
const MAX_UNPACKED_BYTES = 64 * 1024 ** 2;

/**
 * The problems of HumanEval.jsonl.gz, or of HumanEval+ in the same format. `label` names the file in messages.
 *
 * @throws EvalrunError `dataset/unreadable-file` for what is no gzip file, `dataset/row` naming the first line that does
 *   not fit or has another line's id
 */
export function parseCodeFile(
  bytes: Uint8Array,
  label: string,
  dataset: 'humaneval' | 'humaneval-plus' = 'humaneval',
): readonly CodeProblem[] {
  const seen = new Set<string>();
  return splitLines(unpack(bytes, label)).map((line, row): CodeProblem => {
    const problem = parseLine(line, dataset);
    const defect = typeof problem === 'string' ? problem : seen.has(problem.id) ? `${problem.id} comes twice` : '';
    if (typeof problem === 'string' || defect !== '') {
      throw new EvalrunError('dataset/row', {
        what: `${label} line ${row + 1} cannot be read: ${defect}`,
        todo: 'fetch the published file again',
      });
    }
    seen.add(problem.id);
    return problem;
  });
}

function unpack(bytes: Uint8Array, label: string): string {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES }).toString('utf8');
  } catch (cause) {
    throw new EvalrunError('dataset/unreadable-file', {
      what: `${label} is no gzip file of problems`,
      found: (cause as Error).message,
      todo: 'fetch the published file again',
      cause,
    });
  }
}

/** A problem, or what is wrong with its line. */
function parseLine(line: string, dataset: string): CodeProblem | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'not JSON';
  }
  const parsed = rowSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `"${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'invalid'}`;
  }
  const { task_id, prompt, entry_point: entryPoint, test } = parsed.data;
  const defined = new RegExp(`^(?:async +)?def +${entryPoint}\\b`, 'm');
  if (!defined.test(prompt)) return `the prompt does not define ${entryPoint}`;
  return { id: `${dataset}/${Number(task_id.slice('HumanEval/'.length))}`, prompt, entryPoint, test };
}
