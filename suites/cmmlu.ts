/** CMMLU (Li et al. 2023, arXiv 2306.09212): 67 subjects, 11,582 Chinese questions with four options. */
import { categoriesOf, chineseName } from './chinese-subjects.js';
import { lettered, pythonStrip } from './choice-protocol.js';
import { type ChoiceSuiteProtocol, defineChoiceSuite } from './choice-suite.js';
import { SUBJECTS } from './cmmlu-subjects.js';
import { publishedScores } from './published-scores.js';

/** haonan-li/CMMLU `src/mp_utils.py`; of a prompt that is too long, the longest shots go first. */
const official: ChoiceSuiteProtocol = {
  header: (subject) => `以下是关于${chineseName(SUBJECTS, subject)}的单项选择题，请直接给出正确答案的选项。\n\n`,
  question: ({ question, options }) => lettered(`题目：${question}`, options, '答案是：'),
  answer: (label) => label,
  separator: '\n\n',
  average: 'macro',
  drop: 'longest',
  categories: categoriesOf(SUBJECTS),
  published: publishedScores('cmmlu'),
  notes: [],
};

/** DeepSeek-V2 report, Table 19: the official prompt, perplexity-based, options as bare letters. */
const deepseek: ChoiceSuiteProtocol = {
  ...official,
  drop: 'last',
  notes: ['DeepSeek does not state its average; this is the official one, over subjects.'],
};

/** lm-eval `tasks/cmmlu`: no 题目： before the question, 答案： after it, a space before the letter. */
const lmEval: ChoiceSuiteProtocol = {
  ...official,
  question: ({ question, options }) => lettered(pythonStrip(question), options, '答案：'),
  answer: (label) => ` ${label}`,
  average: 'micro',
  drop: 'last',
  published: [],
  notes: [
    'lm-eval itself asks without shots unless told otherwise; evalrun asks with 5 unless --shots says otherwise.',
  ],
};

export const cmmlu = defineChoiceSuite({
  name: 'cmmlu',
  title: 'CMMLU',
  description: '67 subjects of knowledge, 15 of them specific to China, Chinese, four options',
  version: 1,
  language: 'zh',
  shotSplit: 'dev',
  protocols: { official, deepseek, 'lm-eval': lmEval },
});
