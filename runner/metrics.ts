/** Scores of a run: a pure function of run.json and samples.jsonl, the same bytes whenever it is computed. */
import type { RunRecord, SuiteRecord } from './run-record.js';
import type { Estimate, LanguageGap, RunMetrics, SampleStatus, SuiteMetrics } from './run-summary.js';
import { sampleStatuses } from './run-summary.js';
import { type ChoiceLine, isChoice, isGenerative, type SampleLine } from './sample-line.js';
import {
  type Count,
  differenceInterval,
  differenceOf,
  macroInterval,
  macroMean,
  meanOfEstimates,
  wilson,
  wilsonInterval,
} from './statistics.js';
import { writtenMetrics } from './written-metrics.js';

/** All metrics of a run. Every planned sample counts in the denominators, with a result or without. */
export function computeMetrics(record: RunRecord, lines: readonly SampleLine[]): RunMetrics {
  const suites = Object.fromEntries(
    record.suites.map((suite) => [
      suite.suite,
      suiteMetrics(
        suite,
        lines.filter((line) => line.suite === suite.suite),
      ),
    ]),
  );
  return {
    schema: 1,
    run: record.id,
    model: record.model.name,
    random: record.model.random,
    suites,
    language_gap: languageGap(Object.values(suites)),
  };
}

function suiteMetrics(suite: SuiteRecord, lines: readonly SampleLine[]): SuiteMetrics {
  const counts = new Map(Object.entries(suite.groups).map(([group, n]) => [group, { correct: 0, n }]));
  const statuses = Object.fromEntries(sampleStatuses.map((status) => [status, 0])) as Record<SampleStatus, number>;
  for (const line of lines) {
    const group = counts.get(line.group);
    if (group !== undefined && line.status === 'correct') group.correct += 1;
    statuses[line.status] += 1;
  }
  const groups = [...counts.values()];
  const micro = wilson(pool(groups));
  const macro = macroMean(groups);
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
    interval: suite.average === 'micro' ? wilsonInterval : macroInterval,
    micro,
    macro,
    statuses,
    missing: micro.n - lines.length,
    groups: Object.fromEntries([...counts].map(([group, count]) => [group, wilson(count)])),
    categories: categoriesOf(suite, counts),
    letters: suite.generation === undefined ? countLetters(lines.filter(isChoice)) : null,
    ...(suite.generation !== undefined && writtenMetrics(lines.filter(isGenerative), suite.generation.max_tokens)),
    prompt_tokens: suite.prompt_tokens,
    // Nobody published scores on the questions in the box.
    published: suite.datasets.every(({ source }) => source === 'embedded') ? [] : suite.published,
    notes: suite.notes,
  };
}

function countLetters(lines: readonly ChoiceLine[]): SuiteMetrics['letters'] {
  const predicted: Record<string, number> = {};
  const keyed: Record<string, number> = {};
  // Labels in the order in which the prompts list them, also those never answered.
  for (const label of lines.flatMap((line) => Object.keys(line.choices)).sort()) {
    predicted[label] ??= 0;
    keyed[label] ??= 0;
  }
  for (const line of lines) {
    keyed[line.target] = (keyed[line.target] ?? 0) + 1;
    if (line.answer !== null) predicted[line.answer] = (predicted[line.answer] ?? 0) + 1;
  }
  return { predicted, keyed };
}

function pool(counts: readonly Count[]): Count {
  return {
    correct: counts.reduce((sum, count) => sum + count.correct, 0),
    n: counts.reduce((sum, count) => sum + count.n, 0),
  };
}

function categoriesOf(suite: SuiteRecord, counts: ReadonlyMap<string, Count>): Record<string, Estimate> {
  const entries = Object.entries(suite.categories).flatMap(([category, subjects]): [string, Estimate][] => {
    const members = subjects.flatMap((subject) => counts.get(subject) ?? []);
    if (members.length === 0) return [];
    const { accuracy, low, high, n } = suite.average === 'micro' ? wilson(pool(members)) : macroMean(members);
    return [[category, { accuracy, low, high, n }]];
  });
  return Object.fromEntries(entries);
}

/** Each language is the unweighted mean of its suites' headline accuracies. */
function languageGap(suites: readonly SuiteMetrics[]): LanguageGap | null {
  // Written answers are to other questions in each language, so that a difference would say nothing about the language.
  const choice = suites.filter((suite) => suite.written === undefined);
  const english = choice.filter((suite) => suite.language === 'en');
  const chinese = choice.filter((suite) => suite.language === 'zh');
  if (english.length === 0 || chinese.length === 0) return null;
  const [en, zh] = [meanOfEstimates(english), meanOfEstimates(chinese)];
  return { english: en, chinese: zh, ...differenceOf(en, zh), interval: differenceInterval };
}
