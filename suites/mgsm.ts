/** MGSM (Shi et al. 2022, arXiv 2210.03057): the same 250 school problems in English and in Chinese. */
import { arithmeticRules } from './grading/extract.js';
import { defineMathSuite } from './math-suite.js';

/** The group of a problem is its language; the headline is the mean of the languages, as in the paper. */
export const mgsm = defineMathSuite({
  name: 'mgsm',
  title: 'MGSM',
  description: 'the same 250 school word problems in English and in Chinese, asked without shots',
  version: 1,
  language: 'mixed',
  average: 'macro',
  languageOf: ({ group }) => (group === 'zh' ? 'zh' : 'en'),
  rules: arithmeticRules,
});
