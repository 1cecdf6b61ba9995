/** GSM8K (Cobbe et al. 2021, arXiv 2110.14168): 1,319 school problems whose answers are numbers. */
import { arithmeticRules } from './grading/extract.js';
import { baseProtocol, boxedProtocol, QUESTION_ANSWER } from './math-protocols.js';
import { defineMathSuite } from './math-suite.js';
import type { PublishedScore } from './suite.js';

const V3 = 'DeepSeek-V3 README, base models, 8-shot';

/** Base models, eight worked examples. */
const SCORES: readonly (readonly [model: string, score: number])[] = [
  ['DeepSeek-V3-Base', 0.893],
  ['DeepSeek-V2-Base', 0.816],
  ['Qwen2.5-72B-Base', 0.883],
  ['Llama-3.1-405B-Base', 0.835],
];

export const gsm8k = defineMathSuite({
  name: 'gsm8k',
  title: 'GSM8K',
  description: '1,319 school word problems, English',
  version: 2,
  language: 'en',
  average: 'micro',
  protocols: {
    deepseek: boxedProtocol({ languageOf: () => 'en', rules: arithmeticRules }),
    base: baseProtocol({
      fewShot: { formats: [QUESTION_ANSWER], shots: 8, origin: 'cot_gsm_8_shot.py of DeepSeek-Math' },
      published: SCORES.map(([model, score]): PublishedScore => ({ model, score, shots: 8, source: V3 })),
      notes: ['Published scores are with the eight examples of their authors.'],
    }),
  },
});
