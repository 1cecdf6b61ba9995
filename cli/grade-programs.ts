/** Grades programs that were written elsewhere: put together as a run would, and executed in the sandbox. */
import { judgeAnswer } from '../runner/judge-answer.js';
import { openPrograms } from '../runner/programs.js';
import { getSuite } from '../suites/registry.js';
import type { GenerativePlan } from '../suites/suite.js';
import { type GivenAnswer, readAnswers } from './answers-file.js';

export const codeSuites = ['humaneval', 'humaneval-plus', 'humaneval-mul'] as const;
export type CodeSuite = (typeof codeSuites)[number];

export function isCodeSuite(name: string): name is CodeSuite {
  return codeSuites.some((suite) => suite === name);
}

export interface GradeProgramsOptions {
  readonly answers: string;
  /** How answers become programs; the suite's first where it is left out. */
  readonly protocol?: string | undefined;
  readonly data?: string | undefined;
  readonly unsafeExec?: boolean | undefined;
}

/** What `--json` prints: fields of samples.jsonl for each answer, in the order of the file. */
export interface GradedPrograms {
  readonly samples: readonly Readonly<Record<string, unknown>>[];
  readonly protocol: string;
  readonly sandbox: string;
  /** Files of the questions with their hashes. */
  readonly dataset: readonly { readonly path: string; readonly sha256: string }[];
  /** Questions without an answer. */
  readonly missing: readonly string[];
}

/**
 * Throws what the suite's plan throws, what readAnswers throws, `run/sandbox-missing`, and `run/toolchain-missing` for answers in
 * a language that this machine cannot run: they are not wrong.
 */
export async function gradePrograms(name: CodeSuite, options: GradeProgramsOptions): Promise<GradedPrograms> {
  const { protocol, data, unsafeExec = false } = options;
  const plans = await getSuite(name).plan({
    seed: 0,
    ...(protocol !== undefined && { protocol }),
    ...(data !== undefined && { dataDir: data }),
  });
  const plan = plans[0] as GenerativePlan;
  const samples = new Map(plan.samples.map((sample) => [sample.id, sample]));
  const answers = readAnswers(options.answers, { suite: name, ids: new Set(samples.keys()) });
  const groups = new Set(answers.map(({ id }) => samples.get(id)?.group));
  const languages = plan.codeLanguages.filter((language) => groups.has(language));
  const programs = await openPrograms({ unsafeExec, languages });
  const grade = async ({ id, output }: GivenAnswer) => {
    const judged = await judgeAnswer(id, { text: output, end: 'eos' }, { judge: plan.judge, programs });
    const { status, answer, score, extractedBy, rule, sandbox } = judged;
    const { group, target } = samples.get(id) ?? { group: '', target: '' };
    const found = { id, suite: name, group, repeat: 0, status, target, answer, score, extracted_by: extractedBy, rule };
    return { ...found, ...(sandbox?.detail && { detail: sandbox.detail }) };
  };
  try {
    // The pool bounds how many run at once.
    const graded = await Promise.all(answers.map(grade));
    const answered = new Set(answers.map(({ id }) => id));
    return {
      samples: graded,
      protocol: plan.protocol,
      sandbox: programs.report.rung,
      dataset: plan.datasets.flatMap(({ files }) => files.map(({ path, sha256 }) => ({ path, sha256 }))),
      missing: [...samples.keys()].filter((id) => !answered.has(id)),
    };
  } finally {
    await programs.close();
  }
}

/** For people: what was found, with which questions, and which of them have no answer. */
export function renderGradedPrograms(name: CodeSuite, graded: GradedPrograms): string {
  const { samples, protocol, sandbox, dataset, missing } = graded;
  const correct = samples.filter(({ score }) => score === 1).length;
  const counts = new Map<string, number>();
  for (const { status } of samples) counts.set(String(status), (counts.get(String(status)) ?? 0) + 1);
  const statuses = [...counts].map(([status, n]) => `${n} ${status}`).join(', ');
  const some = missing.slice(0, 5).join(', ') + (missing.length > 5 ? ', ...' : '');
  return [
    `${name}: ${correct} of ${samples.length} answers correct (${statuses || 'none given'}); ${protocol} protocol, sandbox ${sandbox}`,
    ...dataset.map(({ path, sha256 }) => `Questions: ${path}, sha256 ${sha256}`),
    missing.length === 0
      ? `All ${samples.length} problems have an answer`
      : `${missing.length} of ${missing.length + samples.length} problems have no answer: ${some}`,
    '',
  ].join('\n');
}
