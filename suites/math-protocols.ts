/** The protocols that several mathematics suites share, word for word. */
import type { MathProblem } from '../datasets/math-problem.js';
import { type ExtractRule, workedRules } from './grading/extract.js';
import type { MathProtocol } from './math-suite.js';
import type { PublishedScore } from './suite.js';
import type { ExampleFormat, FewShot } from './worked-examples.js';

/** DeepSeek-Math and DeepSeek-R1 READMEs; used for MATH-500 in the V3 report. The question, a newline, one sentence. */
export const BOXED_REQUEST = {
  en: 'Please reason step by step, and put your final answer within \\boxed{}.',
  zh: '请通过逐步推理来解答问题，并把最终答案放置于\\boxed{}中。',
} as const;

/** New tokens of a base model's answer, as DeepSeek-Math and lm-eval have it. */
const BASE_TOKENS = 1024;

/** DeepSeek's chat protocol. */
export function boxedProtocol({
  languageOf,
  rules,
  published = [],
}: {
  readonly languageOf: (problem: MathProblem) => 'en' | 'zh';
  readonly rules: readonly ExtractRule[];
  readonly published?: readonly PublishedScore[];
}): MathProtocol {
  return {
    asks: 'chat',
    prompt: (problem) => `${problem.problem}\n${BOXED_REQUEST[languageOf(problem)]}`,
    stop: [],
    rules,
    whenCut: 'box',
    published,
    notes: [],
  };
}

/** Examples and question as one text that a base model continues. */
export function baseProtocol({
  fewShot,
  rules = workedRules,
  published = [],
  notes = [],
}: {
  readonly fewShot: FewShot;
  readonly rules?: readonly ExtractRule[];
  readonly published?: readonly PublishedScore[];
  readonly notes?: readonly string[];
}): MathProtocol {
  return {
    asks: 'completion',
    prompt: ({ problem }) => problem,
    fewShot,
    stop: [],
    maxTokens: BASE_TOKENS,
    rules,
    whenCut: 'lines',
    published,
    notes,
  };
}

/** DeepSeek-Math `few_shot_prompts/cot_minerva_math_4_shot.py`; the prompt ends at the colon. */
export const MINERVA: ExampleFormat = {
  question: 'Problem:',
  answer: 'Solution:',
  ask: (question) => `Problem:\n${question}\n\nSolution:`,
  stop: '\nProblem:',
};

/** DeepSeek-Math `few_shot_prompts/cot_gsm_8_shot.py`, and Table 18 of the DeepSeek-V2 report for CMATH. */
export const QUESTION_ANSWER: ExampleFormat = {
  question: 'Q:',
  answer: 'A:',
  ask: (question) => `Q: ${question}\nA:`,
  stop: '\nQ:',
};

/** DeepSeek-Math `few_shot_prompts/cot_cmath_6_shot.py`. */
export const CHINESE_QUESTION_ANSWER: ExampleFormat = {
  question: '问题：',
  answer: '答案：',
  ask: (question) => `问题：${question}\n答案：`,
  stop: '\n问题：',
};
