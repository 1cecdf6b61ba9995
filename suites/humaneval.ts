/** HumanEval (Chen et al. 2021, arXiv 2107.03374): 164 Python functions to be written from their docstrings, pass@1. */
import { type CodeProblem, parseCodeFile } from '../datasets/code-problem.js';
import { loadProblemDataset } from '../datasets/problem-dataset.js';
import { defineGenerativeSuite, type GenerativeProtocol } from './generative-suite.js';
import { assemblePython } from './grading/assemble-python.js';
import { dropThinking } from './grading/extract-thinking.js';
import type { Answer, Judgement, PublishedScore } from './suite.js';

/** The paper's stop sequences (section 2.2), which lm-eval takes too; no reference solution contains one. */
const STOP = ['\nclass', '\ndef', '\n#', '\nif', '\nprint'];

const SCORES: readonly (readonly [model: string, score: number, source: string])[] = [
  ['DeepSeek-V3-Base', 0.652, 'DeepSeek-V3 README, base models'],
  ['DeepSeek-V2-Base', 0.433, 'DeepSeek-V3 README, base models'],
  ['Qwen2.5-72B-Base', 0.53, 'DeepSeek-V3 README, base models'],
  ['Llama-3.1-405B-Base', 0.549, 'DeepSeek-V3 README, base models'],
  ['Moonlight-16B-A3B', 0.481, 'Moonlight README, base models'],
  ['DeepSeek-V2-Lite', 0.299, 'DeepSeek-V2 report, Table 6'],
];

/**
 * openai/human-eval: the prompt to the byte, its last newline included, is continued; prompt, continuation and test are one
 * program.
 */
const official: GenerativeProtocol<CodeProblem> = {
  asks: 'completion',
  prompt: ({ prompt }) => prompt,
  stop: STOP,
  reading: 'The prompt and its continuation are one program, which the tests of the problem are run on.',
  judge: (problem, { text }) => trial(problem, { program: problem.prompt + text, code: text, branch: 'completion' }),
  published: SCORES.map(([model, score, source]): PublishedScore => ({ model, score, shots: 0, source })),
  notes: [],
};

/** DeepSeek-Coder `Evaluation/HumanEval`, instruct models; the basis of HumanEval-Mul. */
const deepseek: GenerativeProtocol<CodeProblem> = {
  asks: 'chat',
  prompt: ({ prompt }) =>
    'Please continue to complete the function. You are not allowed to modify the given code and do the completion only. ' +
    `Please return all completed function in a codeblock. Here is the given code to do completion:\n\`\`\`python\n${prompt.trim()}\n\`\`\``,
  stop: [],
  reading:
    'The program is the last fenced block that defines the function, else the last block, else the text, ' +
    "behind the prompt's imports and helper functions; the tests of the problem are run on it.",
  judge: judgeChat,
  published: [],
  notes: [
    'DeepSeek-Coder takes the first fenced block; evalrun takes the last one that defines the function, and counts each way in which programs were put together.',
  ],
};

function judgeChat(problem: CodeProblem, { text, truncated }: Answer): Judgement {
  const answer = dropThinking(text);
  const assembly = answer === undefined ? undefined : assemblePython(problem, answer);
  if (assembly !== undefined) return trial(problem, assembly);
  const status = truncated || answer === undefined ? 'truncated' : 'unparsed';
  return { status, answer: null, extractedBy: null, rule: null };
}

function trial(
  { prompt, test, entryPoint }: CodeProblem,
  { program, code, branch }: { program: string; code: string; branch: string },
): Judgement {
  return { answer: code, extractedBy: branch, execute: { program, test, entryPoint, prelude: prompt } };
}

/** The first is the default. HumanEval+ asks the same. */
export const humanevalProtocols: Readonly<Record<string, GenerativeProtocol<CodeProblem>>> = {
  official,
  deepseek,
  'lm-eval': { ...official, published: [] },
};

export const humaneval = defineGenerativeSuite<CodeProblem>({
  name: 'humaneval',
  title: 'HumanEval',
  description: '164 Python functions to be written from their docstrings; programs are run in the sandbox',
  version: 1,
  language: 'en',
  average: 'micro',
  maxTokens: 1024,
  executes: true,
  load: (options) =>
    loadProblemDataset('humaneval', (bytes, file) => parseCodeFile(bytes, `humaneval/${file}`), options),
  groupOf: () => 'all',
  targetOf: ({ entryPoint }) => entryPoint,
  protocols: humanevalProtocols,
});
