/** The list of runs as the page shows it. */
import type { ListRow, RunsState } from '../reports/view/live-data.js';
import { visibleData } from '../reports/visible-text.js';
import { type ListedRun, listRuns, type ReadRuns } from '../runner/run-list.js';

export class RunsWatch {
  /** Runs that did not change are not read again. */
  private readonly read: ReadRuns = new Map();

  constructor(private readonly folder: string) {}

  async state(): Promise<RunsState> {
    const { runs, skipped } = await listRuns(this.folder, this.read);
    return { rows: [...runs].reverse().map(rowOf), skipped: visibleData(skipped) };
  }
}

function rowOf({ name, status, record, metrics }: ListedRun): ListRow {
  const { created, model, engine, suites } = record;
  return {
    name,
    ...visibleData({ label: name, created, model: model.name, dtype: engine.dtype, device: engine.device }),
    status,
    suites: suites.map(({ suite }) => visibleData({ suite, accuracy: metrics?.suites[suite]?.accuracy ?? null })),
    planned: suites.reduce((sum, { groups }) => sum + Object.values(groups).reduce((all, n) => all + n, 0), 0),
  };
}
