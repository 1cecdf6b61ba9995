/** CMATH (Wei et al. 2023, arXiv 2306.16636): Chinese school problems of grades 1 to 6; the 600 that were published first. */
import { arithmeticRules } from './grading/extract.js';
import { defineMathSuite } from './math-suite.js';

export const cmath = defineMathSuite({
  name: 'cmath',
  title: 'CMATH',
  description: '600 school word problems of grades 1 to 6, Chinese, asked without shots',
  version: 1,
  language: 'zh',
  average: 'micro',
  languageOf: () => 'zh',
  rules: arithmeticRules,
});
