/** CMATH (Wei et al. 2023, arXiv 2306.16636): Chinese school problems of grades 1 to 6; the 600 that were published first. */
import { arithmeticRules } from './grading/extract.js';
import { baseProtocol, boxedProtocol, CHINESE_QUESTION_ANSWER, QUESTION_ANSWER } from './math-protocols.js';
import { defineMathSuite } from './math-suite.js';

export const cmath = defineMathSuite({
  name: 'cmath',
  title: 'CMATH',
  description: '600 school word problems of grades 1 to 6, Chinese',
  version: 2,
  language: 'zh',
  average: 'micro',
  protocols: {
    deepseek: boxedProtocol({ languageOf: () => 'zh', rules: arithmeticRules }),
    base: baseProtocol({
      fewShot: {
        formats: [QUESTION_ANSWER, CHINESE_QUESTION_ANSWER],
        shots: 3,
        origin: 'Table 18 of the DeepSeek-V2 report, or cot_cmath_6_shot.py of DeepSeek-Math',
      },
      notes: [
        'DeepSeek asks with three examples and does not say which of the problems are asked, so that no published score stands beside these 600.',
      ],
    }),
  },
});
