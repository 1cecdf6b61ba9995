/** Runs sorted into series: the same model in the same precision, asked the same questions in the same way. */
import type { ListedRun } from '../run-list.js';
import type { SuiteRecord } from '../run-record.js';
import type { OtherChange } from './history-data.js';

/** A suite of a run. */
export interface Entry {
  readonly run: ListedRun;
  readonly suite: SuiteRecord;
}

export interface SeriesEntries {
  readonly entries: readonly Entry[];
  /** Against the first series of the same suite, model and dtype. */
  readonly differs: readonly OtherChange[];
}

export interface SeriesFilter {
  readonly suite?: string;
  /** Part of the model's name. */
  readonly model?: string;
}

/** Series by suite, model and dtype, then by their first run. */
export function groupSeries(runs: readonly ListedRun[], filter: SeriesFilter = {}): SeriesEntries[] {
  const families = new Map<string, Map<string, Entry[]>>();
  for (const run of runs) {
    for (const suite of run.record.suites) {
      const { name } = run.record.model;
      if (filter.suite !== undefined && filter.suite !== suite.suite) continue;
      if (filter.model !== undefined && !name.includes(filter.model)) continue;
      const family = JSON.stringify([suite.suite, name, run.record.engine.dtype]);
      const series = families.get(family) ?? new Map<string, Entry[]>();
      families.set(family, series);
      const key = JSON.stringify(questionsOf({ run, suite }));
      series.set(key, [...(series.get(key) ?? []), { run, suite }]);
    }
  }
  return [...families.entries()].sort(byKey).flatMap(([, series]) => {
    const [first, ...others] = [...series.values()];
    if (first === undefined) return [];
    return [
      { entries: first, differs: [] },
      ...others.map((entries) => ({ entries, differs: difference(first, entries) })),
    ];
  });
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Everything that makes scores comparable, by name: causes first, their consequence, the prompts, last. */
function questionsOf({ run, suite }: Entry): Record<string, string> {
  const { settings } = run.record;
  const { chat_template_sha256: _, ...generation } = suite.generation ?? {};
  return {
    protocol: suite.protocol,
    'suite version': String(suite.version),
    shots: String(suite.shots),
    limit: settings.limit === null ? 'none' : `${settings.limit}, seed ${settings.seed}`,
    subjects: Object.keys(suite.groups).join(', '),
    average: suite.average,
    ...Object.fromEntries(Object.entries(generation).map(([name, value]) => [name, JSON.stringify(value)])),
    dataset: suite.datasets
      .flatMap(({ files }) => files.map(({ path, sha256 }) => `${path} ${sha256}`))
      .sort()
      .join(', '),
    samples: JSON.stringify(suite.groups),
    prompts: suite.prompts_sha256,
  };
}

function difference(first: readonly Entry[], other: readonly Entry[]): OtherChange[] {
  const [a, b] = [first[0], other[0]];
  if (a === undefined || b === undefined) return [];
  const [before, after] = [questionsOf(a), questionsOf(b)];
  const all = [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name): OtherChange[] => {
    const [old, now] = [before[name] ?? 'none', after[name] ?? 'none'];
    return old === now ? [] : [{ name, before: old, after: now }];
  });
  const causes = all.filter(({ name }) => name !== 'prompts' && name !== 'samples');
  return (causes.length > 0 ? causes : all).map(readable);
}

/** Hashes and long lists are of no use to a reader; that they differ is. */
function readable({ name, before, after }: OtherChange): OtherChange {
  if (name === 'prompts') return { name, before: before.slice(0, 12), after: after.slice(0, 12) };
  if (name === 'dataset') {
    const [old, now] = [before.split(', '), after.split(', ')];
    const changed = now.filter((file) => !old.includes(file)).length;
    return { name, before: `${old.length} files`, after: `${now.length} files, ${changed} of them other` };
  }
  const short = (text: string) => (text.length > 60 ? `${text.slice(0, 57)}...` : text);
  return { name, before: short(before), after: short(after) };
}
