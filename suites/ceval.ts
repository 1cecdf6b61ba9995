/** C-Eval (Huang et al. 2023, arXiv 2305.08322): 52 subjects in Chinese; the 1,346 validation questions are asked. */
import { SUBJECTS } from './ceval-subjects.js';
import { categoriesOf, chineseName } from './chinese-subjects.js';
import { lettered, pythonStrip } from './choice-protocol.js';
import { type ChoiceSuiteProtocol, defineChoiceSuite } from './choice-suite.js';
import { publishedScores } from './published-scores.js';

const SPLIT_NOTE = 'The validation questions are asked; the smallest subject has 12 of them.';

/** hkust-nlp/ceval `resources/tutorial.md`: no space after the full-width colon. */
const official: ChoiceSuiteProtocol = {
  header: (subject) => `以下是中国关于${chineseName(SUBJECTS, subject)}考试的单项选择题，请选出其中的正确答案。\n\n`,
  question: ({ question, options }) => lettered(question, options, '答案：'),
  answer: (label) => label,
  separator: '\n\n',
  average: 'macro',
  drop: 'last',
  categories: categoriesOf(SUBJECTS),
  published: publishedScores('ceval'),
  notes: [SPLIT_NOTE],
};

/** DeepSeek-V2 report, Table 15: the official prompt, perplexity-based, options as bare letters. */
const deepseek: ChoiceSuiteProtocol = {
  ...official,
  notes: [
    SPLIT_NOTE,
    'DeepSeek states neither its split nor its average; these are the validation questions and the official average, over subjects.',
  ],
};

/** lm-eval `ceval-valid`: no 考试 in the header, a space before the letter, average over questions. */
const lmEval: ChoiceSuiteProtocol = {
  ...official,
  header: (subject) => `以下是中国关于${chineseName(SUBJECTS, subject)}的单项选择题，请选出其中的正确答案。\n\n`,
  question: ({ question, options }) => lettered(pythonStrip(question), options, '答案：'),
  answer: (label) => ` ${label}`,
  average: 'micro',
  published: [],
  notes: [
    SPLIT_NOTE,
    'lm-eval itself asks without shots unless told otherwise; evalrun asks with 5 unless --shots says otherwise.',
  ],
};

export const ceval = defineChoiceSuite({
  name: 'ceval',
  title: 'C-Eval',
  description: '52 subjects of Chinese school, university and professional exams, Chinese, four options',
  version: 1,
  language: 'zh',
  shotSplit: 'dev',
  protocols: { official, deepseek, 'lm-eval': lmEval },
});
