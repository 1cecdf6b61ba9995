/** GSM8K (Cobbe et al. 2021, arXiv 2110.14168): 1,319 school problems whose answers are numbers. */
import { arithmeticRules } from './grading/extract.js';
import { defineMathSuite } from './math-suite.js';

export const gsm8k = defineMathSuite({
  name: 'gsm8k',
  title: 'GSM8K',
  description: '1,319 school word problems, English, asked without shots',
  version: 1,
  language: 'en',
  average: 'micro',
  languageOf: () => 'en',
  rules: arithmeticRules,
});
