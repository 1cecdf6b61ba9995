/** Texts of the page of a comparison, English and Chinese. */
import type { Dictionary } from '../text.js';

export const compareTexts = {
  'arms.baseline': ['Baseline', '基线'],
  'arms.candidate': ['Candidate', '候选'],
  'arms.not-recorded': ['not recorded', '未记录'],
  'arms.suite': ['Suite', '评测'],
  'arms.subject': ['Subject', '学科'],
  'arms.sample': ['Sample', '样本'],
  'arms.n': ['Pairs', '配对数'],
  'arms.nats': ['nats', '奈特'],

  'verdict.title': ['Verdict', '结论'],
  'verdict.pass': ['pass', '通过'],
  'verdict.regression': ['regression', '退化'],
  'verdict.undecided': ['undecided', '无法判定'],
  'verdict.difference-short': ['Difference', '差值'],
  'verdict.interval': ['95 % interval', '95 % 区间'],
  'verdict.flips': ['Flips', '翻转'],
  'verdict.verdict': ['Verdict', '结论'],
  'verdict.plot': ['worse … better', '变差 … 变好'],
  'verdict.legend': [
    'Differences are candidate − baseline in percentage points. Solid line: no difference; dashed line: the tolerated drop.',
    '差值为候选 − 基线（百分点）。实线：无差异；虚线：容许的下降幅度。',
  ],
  'verdict.rule': [
    'Pass: the whole interval lies above the tolerated drop. Regression: it lies below, and still does with Holm’s correction over the suites. Undecided: it reaches to both sides. Each limit by itself holds with 97.5 % confidence.',
    '通过：整个区间高于容许的下降幅度。退化：整个区间低于该幅度，且经 Holm 校正（跨评测）后仍成立。无法判定：区间横跨两侧。单侧置信度均为 97.5 %。',
  ],
  'reason.above-margin': [
    'The drop is less than {margin} points: at worst {worst}.',
    '下降幅度小于 {margin} 个百分点：最坏情况为 {worst}。',
  ],
  'reason.below-margin': [
    'The drop is more than {margin} points: at least {least}.',
    '下降幅度大于 {margin} 个百分点：至少为 {least}。',
  ],
  'reason.identical': [
    'The same bits in every sample of {questions} questions: the candidate computes the same.',
    '全部 {questions} 道题的每个样本逐位相同：候选与基线的计算结果一致。',
  ],
  'reason.too-few-questions': [
    '{questions} questions leave everything from {low} to {high} points possible, on both sides of −{margin}. About {enough} questions would decide, if the rates stay as they are.',
    '{questions} 道题下，差值在 {low} 到 {high} 个百分点之间都有可能，横跨 −{margin} 两侧。若翻转比例不变，约需 {enough} 道题才能判定。',
  ],
  'reason.on-the-margin': [
    'The difference lies on the tolerated drop of {margin} points itself, so that no number of questions would decide.',
    '差值正好落在容许的下降幅度 {margin} 个百分点上，再多题目也无法判定。',
  ],
  'reason.multiple-suites': [
    'Below the margin by itself, but among several suites this happens by chance too often (p = {p} after Holm).',
    '单独看已低于容许幅度，但在多个评测中这种情况容易偶然出现（Holm 校正后 p = {p}）。',
  ],
  'reason.incomplete': [
    '{missing} samples have no result: an unfinished run proves nothing.',
    '有 {missing} 个样本没有结果：未完成的运行不能说明任何问题。',
  ],
  'reason.engine-errors': [
    '{errors} samples failed in the engine or the sandbox, not in the model.',
    '有 {errors} 个样本因引擎或沙箱出错而失败，并非模型答错。',
  ],
  'reason.invalid': ['A score that means nothing: {why}.', '分数没有意义：{why}。'],
  'verdict.few': [
    'Only {discordant} questions got worse or better: whether the runs differ at all cannot be decided (with 5 or fewer no test reaches p < 0.05).',
    '只有 {discordant} 道题变差或变好：两次运行是否存在差异无法判定（5 道及以下时任何检验都达不到 p < 0.05）。',
  ],
  'verdict.details': ['Statistics', '统计细节'],
  'verdict.test': [
    '{suite}: McNemar ({method}), {discordant} discordant questions, two-sided p = {two}, one-sided for “worse” p = {one}.',
    '{suite}：McNemar 检验（{method}），不一致题目 {discordant} 道，双侧 p = {two}，单侧（变差）p = {one}。',
  ],
  'verdict.exact': ['exact', '精确'],
  'verdict.normal': ['normal', '正态近似'],
  'verdict.power': [
    '{suite}: the smallest drop found with 80 % power is {effect} points (z = {z}).',
    '{suite}：在 80 % 功效下可发现的最小下降为 {effect} 个百分点（z = {z}）。',
  ],
  'verdict.only-baseline': ['Only in the baseline, and not compared: {names}.', '仅基线包含、未作比较：{names}。'],
  'verdict.only-candidate': ['Only in the candidate, and not compared: {names}.', '仅候选包含、未作比较：{names}。'],

  'flips.title': ['Changed answers', '改变的答案'],
  'flips.counts': [
    '{lost} lost, {gained} gained, {changed} answers changed in all.',
    '由对变错 {lost}，由错变对 {gained}，答案改变共 {changed}。',
  ],
  'flips.none': ['No answer changed.', '没有答案改变。'],
  'flips.bands': ['Changed answers by margin, nats', '按间隔（奈特）统计的改变'],
  'flips.how': [
    'The margin is the best log-probability minus the second best, the larger of both runs. Below 0.1 it was a tie, which rounding may decide; from 3 on a letter twenty times as probable as the next lost its place: look for a defect.',
    '间隔为最高与次高对数概率之差，取两次运行中较大者。低于 0.1 属于几乎平局，舍入即可改变；达到 3 则意味着概率高出二十倍的选项失去了首位：应查找缺陷。',
  ],
  'flips.key': ['Key', '标准答案'],
  'flips.margins': ['Margins', '间隔'],
  'flips.size': ['Size', '大小'],
  'flips.kind': ['Kind', '类型'],
  'flips.lost': ['lost', '由对变错'],
  'flips.gained': ['gained', '由错变对'],
  'flips.changed': ['still wrong', '仍然错误'],
  'flips.list': ['Samples, largest first', '样本（由大到小）'],
  'flips.more': [
    'The {shown} largest of {n}; “compare --json” has all.',
    '仅列出最大的 {shown} 个，共 {n} 个；“compare --json” 给出全部。',
  ],

  'moved.title': ['Probabilities of the letters', '选项概率的变化'],
  'moved.same': [
    'Every log-probability has the same bits in both runs ({samples} samples).',
    '两次运行的每个对数概率逐位相同（{samples} 个样本）。',
  ],
  'moved.sums': [
    'Mean KL {kl} and JS {js} nats over {samples} samples; the largest move of a letter is {largest} nats; {same} letters kept all bits.',
    '{samples} 个样本的平均 KL 为 {kl}、JS 为 {js} 奈特；单个选项的最大变化为 {largest} 奈特；{same} 个选项逐位未变。',
  ],
  'moved.chart': ['Change of a letter’s log-probability, nats', '选项对数概率的变化（奈特）'],
  'moved.count': ['letters', '选项数'],
  'moved.kl': ['KL', 'KL'],
  'moved.jensen': ['JS', 'JS'],
  'moved.worst': ['Samples that moved most', '变化最大的样本'],

  'by-subject.title': ['Subjects', '学科'],
  'by-subject.worse': ['Worse', '变差'],
  'by-subject.better': ['Better', '变好'],

  'costs.title': ['Speed, memory, energy', '速度、内存与能耗'],
  'costs.what': ['Quantity', '项目'],
  'costs.ratio': ['Ratio', '比值'],
  'costs.prefill': ['Prefill, tokens/s', '预填充（token/s）'],
  'costs.decode': ['Decode, tokens/s', '解码（token/s）'],
  'costs.wall': ['Wall time', '总用时'],
  'costs.weights': ['Weights', '权重'],
  'costs.kv': ['KV cache', 'KV 缓存'],
  'costs.workspace': ['Workspace', '工作区'],
  'costs.resident': ['Peak resident', '常驻内存峰值'],
  'costs.energy': ['Energy', '能耗'],

  'routing.title': ['Experts', '专家路由'],
  'routing.agreement': [
    'Share of experts that both runs chose, by MoE layer ({samples} samples)',
    '两次运行选中相同专家的比例，按 MoE 层（{samples} 个样本）',
  ],
  'routing.load': ['Busiest expert over the mean, by layer', '最繁忙专家与平均负载之比，按层'],
  'routing.layer': ['MoE layer', 'MoE 层'],

  'control.title': ['A/A control', 'A/A 对照'],
  'control.sums': [
    'The baseline again ({folder}): {samples} samples, {flips} flips, {lines} lines that differ.',
    '基线重复运行（{folder}）：{samples} 个样本，{flips} 次翻转，{lines} 行不同。',
  ],
  'control.clean': [
    'As expected of the same arm: not a bit differs, so every flip above is the candidate’s.',
    '与预期一致：逐位相同，因此上面的每次翻转都来自候选。',
  ],
  'control.defect': [
    'A defect: the same weights, prompts and settings must give the same bytes. Do not trust the flips above; please report it with both folders.',
    '这是缺陷：相同的权重、提示词与设置必须得到相同的字节。请勿采信上面的翻转，并附上两个目录进行报告。',
  ],
  'control.noise': [
    'The noise of drawn answers or of a server: this many flips of the candidate mean nothing.',
    '这是采样或服务器带来的噪声：候选的翻转在此数量以内没有意义。',
  ],
  'control.incomplete': ['The control is not finished: what is there is the same.', '对照尚未完成：已有部分一致。'],

  'differs.title': ['What differs', '两次运行的不同之处'],
  'differs.field': ['Setting', '设置'],
  'differs.none': ['Nothing that determines a result.', '没有任何影响结果的差异。'],
  'differs.allowed': ['allowed', '已允许'],
  'differs.folder': ['Folder', '目录'],
  'differs.run': ['Run', '运行'],
  'differs.model': ['Model', '模型'],
  'differs.date': ['Date', '日期'],
} as const satisfies Dictionary;
