/** Scores a run again from its stored answers, without the model: extraction, grading and execution, then metrics.json. */
import { EvalrunError } from '../errors.js';
import { getSuite } from '../suites/registry.js';
import type { GenerativePlan } from '../suites/suite.js';
import { writeAtomically, writeJson } from './disk.js';
import { judgeAnswer, type ProgramRunner } from './judge-answer.js';
import { lockRun } from './lock.js';
import { computeMetrics } from './metrics.js';
import { suiteOptions } from './plan.js';
import { openPrograms } from './programs.js';
import { readSamples } from './read-samples.js';
import { loadRun } from './resume.js';
import { runFiles } from './run-folder.js';
import type { RunRecord, SuiteRecord } from './run-record.js';
import type { RunMetrics } from './run-summary.js';
import { type GenerativeLine, isGenerative, keyOf, renderSampleLine, type SampleLine } from './sample-line.js';

export interface RescoreOptions {
  /** Runs programs without isolation where there is no sandbox. */
  readonly unsafeExec?: boolean;
  readonly openPrograms?: typeof openPrograms;
}

/** A sample whose verdict is another one now. */
export interface Change {
  readonly id: string;
  readonly before: string;
  readonly after: string;
}

export interface Rescored {
  readonly record: RunRecord;
  readonly metrics: RunMetrics;
  readonly changes: readonly Change[];
}

/**
 * Rewrites samples.jsonl, where verdicts changed, and metrics.json of the run in `folder`, finished or not. Log-probabilities are
 * scored as they stand. Throws `run/not-found`, `run/samples`, `run/locked`, `run/write`, `run/settings-differ` when the questions
 * are not those of the run any more, `run/sandbox-missing`, and what the suites throw.
 */
export async function rescoreRun(folder: string, options: RescoreOptions = {}): Promise<Rescored> {
  const record = await loadRun(folder);
  const files = runFiles(folder);
  const lock = await lockRun(folder);
  try {
    const { lines } = await readSamples(files.samples);
    const before = [...lines.values()].map(({ line }) => line);
    const after = await judgeAgain(record, before, options);
    const changes = after.flatMap((line, at): Change[] => {
      const was = before[at]?.status ?? line.status;
      return was === line.status ? [] : [{ id: keyOf(line), before: was, after: line.status }];
    });
    const text = after.map(renderSampleLine).join('');
    if (text !== before.map(renderSampleLine).join('')) await writeAtomically(files.samples, text);
    const metrics = computeMetrics(record, after);
    await writeJson(files.metrics, metrics);
    return { record, metrics, changes };
  } finally {
    await lock.release();
  }
}

async function judgeAgain(
  record: RunRecord,
  lines: readonly SampleLine[],
  options: RescoreOptions,
): Promise<SampleLine[]> {
  const written = record.suites.filter((suite) => suite.generation !== undefined);
  if (written.length === 0) return [...lines];
  const plans = new Map<string, GenerativePlan>();
  for (const suite of written) plans.set(suite.suite, await planAgain(record, suite));
  const unsafeExec = options.unsafeExec ?? record.settings.unsafe_exec ?? false;
  const executes = written.some(({ generation }) => generation?.executes);
  const asked = new Set(lines.map(({ group }) => group));
  const languages = [...plans.values()].flatMap(({ codeLanguages }) => codeLanguages.filter((name) => asked.has(name)));
  const programs = executes ? await (options.openPrograms ?? openPrograms)({ unsafeExec, languages }) : undefined;
  try {
    // The pool bounds how many run at once.
    return await Promise.all(
      lines.map((line) => {
        const plan = plans.get(line.suite);
        return isGenerative(line) && plan !== undefined ? judgeLine(line, plan, programs) : line;
      }),
    );
  } finally {
    await programs?.close();
  }
}

async function judgeLine(
  line: GenerativeLine,
  { judge }: GenerativePlan,
  programs: ProgramRunner | undefined,
): Promise<GenerativeLine> {
  const { output: text, end, thinking } = line;
  if (end === 'error') return line;
  const answer = { text, end, ...(thinking !== undefined && { thinking }) };
  const { status, answer: found, score, extractedBy, rule } = await judgeAnswer(line.id, answer, { judge, programs });
  return { ...line, status, answer: found, score, extracted_by: extractedBy, rule };
}

/** The suite's plan with its questions as they were: their files must be the same. */
async function planAgain({ settings }: RunRecord, suite: SuiteRecord): Promise<GenerativePlan> {
  // The subjects of a combined suite are not all its components'.
  const subjects = settings.subjects && Object.keys(suite.groups);
  const options = suiteOptions({ ...settings, protocol: suite.protocol, subjects });
  const plan = (await getSuite(suite.suite).plan(options)).find((part) => part.suite === suite.suite);
  const filesOf = (datasets: SuiteRecord['datasets'] | GenerativePlan['datasets']) =>
    datasets.flatMap(({ files }) => files.map(({ path, sha256 }) => `${path} ${sha256.slice(0, 12)}`)).join(', ');
  if (plan?.kind === 'generative' && filesOf(plan.datasets) === filesOf(suite.datasets)) return plan;
  throw new EvalrunError('run/settings-differ', {
    what: `the answers to ${suite.suite} cannot be judged again, because its questions are not those of the run`,
    expected: filesOf(suite.datasets),
    found: plan === undefined ? 'no such suite' : filesOf(plan.datasets),
    todo: 'put the files back that the run has used',
  });
}
