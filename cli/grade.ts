/** `evalrun grade`: grades answers that were made elsewhere: mathematics by comparison, programs by running them. */
import { Command } from 'commander';
import { loadMathProblems, type MathDataset, mathDatasets } from '../datasets/math-problem-files.js';
import { nearestTo } from '../datasets/nearest-name.js';
import { EvalrunError } from '../errors.js';
import { cmath } from '../suites/cmath.js';
import { gsm8k } from '../suites/gsm8k.js';
import { math500 } from '../suites/math500.js';
import { mgsm } from '../suites/mgsm.js';
import { readAnswers } from './answers-file.js';
import { codeSuites, gradePrograms, isCodeSuite, renderGradedPrograms } from './grade-programs.js';

interface GradeFlags {
  readonly suite: string;
  readonly answers: string;
  readonly protocol?: string;
  readonly data?: string;
  readonly unsafeExec?: boolean;
  readonly json?: boolean;
}

const mathSuites = { math500, gsm8k, mgsm, cmath };

const gradedSuites = [...mathDatasets, ...codeSuites];

export function gradeCommand(): Command {
  return new Command('grade')
    .description('grade answers that were made elsewhere')
    .requiredOption('--suite <name>', gradedSuites.join(', '))
    .requiredOption(
      '--answers <file>',
      'JSON lines {"id", "output"}, ids such as math500/12, mgsm/zh/3, humaneval-mul/java/7',
    )
    .option(
      '--protocol <name>',
      "whose rules: how answers are extracted, or become programs (default: the suite's first)",
    )
    .option('--data <dir>', 'data directory that holds the published files, or "embedded"')
    .option('--unsafe-exec', 'run programs without isolation where there is no sandbox')
    .option('--json', 'print one JSON object with every sample')
    .action(runGrade);
}

async function runGrade(flags: GradeFlags): Promise<void> {
  const { suite, json = false } = flags;
  if (!isCodeSuite(suite)) return gradeFormulas(flags);
  const graded = await gradePrograms(suite, flags);
  const summary = renderGradedPrograms(suite, graded);
  if (!json) process.stdout.write(summary);
  else {
    process.stderr.write(summary);
    process.stdout.write(`${JSON.stringify(graded)}\n`);
  }
}

function gradeFormulas(flags: GradeFlags): void {
  const suite = mathSuite(flags.suite);
  const loaded = loadMathProblems(suite, flags.data === undefined ? {} : { dataDir: flags.data });
  const problems = new Map(loaded.map((problem) => [problem.id, problem]));
  const samples = readAnswers(flags.answers, { suite, ids: new Set(problems.keys()) }).flatMap(({ id, output }) => {
    const problem = problems.get(id);
    if (problem === undefined) return [];
    const { status, answer, extractedBy, rule } = mathSuites[suite].grade(problem.target, output, flags.protocol);
    return [
      {
        id,
        suite,
        group: problem.group,
        repeat: 0,
        status,
        target: problem.target,
        answer,
        score: status === 'correct' ? 1 : 0,
        extracted_by: extractedBy,
        rule,
      },
    ];
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
    expected: `one of ${gradedSuites.join(', ')}`,
    todo: isChoice
      ? `run "evalrun --suite ${name}" on a model`
      : `the nearest name is "${nearestTo(name, gradedSuites)}"`,
  });
}
