/** DeepSeek-V3's scores as claims: measured under the same protocol, on the published questions, or not at all. */
import type { Claim, Finding } from './claim.js';
import { type Evidence, type EvidenceRun, isDeepSeekV3 } from './evidence.js';

interface ScoreClaim {
  readonly id: string;
  readonly suite: string;
  /** Protocols of the suite that ask as the claim's definition says; none where no suite does. */
  readonly protocols: readonly string[];
  readonly shots: number;
  /** 0..1 */
  readonly claimed: number;
  readonly model: 'DeepSeek-V3-Base' | 'DeepSeek-V3';
  readonly statement: string;
  readonly definition: string;
}

const README = 'DeepSeek-V3 README';

/** Half of what DeepSeek counts as "at the same level": scores differ by that much between frameworks. */
const TOLERANCE = 0.003;

const SCORES: readonly ScoreClaim[] = [
  {
    id: 'mmlu-base',
    suite: 'mmlu',
    protocols: ['official', 'deepseek'],
    shots: 5,
    claimed: 0.871,
    model: 'DeepSeek-V3-Base',
    statement: 'MMLU 87.1 (base model)',
    definition: '5 shots, the most probable of four letters, 14,042 questions, micro average',
  },
  {
    id: 'ceval-base',
    suite: 'ceval',
    protocols: ['official', 'deepseek'],
    shots: 5,
    claimed: 0.901,
    model: 'DeepSeek-V3-Base',
    statement: 'C-Eval 90.1 (base model)',
    definition: '5 shots, the most probable of four letters, macro average over 52 subjects; the split is not stated',
  },
  {
    id: 'cmmlu-base',
    suite: 'cmmlu',
    protocols: ['official', 'deepseek'],
    shots: 5,
    claimed: 0.888,
    model: 'DeepSeek-V3-Base',
    statement: 'CMMLU 88.8 (base model)',
    definition: '5 shots, the most probable of four letters, macro average over 67 subjects',
  },
  {
    id: 'humaneval-base',
    suite: 'humaneval',
    protocols: ['official'],
    shots: 0,
    claimed: 0.652,
    model: 'DeepSeek-V3-Base',
    statement: 'HumanEval 65.2 (base model)',
    definition: 'pass@1, greedy continuation of the prompt, 164 tasks',
  },
  {
    id: 'gsm8k-base',
    suite: 'gsm8k',
    protocols: ['base'],
    shots: 8,
    claimed: 0.893,
    model: 'DeepSeek-V3-Base',
    statement: 'GSM8K 89.3 (base model)',
    definition: '8 shots, exact match of the number, 1,319 questions',
  },
  {
    id: 'math-base',
    suite: 'math',
    protocols: [],
    shots: 4,
    claimed: 0.616,
    model: 'DeepSeek-V3-Base',
    statement: 'MATH 61.6 (base model)',
    definition: '4 shots (Minerva), the 5,000 test problems; MATH-500 is a tenth of them and asked differently',
  },
  {
    id: 'mmlu-chat',
    suite: 'mmlu',
    protocols: [],
    shots: 0,
    claimed: 0.885,
    model: 'DeepSeek-V3',
    statement: 'MMLU 88.5 (chat model)',
    definition: 'written answers to the simple-evals prompt, zero shots; not the letters of the base protocol',
  },
  {
    id: 'ceval-chat',
    suite: 'ceval',
    protocols: [],
    shots: 0,
    claimed: 0.865,
    model: 'DeepSeek-V3',
    statement: 'C-Eval 86.5 (chat model)',
    definition: 'written answers, exact match',
  },
  {
    id: 'math500-chat',
    suite: 'math500',
    protocols: ['deepseek'],
    shots: 0,
    claimed: 0.902,
    model: 'DeepSeek-V3',
    statement: 'MATH-500 90.2 (chat model)',
    definition: 'greedy, answer in \\boxed{}, up to 8,192 tokens, 500 problems',
  },
  {
    id: 'humaneval-mul-chat',
    suite: 'humaneval-mul',
    protocols: ['deepseek'],
    shots: 0,
    claimed: 0.826,
    model: 'DeepSeek-V3',
    statement: 'HumanEval-Mul 82.6 (chat model)',
    definition:
      'pass@1 in Python, Java, C++, C#, JavaScript, TypeScript, PHP and Bash, presumably the mean of the eight',
  },
];

export const scoreClaims: readonly Claim[] = SCORES.map((claim) => ({
  id: `score/${claim.id}`,
  topic: 'scores',
  statement: claim.statement,
  definition: claim.definition,
  source: README,
  claimed: percent(claim.claimed),
  check: (evidence) => checkScore(claim, evidence),
}));

function checkScore(claim: ScoreClaim, { runs }: Evidence): Finding {
  if (claim.protocols.length === 0) {
    return { measured: '', verdict: 'not measured', remark: 'evalrun has no suite that asks in this way' };
  }
  const measured = runs.flatMap((run) => {
    const suite = run.metrics.suites[claim.suite];
    const isSame = suite !== undefined && claim.protocols.includes(suite.protocol) && suite.shots === claim.shots;
    return isSame ? [{ run, suite }] : [];
  });
  // Of several runs the one of the model that the claim is about.
  const best = measured.find(({ run }) => isDeepSeekV3(run)) ?? measured[0];
  if (best === undefined) {
    const remark = `run evalrun --suite ${claim.suite} --protocol ${claim.protocols[0]} --shots ${claim.shots} and name the run`;
    return { measured: '', verdict: 'not measured', remark };
  }
  const { run, suite } = best;
  const shown = `${percent(suite.accuracy)} (${percent(suite.low)} to ${percent(suite.high)}, n ${suite.n})`;
  const remark = whyNotComparable(run, claim);
  if (remark !== undefined) return { measured: shown, verdict: 'not comparable', remark };
  const { low, high } = suite;
  const name = run.metrics.model;
  if (high < claim.claimed - TOLERANCE) return { measured: shown, verdict: 'differs', remark: `${name} scores lower` };
  if (low > claim.claimed + TOLERANCE) return { measured: shown, verdict: 'differs', remark: `${name} scores higher` };
  // An interval wider than ten points agrees with almost anything.
  if (high - low > 0.1) return { measured: shown, verdict: 'undecided', remark: 'too few questions to tell' };
  return { measured: shown, verdict: 'holds', remark: name };
}

function whyNotComparable(run: EvidenceRun, claim: ScoreClaim): string | undefined {
  const suite = run.metrics.suites[claim.suite];
  const record = run.record.suites.find((part) => part.suite === claim.suite);
  const { name } = run.record.model;
  if (suite?.invalid !== undefined) return `the run is invalid: ${suite.invalid}`;
  if ((suite?.missing ?? 0) > 0) return `the run has no result for ${suite?.missing} samples`;
  if (run.record.shard !== undefined) return 'the run is one shard';
  if (record?.datasets.some(({ source }) => source === 'embedded')) return `${name}, on evalrun's own questions`;
  if (record?.datasets.some(({ deviations }) => deviations.length > 0)) return `${name}, on modified data`;
  if (!isDeepSeekV3(run)) return `${name} is another model`;
  return undefined;
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`;
}
