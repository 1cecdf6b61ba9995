/** HumanEval+ (Liu et al. 2023, arXiv 2305.01210): the functions of HumanEval with about eighty times as many tests. */
import { type CodeProblem, parseCodeFile } from '../datasets/code-problem.js';
import { loadProblemDataset } from '../datasets/problem-dataset.js';
import { defineGenerativeSuite, type GenerativeProtocol } from './generative-suite.js';
import { repairRootTest } from './grading/repair-root-test.js';
import { humanevalProtocols } from './humaneval.js';
import type { Judgement } from './suite.js';

const mib = 1024 ** 2;

/**
 * Answers to tasks 15, 100 and 130 have up to 7 million characters or a million parts, and task 130 is asked for a hundred of them.
 */
const LIMITS = { timeoutMs: 60_000, replyBytes: 128 * mib, replyNodes: 4_000_000 } as const;

const NOTES = [
  'The tests are those of the release in the original format (HumanEvalPlus-OriginFmt), which hold the tests of HumanEval as well: compare with a run of humaneval for the gap between the two.',
  'The published test of task 32 passes for no program, because it hands the answer over in place of the question; evalrun asks for the root that it means, as EvalPlus itself does.',
  `A program has ${LIMITS.timeoutMs / 1000} s, and an answer ${LIMITS.replyBytes / mib} MiB; a judge without NumPy compares with a stand-in for the two functions that the tests call.`,
];

/** A protocol of HumanEval on these tests. Nobody's published score is known under one of them. */
function onMoreTests(protocol: GenerativeProtocol<CodeProblem>): GenerativeProtocol<CodeProblem> {
  return {
    ...protocol,
    judge: (problem, answer): Judgement => {
      const judgement = protocol.judge({ ...problem, test: repairRootTest(problem.test) }, answer);
      return 'execute' in judgement ? { ...judgement, execute: { ...judgement.execute, limits: LIMITS } } : judgement;
    },
    published: [],
    notes: [...protocol.notes, ...NOTES],
  };
}

export const humanevalPlus = defineGenerativeSuite<CodeProblem>({
  name: 'humaneval-plus',
  title: 'HumanEval+',
  description: 'the functions of HumanEval with many more tests',
  version: 1,
  language: 'en',
  average: 'micro',
  maxTokens: 1024,
  executes: true,
  load: (options) =>
    loadProblemDataset(
      'humaneval-plus',
      (bytes, file) => parseCodeFile(bytes, `humaneval-plus/${file}`, 'humaneval-plus'),
      options,
    ),
  groupOf: () => 'all',
  targetOf: ({ entryPoint }) => entryPoint,
  protocols: Object.fromEntries(
    Object.entries(humanevalProtocols).map(([name, protocol]) => [name, onMoreTests(protocol)]),
  ),
});
