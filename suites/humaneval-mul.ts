/** HumanEval-Mul (DeepSeek-V3 report): the functions of HumanEval in eight languages, from DeepSeek-Coder's files (MultiPL-E). */
import { type MulLanguage, type MulProblem, mulLanguages, parseMulFile } from '../datasets/mul-problem.js';
import { loadProblemDataset } from '../datasets/problem-dataset.js';
import { defineGenerativeSuite, type GenerativeProtocol } from './generative-suite.js';
import { assembleBraces, assembleContinuation } from './grading/assemble-braces.js';
import { assemblePython } from './grading/assemble-python.js';
import { dropThinking } from './grading/extract-thinking.js';
import type { Answer, Judgement, PublishedScore } from './suite.js';

/** What DeepSeek-Coder calls a language in its prompt, and what people do. */
const names: Readonly<Record<MulLanguage, { readonly fence: string; readonly title: string }>> = {
  python: { fence: 'python', title: 'Python' },
  java: { fence: 'java', title: 'Java' },
  cpp: { fence: 'cpp', title: 'C++' },
  cs: { fence: 'csharp', title: 'C#' },
  js: { fence: 'javascript', title: 'JavaScript' },
  ts: { fence: 'typescript', title: 'TypeScript' },
  php: { fence: 'php', title: 'PHP' },
  sh: { fence: 'bash', title: 'Bash' },
};

/** DeepSeek-Coder's `IMPORT_HELPER` for Python, put before every program there; without NumPy, which the sandbox may not have. */
const PYTHON_HEADER =
  'import math\nimport re\nimport sys\nimport copy\nimport datetime\nimport itertools\nimport collections\nimport heapq\n' +
  'import functools\nimport hashlib\nimport string\nfrom typing import *\nfrom collections import *\n';

const SCORES: readonly (readonly [model: string, score: number])[] = [
  ['DeepSeek-V3', 0.826],
  ['DeepSeek-V2.5', 0.774],
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: a score, not the logarithm of 2.
  ['DeepSeek-V2-0506', 0.693],
  ['Qwen2.5-72B-Instruct', 0.773],
  ['GPT-4o-0513', 0.805],
];

const MEAN =
  'The score is the mean of the eight languages; DeepSeek does not say how it averages, and presumably does the same.';
const KNOWN =
  "A few published tests fail for every program, here as in DeepSeek-Coder's own harness, e.g. php/23 (strlen is PHP's own) and cpp/137 (its types do not compile).";
const EXCEPTIONS =
  'C#: a program that ends with an exception fails; DeepSeek-Coder looks for the word "Fail" on the error stream, and lets it pass.';
const TYPES =
  'TypeScript: types are erased and not checked, where DeepSeek-Coder fails a program with an error of types.';

/** DeepSeek-Coder `Evaluation/HumanEval/eval_instruct.py`, to the byte. */
const deepseek: GenerativeProtocol<MulProblem> = {
  asks: 'chat',
  prompt: ({ language, prompt }) =>
    'Please continue to complete the function. You are not allowed to modify the given code and do the completion only. ' +
    `Please return all completed function in a codeblock. Here is the given code to do completion:\n\`\`\`${names[language].fence}\n${prompt.trim()}\n\`\`\``,
  stop: [],
  reading:
    'The program is the last fenced block that defines the function, else the last block, else the text, behind the ' +
    "prompt's imports and inside its class; the tests of the problem are run on it.",
  judge: judgeChat,
  published: SCORES.map(
    ([model, score]): PublishedScore => ({ model, score, shots: 0, source: 'DeepSeek-V3 README, chat models' }),
  ),
  notes: [
    MEAN,
    'DeepSeek-Coder takes the first fenced block from the function on; evalrun takes the last one that defines the function, whole, and counts each way in which programs were put together.',
    KNOWN,
    EXCEPTIONS,
    TYPES,
  ],
};

/** The prompt is continued up to the stop tokens of the published files. */
const completion: GenerativeProtocol<MulProblem> = {
  asks: 'completion',
  prompt: ({ prompt }) => prompt,
  stop: [],
  stopOf: ({ stop }) => stop,
  reading: 'The prompt and its continuation are one program, which the tests of the problem are run on.',
  judge: (problem, { text }) => {
    const { language, prompt } = problem;
    if (language !== 'python') return trial(problem, assembleContinuation({ ...problem, language }, text));
    return trial(problem, { program: `${PYTHON_HEADER}${prompt}${text}`, code: text, branch: 'completion' });
  },
  published: [],
  notes: [
    MEAN,
    'Continuations end at the stop tokens of the published files, which differ between languages.',
    KNOWN,
    EXCEPTIONS,
    TYPES,
  ],
};

function judgeChat(problem: MulProblem, { text, truncated }: Answer): Judgement {
  const answer = dropThinking(text);
  const assembly = answer === undefined ? undefined : assemble(problem, answer);
  if (assembly !== undefined) return trial(problem, assembly);
  const status = truncated || answer === undefined ? 'truncated' : 'unparsed';
  return { status, answer: null, extractedBy: null, rule: null };
}

function assemble(problem: MulProblem, answer: string) {
  const { language, prompt } = problem;
  if (language !== 'python') return assembleBraces({ ...problem, language }, answer);
  return assemblePython({ ...problem, prompt: `${PYTHON_HEADER}${prompt}` }, answer);
}

function trial(
  problem: MulProblem,
  { program, code, branch }: { program: string; code: string; branch: string },
): Judgement {
  const { prompt: prelude, test, entryPoint, language } = problem;
  const task = { program, test, entryPoint, prelude };
  return { answer: code, extractedBy: branch, execute: language === 'python' ? task : { ...task, language } };
}

export const humanevalMul = defineGenerativeSuite<MulProblem>({
  name: 'humaneval-mul',
  title: 'HumanEval-Mul',
  description: 'the functions of HumanEval in Python, Java, C++, C#, JavaScript, TypeScript, PHP and Bash',
  version: 1,
  language: 'en',
  average: 'macro',
  maxTokens: 1024,
  executes: true,
  load: (options) => loadProblemDataset('humaneval-mul', parseMulFile, options),
  groupOf: ({ language }) => language,
  targetOf: ({ entryPoint }) => entryPoint,
  groupTitles: Object.fromEntries(mulLanguages.map((name) => [name, names[name].title])),
  sharesTasks: true,
  toolchains: mulLanguages.filter((name) => name !== 'python'),
  protocols: { deepseek, completion },
});
