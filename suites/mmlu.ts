/** MMLU (Hendrycks et al. 2021, arXiv 2009.03300): 57 subjects, 14,042 English questions with four options. */
import { lettered, pythonStrip } from './choice-protocol.js';
import { type ChoiceSuiteProtocol, defineChoiceSuite } from './choice-suite.js';
import { HENDRYCKS_CATEGORIES, LM_EVAL_CATEGORIES } from './mmlu-subjects.js';
import { publishedScores } from './published-scores.js';

const INTRODUCTION = 'The following are multiple choice questions (with answers) about';

/** hendrycks/test `evaluate.py`: `format_subject` puts a space before every word, hence the double space. */
const official: ChoiceSuiteProtocol = {
  header: (subject) => `${INTRODUCTION}  ${subject.replaceAll('_', ' ')}.\n\n`,
  question: ({ question, options }) => lettered(question, options, 'Answer:'),
  answer: (label) => ` ${label}`,
  separator: '\n\n',
  average: 'micro',
  drop: 'last',
  categories: HENDRYCKS_CATEGORIES,
  published: publishedScores('mmlu'),
  notes: ["Categories are Hendrycks' own, with anatomy in other."],
};

/**
 * DeepSeek-V2 report, Appendix G: the official prompt, perplexity-based. The report prints the options as bare
 * letters; after "Answer:" the scored text is " A", as in the shots, because ":A" is one pre-token.
 */
const deepseek: ChoiceSuiteProtocol = {
  ...official,
  notes: [...official.notes, 'DeepSeek does not state its average; this is the official one, over questions.'],
};

/** lm-eval `tasks/mmlu/default`: one space in the header, the question stripped, the options not. */
const lmEval: ChoiceSuiteProtocol = {
  ...official,
  header: (subject) => `${INTRODUCTION} ${subject.replaceAll('_', ' ')}.\n\n`,
  question: ({ question, options }) => lettered(pythonStrip(question), options, 'Answer:'),
  categories: LM_EVAL_CATEGORIES,
  published: [],
  notes: [
    "Categories are lm-eval's, with anatomy in STEM.",
    'lm-eval itself asks without shots unless told otherwise; evalrun asks with 5 unless --shots says otherwise.',
  ],
};

export const mmlu = defineChoiceSuite({
  name: 'mmlu',
  title: 'MMLU',
  description: '57 subjects of school, university and professional knowledge, English, four options',
  version: 1,
  language: 'en',
  shotSplit: 'dev',
  protocols: { official, deepseek, 'lm-eval': lmEval },
});
