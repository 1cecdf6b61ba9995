/** The gap between languages on the same problems: a paired difference, question by question. */
import type { SuiteRecord } from './run-record.js';
import type { PairedLanguageGap } from './run-summary.js';
import type { ScoredLine } from './scored-line.js';
import { type Count, clusteredWilson, pairedDifference, pairedInterval } from './statistics.js';

/**
 * English minus Chinese over the problems of a suite that were answered in both languages, several samples of a problem taken
 * together; undefined for a suite that does not ask the same problems in both. A problem asked in one language only (as the
 * last of an odd `--limit`) has no pair and is left out.
 */
export function pairedLanguageGap(suite: SuiteRecord, lines: readonly ScoredLine[]): PairedLanguageGap | undefined {
  if (suite.language !== 'mixed') return undefined;
  const [english, chinese] = [countsOf('en', suite, lines), countsOf('zh', suite, lines)];
  const pairs = [...english].flatMap(([row, en]): (readonly [Count, Count])[] => {
    const zh = chinese.get(row);
    return zh === undefined ? [] : [[en, zh]];
  });
  if (pairs.length === 0) return undefined;
  const better = (a: Count, b: Count) => a.correct / a.n > b.correct / b.n;
  return {
    suite: suite.suite,
    pairs: pairs.length,
    english: clusteredWilson(pairs.map(([en]) => en)),
    chinese: clusteredWilson(pairs.map(([, zh]) => zh)),
    only_english: pairs.filter(([en, zh]) => better(en, zh)).length,
    only_chinese: pairs.filter(([en, zh]) => better(zh, en)).length,
    ...pairedDifference(pairs),
    interval: pairedInterval,
  };
}

/** By the row that a problem has in its language's file, which is the same in both. */
function countsOf(group: string, { suite, generation }: SuiteRecord, lines: readonly ScoredLine[]): Map<string, Count> {
  const prefix = `${suite}/${group}/`;
  const counts = new Map<string, Count>();
  for (const { id, status } of lines) {
    if (!id.startsWith(prefix)) continue;
    const row = id.slice(prefix.length);
    const correct = (counts.get(row)?.correct ?? 0) + (status === 'correct' ? 1 : 0);
    counts.set(row, { correct, n: generation?.samples ?? 1 });
  }
  return counts;
}
