/** Builds a mathematics suite from its protocols: answers extracted by rules and judged by meaning. */
import type { MathProblem } from '../datasets/math-problem.js';
import { type MathDataset, parseMathFile } from '../datasets/math-problem-files.js';
import { loadProblemDataset } from '../datasets/problem-dataset.js';
import { chooseProtocol } from './choose-protocol.js';
import { defineGenerativeSuite, type GenerativeProtocol, type GenerativeSuiteSpec } from './generative-suite.js';
import type { ExtractRule } from './grading/extract.js';
import { gradeMath } from './grading/grade-math.js';
import type { Answer, Grade, Suite } from './suite.js';

/** New tokens, unless the user says otherwise. DeepSeek's own runs allow 8,192 (V3) and 32,768 (R1). */
const MAX_TOKENS = 2048;

export interface MathProtocol extends Omit<GenerativeProtocol<MathProblem>, 'judge' | 'reading'> {
  /** Extraction rules in the order in which they are tried. */
  readonly rules: readonly ExtractRule[];
  /** How an answer is read, one sentence; default the list of rules. */
  readonly reading?: string;
  /**
   * What may still count of a text that was cut off: a closed box, or what its whole lines say, where an answer has a line of
   * its own. A number at the end may be half of one.
   */
  readonly whenCut: 'box' | 'lines';
}

export interface MathSuiteSpec
  extends Pick<
    GenerativeSuiteSpec<MathProblem>,
    'title' | 'description' | 'version' | 'language' | 'average' | 'drawnBy'
  > {
  readonly name: MathDataset;
  /** The first is the default. */
  readonly protocols: Readonly<Record<string, MathProtocol>>;
}

/** A suite whose answers can be graded without asking for them. */
export interface MathSuite extends Suite {
  /**
   * Grades a finished answer as a run under the protocol would; the default protocol is the suite's first.
   *
   * @throws EvalrunError `usage/unknown-protocol`
   */
  grade(target: string, output: string, protocol?: string): Grade;
}

export function defineMathSuite({ name, protocols, ...spec }: MathSuiteSpec): MathSuite {
  const suite = defineGenerativeSuite({
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
    protocols: Object.fromEntries(Object.entries(protocols).map(([key, protocol]) => [key, withJudge(protocol)])),
  });
  return {
    ...suite,
    grade: (target, text, protocol = suite.protocols[0] ?? '') =>
      judgeMath(target, { text, truncated: false }, chooseProtocol({ name, protocols }, protocol)),
  };
}

function withJudge(protocol: MathProtocol): GenerativeProtocol<MathProblem> {
  const { rules } = protocol;
  return {
    ...protocol,
    reading:
      protocol.reading ??
      `The answer is what the first of these rules finds, each looking from the end: ${rules.join(', ')}.`,
    judge: ({ target }, answer) => judgeMath(target, answer, protocol),
  };
}

/** Whatever else a text that was cut off holds, it is `truncated` unless what may count of it is right. */
function judgeMath(target: string, { text, truncated }: Answer, { rules, whenCut }: MathProtocol): Grade {
  if (!truncated) return withoutScore(gradeMath(target, text, rules));
  const kept = whenCut === 'box' ? text : text.slice(0, text.lastIndexOf('\n') + 1);
  const mayCount = rules.filter((rule) =>
    whenCut === 'box' ? rule === 'boxed' : rule !== 'last-number' && rule !== 'whole-text' && rule !== 'answer-number',
  );
  const grade = withoutScore(gradeMath(target, kept, mayCount));
  return { ...grade, status: grade.status === 'correct' ? 'correct' : 'truncated' };
}

function withoutScore({ status, answer, extractedBy, rule }: ReturnType<typeof gradeMath>): Grade {
  return { status, answer, extractedBy, rule };
}
