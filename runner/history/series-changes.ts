/** The change points of one series, with their size, their interval and what else changed. */
import { differencesOf } from '../fingerprint.js';
import { differenceOf } from '../statistics.js';
import { findSplits, type Split } from './change-points.js';
import type { Entry } from './group-series.js';
import type { ChangePoint, OtherChange } from './history-data.js';
import type { PairedQuestions } from './pair-questions.js';
import { pairedChance, pairedDifference } from './paired-chance.js';
import { unpairedChance } from './unpaired-chance.js';

/** Draws of each test: p is known to 1 in 2,000. */
const draws = 1999;

/** `paired` is a clause instead where the runs' questions could not be paired: then only their scores are compared. */
export function changesOf(
  entries: readonly Entry[],
  paired: PairedQuestions | string,
  alarmRate: number,
): ChangePoint[] {
  if (typeof paired === 'string') return unpairedChanges(entries, alarmRate);
  const chanceOf = (start: number, end: number) => pairedChance(paired, start, end);
  const splits = findSplits(paired.levels, { alarmRate, draws, chanceOf });
  return splits.map((split) => pairedChange(entries, paired, split));
}

function unpairedChanges(entries: readonly Entry[], alarmRate: number): ChangePoint[] {
  const scores = entries.map(({ run, suite }) => ({
    accuracy: 0,
    low: 0,
    high: 1,
    n: 1,
    ...run.metrics?.suites[suite.suite],
  }));
  const counts = scores.map(({ accuracy, n }) => ({ correct: accuracy * n, n }));
  const chanceOf = (start: number, end: number) => unpairedChance(counts, start, end);
  const levels = scores.map(({ accuracy }) => accuracy);
  return findSplits(levels, { alarmRate, draws, chanceOf }).map(({ at, p }) => {
    // Neighbours only: many runs of the same questions know no more about the model than one.
    const [before, after] = [scores[at - 1], scores[at]];
    const bounds = before && after ? differenceOf(after, before) : { difference: 0, low: -1, high: 1 };
    return { ...namesOf(entries, at), ...bounds, p, gained: null, lost: null, also_changed: alsoChanged(entries, at) };
  });
}

function pairedChange(entries: readonly Entry[], paired: PairedQuestions, split: Split): ChangePoint {
  const { at, start, end, p } = split;
  const { questions, contributions } = paired;
  const differences = contributions.map((values) => questions * (mean(values, at, end) - mean(values, start, at)));
  let [gained, lost] = [0, 0];
  for (const values of contributions) {
    const step = (values[at] ?? 0) - (values[at - 1] ?? 0);
    if (step > 0) gained += 1;
    if (step < 0) lost += 1;
  }
  const bounds = pairedDifference(differences, questions);
  return { ...namesOf(entries, at), ...bounds, p, gained, lost, also_changed: alsoChanged(entries, at) };
}

function mean(values: Float64Array, start: number, end: number): number {
  let sum = 0;
  for (let t = start; t < end; t++) sum += values[t] ?? 0;
  return sum / (end - start);
}

function namesOf(entries: readonly Entry[], at: number): { run: string; previous: string } {
  return { run: entries[at]?.run.name ?? '', previous: entries[at - 1]?.run.name ?? '' };
}

/** By run.json, without what concerns other suites of the two runs. */
function alsoChanged(entries: readonly Entry[], at: number): OtherChange[] {
  const [before, after] = [entries[at - 1], entries[at]];
  if (before === undefined || after === undefined) return [];
  const only = ({ run, suite }: Entry) => ({ ...run.record, suites: [suite] });
  return differencesOf(only(before), only(after));
}
