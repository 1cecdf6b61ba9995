/** MATH-500 (Lightman et al. 2023, arXiv 2305.20050): 500 problems of MATH (Hendrycks et al. 2021, arXiv 2103.03874). */
import { formulaRules, minervaRules } from './grading/extract.js';
import { baseProtocol, boxedProtocol, MINERVA } from './math-protocols.js';
import { defineMathSuite, type MathProtocol } from './math-suite.js';
import type { PublishedScore } from './suite.js';

const V3 = 'DeepSeek-V3 README, chat models, at most 8,192 tokens';

/** Chat models under DeepSeek's prompt, greedy. */
const SCORES: readonly (readonly [model: string, score: number])[] = [
  ['DeepSeek-V3', 0.902],
  ['DeepSeek-R1', 0.973],
  ['DeepSeek-V2.5', 0.747],
  ['Qwen2.5-72B-Instruct', 0.8],
  ['GPT-4o-0513', 0.746],
];

/** openai/simple-evals `math_eval.py`. */
const simpleEvals: MathProtocol = {
  asks: 'chat',
  prompt: ({ problem }) =>
    'Solve the following math problem step by step. The last line of your response should be of the form Answer: $ANSWER ' +
    `(without quotes) where $ANSWER is the answer to the problem.\n\n${problem}\n\n` +
    'Remember to put your answer on its own line after "Answer:", and you do not need to use a \\boxed command.',
  stop: [],
  rules: ['first-answer'],
  reading: 'The answer is the rest of the line behind the first "Answer:".',
  whenCut: 'lines',
  published: [],
  notes: [
    'simple-evals asks a language model whether answer and key are the same and takes no account of thinking; evalrun compares them by meaning and reads what follows </think>.',
  ],
};

/** lm-eval `hendrycks_math500`, without shots. */
const lmEval: MathProtocol = {
  asks: 'completion',
  prompt: ({ problem }) => `Problem: ${problem}\nAnswer:`,
  stop: ['Problem:'],
  maxTokens: 1024,
  rules: ['boxed', 'dollars', 'whole-text'],
  reading:
    'The answer is the last box, else the first display, else what stands between the first dollar and the last, else the whole output.',
  whenCut: 'box',
  published: [],
  notes: ['lm-eval compares spellings after a normalisation of its own; evalrun compares by meaning.'],
};

export const math500 = defineMathSuite({
  name: 'math500',
  title: 'MATH-500',
  description: '500 competition problems whose answers are formulas, English',
  version: 2,
  language: 'en',
  average: 'micro',
  protocols: {
    deepseek: boxedProtocol({
      languageOf: () => 'en',
      rules: formulaRules,
      published: SCORES.map(([model, score]): PublishedScore => ({ model, score, shots: 0, source: V3 })),
    }),
    'simple-evals': simpleEvals,
    base: baseProtocol({
      fewShot: {
        formats: [MINERVA],
        shots: 4,
        origin: 'cot_minerva_math_4_shot.py of DeepSeek-Math',
      },
      rules: minervaRules,
      notes: ['Base models are published for all 5,000 problems of MATH, of which these are 500.'],
    }),
    'lm-eval': lmEval,
  },
});
