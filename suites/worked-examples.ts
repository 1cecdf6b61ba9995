/** Few-shot prompts for written answers: the worked examples of a file that the user names, then the question. */
import { type ExampleMarks, loadShotsFile } from '../datasets/shots-file.js';
import { EvalrunError } from '../errors.js';
import type { DatasetProvenance, SuiteOptions } from './suite.js';

/** How an example is written, and the question behind them. */
export interface ExampleFormat extends ExampleMarks {
  /** The question up to where its answer begins: `Problem:\n{question}\n\nSolution:`. */
  readonly ask: (question: string) => string;
  /** Ends an answer: the model goes on to the next example. */
  readonly stop: string;
}

export interface FewShot {
  /** Ways of writing them, the first of which is used without examples; of the others, the one that the file uses. */
  readonly formats: readonly [ExampleFormat, ...ExampleFormat[]];
  /** Examples that the protocol asks with, for the message that wants a file. */
  readonly shots: number;
  /** Where the authors have theirs. */
  readonly origin: string;
}

export interface WorkedExamples {
  /** Number of examples in each prompt. */
  readonly shots: number;
  readonly prompt: (question: string) => string;
  readonly stop: readonly string[];
  /** The file, where there is one. */
  readonly provenance: readonly DatasetProvenance[];
}

/**
 * Examples for one plan: all of the file, or its first `shots`. The question follows them as one example more would.
 *
 * @throws EvalrunError `usage/shots-file` where none is named, `usage/shots` where the file has too few, what `loadShotsFile` throws
 */
export async function workedExamples(
  suite: string,
  { formats, shots: wanted, origin }: FewShot,
  { shots, shotsFile }: SuiteOptions,
): Promise<WorkedExamples> {
  if (shotsFile === undefined) {
    if (shots === 0) return promptsOf(formats[0], { examples: [], separator: '', provenance: [] });
    throw new EvalrunError('usage/shots-file', {
      what: `this protocol of ${suite} asks with worked examples, which are not part of evalrun`,
      expected: `--shots-file FILE with ${wanted} of them, as in ${origin}`,
      todo: 'write them into a plain text file, exactly as they should stand in the prompt, or ask without any by --shots 0',
    });
  }
  const { file, examples, separator, marks } = await loadShotsFile(shotsFile, formats);
  if (shots !== undefined && shots > examples.length) {
    throw new EvalrunError('usage/shots', {
      what: `${suite} cannot be asked with ${shots} shots`,
      expected: `a whole number from 0 to ${examples.length}, the examples in ${shotsFile}`,
      found: String(shots),
    });
  }
  const provenance = {
    id: `${suite}-shots`,
    source: shotsFile,
    licence: 'as the user has it',
    files: [file],
    deviations: [],
  };
  return promptsOf(marks, { examples: examples.slice(0, shots), separator, provenance: [provenance] });
}

function promptsOf(
  { ask, stop }: ExampleFormat,
  {
    examples,
    separator,
    provenance,
  }: { examples: readonly string[]; separator: string; provenance: readonly DatasetProvenance[] },
): WorkedExamples {
  const before = examples.map((example) => example + separator).join('');
  return { shots: examples.length, prompt: (question) => before + ask(question), stop: [stop], provenance };
}
