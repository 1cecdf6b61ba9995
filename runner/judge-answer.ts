/** From what a model wrote to a verdict: the suite's judgement, and a run in the sandbox where it asks for one. */
import type { GenerateResult } from '../engine/engine.js';
import { EvalrunError } from '../errors.js';
import type { GenerativePlan, Judgement } from '../suites/suite.js';
import type { SampleCost } from './outcome.js';
import type { SampleStatus } from './run-summary.js';
import type { ProgramTask } from './sandbox/split-judge.js';
import type { SandboxReport } from './sandbox/status.js';
import type { SandboxVerdict } from './sandbox/verdict.js';

/** What runs programs; SandboxPool is one. */
export interface ProgramRunner {
  /** For run.json. */
  readonly report: SandboxReport;
  run(task: ProgramTask): Promise<SandboxVerdict>;
  close(): Promise<void>;
}

export type WrittenAnswer = Pick<GenerateResult, 'text' | 'end' | 'thinking'>;

export interface JudgedAnswer {
  readonly status: SampleStatus;
  readonly answer: string | null;
  readonly score: 0 | 1;
  readonly extractedBy: string | null;
  readonly rule: string | null;
  readonly sandbox?: SampleCost['sandbox'];
}

export interface JudgeOptions {
  readonly judge: GenerativePlan['judge'];
  /** Needed where the suite asks for programs to be run. */
  readonly programs?: ProgramRunner | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Judges the answer to the sample `id`. Throws `run/interrupted` on abort while a program runs. */
export async function judgeAnswer(
  id: string,
  { text, end, thinking }: WrittenAnswer,
  { judge, programs, signal }: JudgeOptions,
): Promise<JudgedAnswer> {
  const truncated = end === 'truncated';
  // All that was written is a thought: there is nothing to extract or to run.
  if (thinking !== undefined && text.trim() === '') {
    return { status: truncated ? 'truncated' : 'unparsed', answer: null, score: 0, extractedBy: null, rule: null };
  }
  const judgement = judge(id, { text, truncated });
  if (!isTrial(judgement)) return { ...judgement, score: judgement.status === 'correct' ? 1 : 0 };
  if (programs === undefined) {
    throw new EvalrunError('internal/no-sandbox', {
      what: `${id} needs a program to be run, and no sandbox was opened`,
    });
  }
  const { answer, extractedBy, execute } = judgement;
  const verdict = await programs.run({ ...execute, ...(signal && { signal }) });
  const { status, kind = null, detail, calls, usage, flaky } = verdict;
  return {
    // A program that was cut off and does not work was not finished, which is not the same as wrong.
    status: status === 'passed' ? 'correct' : status !== 'failed' ? status : truncated ? 'truncated' : 'wrong',
    answer,
    score: status === 'passed' ? 1 : 0,
    extractedBy,
    rule: status === 'passed' ? 'tests' : kind,
    sandbox: {
      detail,
      calls,
      wall_ms: Math.round(usage.wallMs),
      cpu_ms: usage.cpuMs === null ? null : Math.round(usage.cpuMs),
      max_rss_bytes: usage.maxRssBytes,
      ...(flaky && { flaky: 'yes' }),
    },
  };
}

function isTrial(judgement: Judgement): judgement is Extract<Judgement, { execute: unknown }> {
  return 'execute' in judgement;
}
