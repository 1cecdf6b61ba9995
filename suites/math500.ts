/** MATH-500 (Lightman et al. 2023, arXiv 2305.20050): 500 problems of MATH (Hendrycks et al. 2021, arXiv 2103.03874). */
import { formulaRules } from './grading/extract.js';
import { defineMathSuite } from './math-suite.js';
import type { PublishedScore } from './suite.js';

const V3 = 'DeepSeek-V3 README, chat models, at most 8,192 tokens';

/** Chat models under the same prompt, greedy. */
const SCORES: readonly (readonly [model: string, score: number])[] = [
  ['DeepSeek-V3', 0.902],
  ['DeepSeek-R1', 0.973],
  ['DeepSeek-V2.5', 0.747],
  ['Qwen2.5-72B-Instruct', 0.8],
  ['GPT-4o-0513', 0.746],
];

export const math500 = defineMathSuite({
  name: 'math500',
  title: 'MATH-500',
  description: '500 competition problems whose answers are formulas, English',
  version: 1,
  language: 'en',
  average: 'micro',
  languageOf: () => 'en',
  rules: formulaRules,
  published: SCORES.map(([model, score]): PublishedScore => ({ model, score, shots: 0, source: V3 })),
});
