/** Grades one answer to a mathematics problem: extraction, then equality by meaning. */
import { equal } from './equal.js';
import { type ExtractRule, extractAnswer } from './extract.js';

export interface MathGrade {
  readonly status: 'correct' | 'wrong' | 'unparsed' | 'truncated';
  /** As extracted; null where there is none. */
  readonly answer: string | null;
  readonly score: 0 | 1;
  readonly extractedBy: ExtractRule | null;
  /** What decided, see Verdict; null where there was nothing to compare. */
  readonly rule: string | null;
}

export function gradeMath(target: string, output: string, rules: readonly ExtractRule[]): MathGrade {
  const found = extractAnswer(output, rules);
  if (found.status !== 'found') return { status: found.status, answer: null, score: 0, extractedBy: null, rule: null };
  const { equal: isRight, rule } = equal(target, found.answer);
  return {
    status: isRight ? 'correct' : 'wrong',
    answer: found.answer,
    score: isRight ? 1 : 0,
    extractedBy: found.extractedBy,
    rule,
  };
}
