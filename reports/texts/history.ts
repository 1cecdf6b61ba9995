/** Texts of the history page, English and Chinese. */
import type { Dictionary } from '../text.js';

export const historyTexts = {
  'history.heading': ['History of {n} runs', '{n} 次运行的历史'],
  'history.overview': ['Changes', '变化'],
  'history.none': ['No change could be told from chance in any series.', '任何序列中都没有能与偶然波动区分开的变化。'],
  'history.series': ['{suite}, {model}, {dtype}', '{suite}，{model}，{dtype}'],
  'history.asked': [
    '{protocol} protocol, {shots} shots, {n} samples in each run',
    '{protocol} 协议，{shots} 个示例，每次运行 {n} 个样本',
  ],
  'history.differs': [
    'Not comparable with the first series of this model, and therefore a series of its own: {what}',
    '与该模型的第一个序列不可比，因此单独成列：{what}',
  ],
  'history.random': ['These weights are random: the scores mean nothing.', '权重是随机的：分数没有意义。'],
  'history.chart': ['Accuracy of each run, with its 95 % interval', '每次运行的准确率及其 95 % 区间'],
  'history.axis': ['Runs, oldest first', '运行，由早到晚'],
  'history.level': ['level', '水平'],
  'history.counted': ['runs', '运行'],
  'history.hollow': ['does not count', '不计入'],
  'history.change': [
    '{points} points (95 % from {low} to {high}), p {p}',
    '{points} 个百分点（95 % 区间 {low} 至 {high}），p {p}',
  ],
  'history.flips': [
    '{gained} questions gained, {lost} lost',
    '答对 {gained} 题（原先答错），答错 {lost} 题（原先答对）',
  ],
  'history.also': ['Also changed', '同时改变的还有'],
  'history.also.none': ['nothing that run.json records', 'run.json 没有记录其他改变'],
  'history.steady': [
    'No change: every question was answered alike in every run.',
    '没有变化：每道题在每次运行中的对错都相同。',
  ],
  'history.few': [
    'No change that could be told from chance: {n} questions changed at all, and it takes {least}.',
    '没有能与偶然波动区分开的变化：只有 {n} 道题的对错有过变化，至少需要 {least} 道。',
  ],
  'history.unmarked': ['No change that could be told from chance.', '没有能与偶然波动区分开的变化。'],
  'history.unpaired': ['Not paired: {why}.', '未配对：{why}。'],
  'history.run': ['Run', '运行'],
  'history.date': ['Date (UTC)', '日期（UTC）'],
  'history.accuracy': ['Accuracy', '准确率'],
  'history.interval': ['95 % interval', '95 % 区间'],
  'history.commit': ['Code', '代码版本'],
  'history.remark': ['Remark', '备注'],
  'history.changed': ['level changes', '水平改变'],
  'history.table': ['All runs', '全部运行'],
  'history.method': ['Method', '方法'],
  'history.method.paired': [
    'Every question is its own control: the clearest shift of level over seeded intervals (binary segmentation) is compared with the same runs after the shifts of a random half of the questions are turned round.',
    '每道题以自身为对照：在种子区间上（二分分割）求水平最明显的偏移，再与随机翻转一半题目的偏移方向后的同一批运行相比较。',
  ],
  'history.method.unpaired': [
    'Where answers cannot be paired, the clearest difference between neighbouring runs is compared with runs drawn from one binomial distribution with the pooled accuracy.',
    '无法配对时，将相邻运行间最明显的差异与按合并准确率的二项分布抽取的运行相比较。',
  ],
  'history.method.rate': [
    'A series in which nothing changes is marked with a chance of {rate}. The size of a change is the difference of the mean levels on its two sides, over the runs among which it is clearest; because the clearest was chosen, it is a little too large on average.',
    '没有任何变化的序列被标记的概率为 {rate}。变化的大小是在变化最明显的那段运行中两侧平均水平之差；由于选取的是最明显的偏移，平均而言会略微偏大。',
  ],
  'history.skipped': ['Left out', '未读取的内容'],
} as const satisfies Dictionary;
