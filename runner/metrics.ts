/** Scores of a run: a pure function of run.json and samples.jsonl, the same bytes whenever it is computed. */
import { pairedLanguageGap } from './paired-gap.js';
import { passAtKs } from './pass-at-k.js';
import { countQuestions, countTasks } from './question-counts.js';
import type { RunRecord, SuiteRecord } from './run-record.js';
import type { Estimate, LanguageGap, RunMetrics, SampleStatus, SuiteMetrics } from './run-summary.js';
import { sampleStatuses } from './run-summary.js';
import { isScoredChoice, isScoredWriting, type ScoredChoice, type ScoredLine } from './scored-line.js';
import {
  type Count,
  clusteredMacroMean,
  clusteredWilson,
  clusterInterval,
  differenceInterval,
  differenceOf,
  macroInterval,
  meanOfEstimates,
  sharedTaskInterval,
  sharedTaskMacroMean,
  wilsonInterval,
} from './statistics.js';
import { writtenMetrics } from './written-metrics.js';

/** All metrics of a run. Every planned sample counts in the denominators, with a result or without. */
export function computeMetrics(record: RunRecord, lines: readonly ScoredLine[]): RunMetrics {
  const suites = Object.fromEntries(
    record.suites.map((suite) => [
      suite.suite,
      suiteMetrics(
        suite,
        lines.filter((line) => line.suite === suite.suite),
      ),
    ]),
  );
  const [paired] = record.suites.flatMap((suite) => pairedLanguageGap(suite, lines) ?? []);
  return {
    schema: 1,
    run: record.id,
    model: record.model.name,
    random: record.model.random,
    suites,
    language_gap: languageGap(Object.values(suites)),
    ...(paired && { paired_language_gap: paired }),
  };
}

function suiteMetrics(suite: SuiteRecord, lines: readonly ScoredLine[]): SuiteMetrics {
  const { generation } = suite;
  const questions = countQuestions(suite, lines);
  const statuses = Object.fromEntries(sampleStatuses.map((status) => [status, 0])) as Record<SampleStatus, number>;
  for (const line of lines) statuses[line.status] += 1;
  const groups = [...questions.values()];
  const micro = clusteredWilson(groups.flat());
  const sharesTasks = suite.shares_tasks === true;
  const macro = sharesTasks ? sharedTaskMacroMean(groups, countTasks(suite, lines)) : clusteredMacroMean(groups);
  const clusters =
    ((generation?.samples ?? 1) > 1 ? clusterInterval : '') +
    (sharesTasks && suite.average === 'macro' ? sharedTaskInterval : '');
  const headline = suite.average === 'micro' ? micro : macro;
  return {
    accuracy: headline.accuracy,
    low: headline.low,
    high: headline.high,
    n: headline.n,
    protocol: suite.protocol,
    version: suite.version,
    shots: suite.shots,
    language: suite.language,
    average: suite.average,
    interval: (suite.average === 'micro' ? wilsonInterval : macroInterval) + clusters,
    micro,
    macro,
    statuses,
    missing: micro.n - lines.length,
    groups: Object.fromEntries([...questions].map(([group, counts]) => [group, clusteredWilson(counts)])),
    categories: categoriesOf(suite, questions),
    letters: generation === undefined ? countLetters(lines.filter(isScoredChoice)) : null,
    ...(generation !== undefined && writtenMetrics(lines.filter(isScoredWriting), generation)),
    ...(generation?.executes && { pass_at_k: passAtKs(groups.flat(), generation.samples) }),
    ...(suite.languages_missing !== undefined && { languages_missing: suite.languages_missing }),
    prompt_tokens: suite.prompt_tokens,
    // Nobody published scores on the questions in the box.
    published: suite.datasets.every(({ source }) => source === 'embedded') ? [] : suite.published,
    notes: suite.notes,
  };
}

function countLetters(lines: readonly ScoredChoice[]): SuiteMetrics['letters'] {
  const predicted: Record<string, number> = {};
  const keyed: Record<string, number> = {};
  // Labels in the order in which the prompts list them, also those never answered.
  const labels = new Set<string>();
  for (const { choices } of lines) for (const label of Object.keys(choices)) labels.add(label);
  for (const label of [...labels].sort()) {
    predicted[label] ??= 0;
    keyed[label] ??= 0;
  }
  for (const line of lines) {
    keyed[line.target] = (keyed[line.target] ?? 0) + 1;
    if (line.answer !== null) predicted[line.answer] = (predicted[line.answer] ?? 0) + 1;
  }
  return { predicted, keyed };
}

function categoriesOf(suite: SuiteRecord, questions: ReadonlyMap<string, readonly Count[]>): Record<string, Estimate> {
  const entries = Object.entries(suite.categories).flatMap(([category, subjects]): [string, Estimate][] => {
    const members = subjects.flatMap((subject) => {
      const counts = questions.get(subject);
      return counts === undefined ? [] : [counts];
    });
    if (members.length === 0) return [];
    const { accuracy, low, high, n } =
      suite.average === 'micro' ? clusteredWilson(members.flat()) : clusteredMacroMean(members);
    return [[category, { accuracy, low, high, n }]];
  });
  return Object.fromEntries(entries);
}

/** Each language is the unweighted mean of its suites' headline accuracies. */
function languageGap(suites: readonly SuiteMetrics[]): LanguageGap | null {
  // Mathematics is asked in one language each, or on the same problems in both, which is a paired difference of its own.
  const choice = suites.filter((suite) => suite.written === undefined);
  const english = choice.filter((suite) => suite.language === 'en');
  const chinese = choice.filter((suite) => suite.language === 'zh');
  if (english.length === 0 || chinese.length === 0) return null;
  const [en, zh] = [meanOfEstimates(english), meanOfEstimates(chinese)];
  return { english: en, chinese: zh, ...differenceOf(en, zh), interval: differenceInterval };
}
