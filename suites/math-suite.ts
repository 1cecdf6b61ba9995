/** Builds a mathematics suite: DeepSeek's boxed prompts, answers extracted by rules and judged by meaning. */
import type { MathProblem } from '../datasets/math-problem.js';
import { type MathDataset, parseMathFile } from '../datasets/math-problem-files.js';
import { loadProblemDataset } from '../datasets/problem-dataset.js';
import { defineGenerativeSuite, type GenerativeProtocol, type GenerativeSuiteSpec } from './generative-suite.js';
import type { ExtractRule } from './grading/extract.js';
import { gradeMath } from './grading/grade-math.js';
import type { Answer, Grade, PublishedScore, Suite } from './suite.js';

/** DeepSeek-Math and DeepSeek-R1 READMEs; used for MATH-500 in the V3 report. The question, a newline, one sentence. */
export const BOXED_REQUEST = {
  en: 'Please reason step by step, and put your final answer within \\boxed{}.',
  zh: '请通过逐步推理来解答问题，并把最终答案放置于\\boxed{}中。',
} as const;

/** New tokens, unless the user says otherwise. DeepSeek's own runs allow 8,192 (V3) and 32,768 (R1). */
const MAX_TOKENS = 2048;

export interface MathSuiteSpec
  extends Pick<GenerativeSuiteSpec<MathProblem>, 'title' | 'description' | 'version' | 'language' | 'average'> {
  readonly name: MathDataset;
  readonly languageOf: (problem: MathProblem) => 'en' | 'zh';
  /** Extraction rules in the order in which they are tried. */
  readonly rules: readonly ExtractRule[];
  readonly published?: readonly PublishedScore[];
}

export function defineMathSuite({ name, languageOf, rules, published = [], ...spec }: MathSuiteSpec): Suite {
  const deepseek: GenerativeProtocol<MathProblem> = {
    asks: 'chat',
    prompt: (problem) => `${problem.problem}\n${BOXED_REQUEST[languageOf(problem)]}`,
    stop: [],
    reading: `The answer is what the first of these rules finds, each looking from the end: ${rules.join(', ')}.`,
    judge: ({ target }, answer) => judgeMath(target, answer, rules),
    published,
    notes: [],
  };
  return defineGenerativeSuite({
    ...spec,
    name,
    maxTokens: MAX_TOKENS,
    executes: false,
    load: (options) =>
      loadProblemDataset(
        name,
        (bytes, file) => parseMathFile(bytes.toString('utf8'), { dataset: name, file }),
        options,
      ),
    groupOf: ({ group }) => group || 'all',
    targetOf: ({ target }) => target,
    protocols: { deepseek },
  });
}

/**
 * Of a text that was cut off, only a closed box counts: a number at its end may be half of one. Whatever else it holds, it is
 * `truncated`.
 */
function judgeMath(target: string, { text, truncated }: Answer, rules: readonly ExtractRule[]): Grade {
  const { status, answer, extractedBy, rule } = gradeMath(target, text, truncated ? ['boxed'] : rules);
  return { status: truncated && status !== 'correct' ? 'truncated' : status, answer, extractedBy, rule };
}
