/** Right answers to each planned question: samples of one question are a cluster, not independent evidence. */
import type { SuiteRecord } from './run-record.js';
import type { ScoredLine } from './scored-line.js';
import type { Count } from './statistics.js';

/** By subject in plan order, then by the last part of the id, which names the same task in every subject; only what has a line. */
export function countTasks(suite: SuiteRecord, lines: readonly ScoredLine[]): Map<string, Count>[] {
  const found = new Map<string, Map<string, Count>>(Object.keys(suite.groups).map((group) => [group, new Map()]));
  for (const { id, group, status } of lines) {
    const task = id.slice(id.lastIndexOf('/') + 1);
    const tasks = found.get(group);
    const { correct, n } = tasks?.get(task) ?? { correct: 0, n: 0 };
    tasks?.set(task, { correct: correct + (status === 'correct' ? 1 : 0), n: n + 1 });
  }
  return [...found.values()];
}

/** By subject in plan order; questions without any line yet are there with no right answer. */
export function countQuestions(suite: SuiteRecord, lines: readonly ScoredLine[]): Map<string, Count[]> {
  const n = suite.generation?.samples ?? 1;
  const seen = new Map<string, Map<string, number>>(Object.keys(suite.groups).map((group) => [group, new Map()]));
  for (const { id, group, status } of lines) {
    const questions = seen.get(group);
    questions?.set(id, (questions.get(id) ?? 0) + (status === 'correct' ? 1 : 0));
  }
  return new Map(
    Object.entries(suite.groups).map(([group, samples]) => {
      const questions = [...(seen.get(group)?.values() ?? [])].map((correct) => ({ correct, n }));
      while (questions.length * n < samples) questions.push({ correct: 0, n });
      return [group, questions];
    }),
  );
}
