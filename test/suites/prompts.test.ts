/** Golden prompts: every suite under every protocol, byte for byte. */
import { describe, expect, test } from '@jest/globals';
import { fixturePlan } from './fixtures.js';

const MMLU_SHOTS = [
  'How many elements has the cyclic group Z_6?\nA. 2\nB. 3\nC. 5\nD. 6\nAnswer: D\n\n',
  'Which of these is a field?\nChoose one. \nA. Z_4\nB. Z_6\nC. Z_7\nD. Z_8\nAnswer: C\n\n',
  'Is addition of integers commutative?\nA. Yes, always\nB. No\nC. Only for even ones\nD. None\nAnswer: A\n\n',
  'What is the identity of (Z; +)?\nA. -1\nB. 0\nC. 1\nD. 2\nAnswer: B\n\n',
  'What is the order of 2 in Z_8 under addition?\nA. 1\nB. 2\nC. 4\nD. 8\nAnswer: C\n\n',
];
const MMLU_QUESTIONS = [
  'How many "units" has Z_5?\nA. 1\nB. 2\nC. 4\nD. 5\nAnswer:',
  '  The ring Z_6 has zero divisors. \nA. True\nB.  False\nC. Unknown\nD. None\nAnswer:',
];
const MMLU_HEADER = 'The following are multiple choice questions (with answers) about  abstract algebra.\n\n';
const MMLU_LM_EVAL_HEADER = 'The following are multiple choice questions (with answers) about abstract algebra.\n\n';
const MMLU_LM_EVAL_SHOTS = MMLU_SHOTS.join('').replace('Choose one. \n', 'Choose one.\n');
const MMLU_LM_EVAL_QUESTION = 'The ring Z_6 has zero divisors.\nA. True\nB.  False\nC. Unknown\nD. None\nAnswer:';

const CEVAL_SHOTS = [
  '甲借用乙的自行车，应当____。\nA. 归还\nB. 出售\nC. 赠与\nD. 丢弃\n答案：A\n\n',
  '合同的成立需要____。\nA. 要约和\n承诺\nB. 仅要约\nC. 仅承诺\nD. 登记\n答案：A\n\n',
  '成年的年龄是____岁。\nA. 16\nB. 18\nC. 20\nD. 22\n答案：B\n\n',
  '所有权不包括____。\nA. 占有\nB. 使用\nC. 收益\nD. 立法\n答案：D\n\n',
  '法律面前____。\nA. 因人而异\nB. 人人平等\nC. 视情况\nD. 无规定\n答案：B\n\n',
];
const CEVAL_QUESTIONS = [
  '下列属于动产的是____。\nA. 土地\nB. 房屋\nC. 汽车\nD. 林地\n答案：',
  '诉讼时效\n届满后____。\nA. 权利消灭\nB. 可提出抗辩\nC. 合同无效\nD. 所有权转移\n答案：',
];
const CEVAL_HEADER = '以下是中国关于法学考试的单项选择题，请选出其中的正确答案。\n\n';
const CEVAL_LM_EVAL_HEADER = '以下是中国关于法学的单项选择题，请选出其中的正确答案。\n\n';
const CEVAL_LM_EVAL_SHOTS = CEVAL_SHOTS.join('').replace(/答案：(?=[A-D]\n\n)/g, '答案： ');

const CMMLU_SHOTS = [
  '题目：离太阳最近的行星是\nA. 水星\nB. 金星\nC. 地球\nD. 火星\n答案是：A\n\n',
  '题目：月球绕地球一周大约需要\nA. 一天\nB. 一周\nC. 一个月\nD. 一年\n答案是：C\n\n',
  '题目：太阳主要由什么元素组成\nA. 铁\nB. 氢\nC. 氧\nD. 碳\n答案是：B\n\n',
  '题目：光年是什么的单位\nA. 时间\nB. 速度\nC. 质量\nD. 距离\n答案是：D\n\n',
  '题目：土星最显著的特征是\nA. 光环\nB. 火山\nC. 海洋\nD. 森林\n答案是：A\n\n',
];
const CMMLU_QUESTIONS = [
  '题目：北极星位于哪个星座\nA. 大熊座\nB. 小熊座\nC. 猎户座\nD. 天琴座\n答案是：',
  '题目： 日食发生时位于中间的是 \nA. 地球\nB. 太阳\nC. 月球\nD. 火星\n答案是：',
];
const CMMLU_HEADER = '以下是关于天文学的单项选择题，请直接给出正确答案的选项。\n\n';
const CMMLU_LM_EVAL_SHOTS = CMMLU_SHOTS.join('').replaceAll('题目：', '').replaceAll('答案是：', '答案： ');
const CMMLU_LM_EVAL_QUESTION = '日食发生时位于中间的是\nA. 地球\nB. 太阳\nC. 月球\nD. 火星\n答案：';

interface Golden {
  readonly suite: string;
  readonly protocol: string;
  readonly first: string;
  readonly second: string;
  readonly zeroShot: string;
  readonly continuationA: string;
  readonly targets: readonly string[];
}

function same(suite: string, header: string, shots: readonly string[], questions: readonly string[]) {
  return {
    suite,
    first: header + shots.join('') + questions[0],
    second: header + shots.join('') + questions[1],
    zeroShot: header + questions[0],
  };
}

const mmlu = { ...same('mmlu', MMLU_HEADER, MMLU_SHOTS, MMLU_QUESTIONS), continuationA: ' A', targets: ['C', 'A'] };
const ceval = { ...same('ceval', CEVAL_HEADER, CEVAL_SHOTS, CEVAL_QUESTIONS), continuationA: 'A', targets: ['C', 'B'] };
const cmmlu = { ...same('cmmlu', CMMLU_HEADER, CMMLU_SHOTS, CMMLU_QUESTIONS), continuationA: 'A', targets: ['B', 'C'] };

const GOLDEN: readonly Golden[] = [
  { protocol: 'official', ...mmlu },
  { protocol: 'deepseek', ...mmlu },
  {
    ...mmlu,
    protocol: 'lm-eval',
    first: MMLU_LM_EVAL_HEADER + MMLU_LM_EVAL_SHOTS + MMLU_QUESTIONS[0],
    second: MMLU_LM_EVAL_HEADER + MMLU_LM_EVAL_SHOTS + MMLU_LM_EVAL_QUESTION,
    zeroShot: MMLU_LM_EVAL_HEADER + MMLU_QUESTIONS[0],
  },
  { protocol: 'official', ...ceval },
  { protocol: 'deepseek', ...ceval },
  {
    ...ceval,
    protocol: 'lm-eval',
    first: CEVAL_LM_EVAL_HEADER + CEVAL_LM_EVAL_SHOTS + CEVAL_QUESTIONS[0],
    second: CEVAL_LM_EVAL_HEADER + CEVAL_LM_EVAL_SHOTS + CEVAL_QUESTIONS[1],
    zeroShot: CEVAL_LM_EVAL_HEADER + CEVAL_QUESTIONS[0],
    continuationA: ' A',
  },
  { protocol: 'official', ...cmmlu },
  { protocol: 'deepseek', ...cmmlu },
  {
    ...cmmlu,
    protocol: 'lm-eval',
    first: `${CMMLU_HEADER}${CMMLU_LM_EVAL_SHOTS}北极星位于哪个星座\nA. 大熊座\nB. 小熊座\nC. 猎户座\nD. 天琴座\n答案：`,
    second: CMMLU_HEADER + CMMLU_LM_EVAL_SHOTS + CMMLU_LM_EVAL_QUESTION,
    zeroShot: `${CMMLU_HEADER}北极星位于哪个星座\nA. 大熊座\nB. 小熊座\nC. 猎户座\nD. 天琴座\n答案：`,
    continuationA: ' A',
  },
];

describe.each(GOLDEN)('$suite, $protocol', ({ suite, protocol, first, second, zeroShot, continuationA, targets }) => {
  test('asks with five shots, byte for byte', async () => {
    const plan = await fixturePlan(suite, { protocol });
    expect(plan.samples.map((sample) => sample.context)).toEqual([first, second]);
    expect(plan.samples.map((sample) => sample.target)).toEqual(targets);
    expect(plan.shots).toBe(5);
  });

  test('asks without shots, header kept', async () => {
    const plan = await fixturePlan(suite, { protocol, shots: 0 });
    expect(plan.samples[0]?.context).toBe(zeroShot);
  });

  test('scores the letters as its shots write them', async () => {
    const [sample] = (await fixturePlan(suite, { protocol })).samples;
    expect(sample?.continuations).toEqual({
      A: continuationA,
      B: continuationA.replace('A', 'B'),
      C: continuationA.replace('A', 'C'),
      D: continuationA.replace('A', 'D'),
    });
    expect(sample?.context).toContain(`${sample?.context.split('\n').at(-1)}${continuationA}\n\n`);
  });
});

test('lm-eval strips a question as Python does', async () => {
  const { pythonStrip } = await import('../../suites/choice-protocol.js');
  expect(pythonStrip('\u0085\u001c\u3000 a b\u00a0\u2028\n')).toBe('a b');
  expect(pythonStrip('\uFEFFa\u200b')).toBe('\uFEFFa\u200b');
  expect(pythonStrip(' \n ')).toBe('');
});
