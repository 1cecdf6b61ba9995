/** MGSM (Shi et al. 2022, arXiv 2210.03057): the same 250 school problems in English and in Chinese. */
import type { MathProblem } from '../datasets/math-problem.js';
import { arithmeticRules } from './grading/extract.js';
import { boxedProtocol } from './math-protocols.js';
import { defineMathSuite, type MathProtocol } from './math-suite.js';

const languageOf = ({ group }: MathProblem): 'en' | 'zh' => (group === 'zh' ? 'zh' : 'en');

/** openai/simple-evals `mgsm_eval.py`. */
const REQUEST = {
  en: 'Solve this math problem. Give the reasoning steps before giving the final answer on the last line by itself in the format of "Answer:". Do not add anything other than the integer answer after "Answer:".',
  zh: '解决这个数学问题。在最后一行给出答案前，请提供推理步骤。最后一行应该以 "答案: " 的形式独立给出答案。在 "答案：" 后不要添加除整数答案之外的任何内容。',
} as const;

const simpleEvals: MathProtocol = {
  asks: 'chat',
  prompt: (problem) => `${REQUEST[languageOf(problem)]}\n\n${problem.problem}`,
  stop: [],
  rules: ['answer-number'],
  reading: 'The answer is the last number behind the last "Answer" or 答案.',
  whenCut: 'lines',
  published: [],
  notes: ['simple-evals averages over eleven languages; these are two of them.'],
};

/** The group of a problem is its language; the headline is the mean of the languages, as in the paper. */
export const mgsm = defineMathSuite({
  name: 'mgsm',
  title: 'MGSM',
  description: 'the same 250 school word problems in English and in Chinese',
  version: 2,
  language: 'mixed',
  average: 'macro',
  // Both languages of a problem, so that the gap between them is a paired difference.
  drawnBy: ({ id, group }) => id.replace(`/${group}/`, '/'),
  protocols: {
    deepseek: boxedProtocol({ languageOf, rules: arithmeticRules }),
    'simple-evals': simpleEvals,
  },
});
