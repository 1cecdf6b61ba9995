/** `evalrun grade`: grades answers to a mathematics suite that were made elsewhere. */
import { Command } from 'commander';
import { z } from 'zod';
import { loadMathProblems, type MathDataset, mathDatasets } from '../datasets/math-problem-files.js';
import { nearestTo } from '../datasets/nearest-name.js';
import { EvalrunError } from '../errors.js';
import { cmath } from '../suites/cmath.js';
import { gsm8k } from '../suites/gsm8k.js';
import { math500 } from '../suites/math500.js';
import { mgsm } from '../suites/mgsm.js';
import { readJsonLines } from './json-lines.js';

interface GradeFlags {
  readonly suite: string;
  readonly answers: string;
  readonly protocol?: string;
  readonly data?: string;
  readonly json?: boolean;
}

const suites = { math500, gsm8k, mgsm, cmath };

const answerLine = z.object({ id: z.string(), output: z.string() });

export function gradeCommand(): Command {
  return new Command('grade')
    .description('grade answers that were made elsewhere')
    .requiredOption('--suite <name>', mathDatasets.join(', '))
    .requiredOption('--answers <file>', 'JSON lines {"id", "output"}, ids such as math500/12, gsm8k/7, mgsm/zh/3')
    .option('--protocol <name>', "whose extraction rules (default: the suite's first)")
    .option('--data <dir>', 'data directory that holds the published files')
    .option('--json', 'print one JSON object with every sample')
    .action(runGrade);
}

function runGrade(flags: GradeFlags): void {
  const suite = mathSuite(flags.suite);
  const problems = new Map(
    loadMathProblems(suite, flags.data === undefined ? {} : { dataDir: flags.data }).map((problem) => [
      problem.id,
      problem,
    ]),
  );
  const seen = new Map<string, number>();
  const samples = readJsonLines(flags.answers, answerLine, '{"id": text, "output": text}').map(({ value, line }) => {
    const problem = problems.get(value.id);
    if (problem === undefined) {
      throw new EvalrunError('usage/unknown-id', {
        what: `${flags.answers} line ${line} answers "${value.id}", which ${suite} does not have`,
        expected: `one of its ${problems.size} ids, such as ${[...problems.keys()][0]}`,
      });
    }
    const earlier = seen.get(value.id);
    if (earlier !== undefined) {
      throw new EvalrunError('usage/duplicate-id', {
        what: `${flags.answers} line ${line} answers ${value.id} again, as line ${earlier} did`,
        expected: 'one answer to a problem',
      });
    }
    seen.set(value.id, line);
    const { status, answer, extractedBy, rule } = suites[suite].grade(problem.target, value.output, flags.protocol);
    return {
      id: problem.id,
      suite,
      group: problem.group,
      repeat: 0,
      status,
      target: problem.target,
      answer,
      score: status === 'correct' ? 1 : 0,
      extracted_by: extractedBy,
      rule,
    };
  });
  const correct = samples.filter(({ score }) => score === 1).length;
  const summary = `${suite}: ${correct} of ${samples.length} answers correct; ${problems.size - samples.length} of ${problems.size} problems have no answer`;
  if (!flags.json) process.stdout.write(`${summary}\n`);
  else {
    process.stderr.write(`${summary}\n`);
    process.stdout.write(`${JSON.stringify({ samples })}\n`);
  }
}

function mathSuite(name: string): MathDataset {
  const known = mathDatasets.find((suite) => suite === name);
  if (known !== undefined) return known;
  const isChoice = ['mmlu', 'ceval', 'cmmlu'].includes(name);
  throw new EvalrunError('usage/grade-suite', {
    what: isChoice
      ? `${name} is scored by log-probabilities, so there are no written answers to grade`
      : `grade does not know the suite "${name}"`,
    expected: `one of ${mathDatasets.join(', ')}`,
    todo: isChoice
      ? `run "evalrun --suite ${name}" on a model`
      : `the nearest name is "${nearestTo(name, mathDatasets)}"`,
  });
}
