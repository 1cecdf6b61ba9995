/** Shows the list of runs and keeps it up to date. */
/// <reference lib="dom" />
import type { ListRow, RunsState } from '../view/live-data.js';
import { element, isolated } from './elements.js';
import { followEvents } from './live-events.js';
import { readData, say } from './page-state.js';
import { percentText } from './units.js';

function rowOf({ name, label, status, model, dtype, device, suites, created }: ListRow): HTMLElement {
  const path = encodeURIComponent(name);
  const link = element('a', 'mono', isolated(label));
  link.href = status === 'running' ? `/live/${path}` : `/run/${path}`;
  const head = element('th', '', link);
  head.scope = 'row';
  const scores = suites.map(({ suite, accuracy }) =>
    element('div', '', isolated(suite), accuracy === null ? '' : ` ${percentText(accuracy)}`),
  );
  return element(
    'tr',
    '',
    head,
    element('td', `status status-${status}`, say({ key: `view.status.${status}` })),
    element('td', '', isolated(model), ` ${dtype}, ${device}`),
    element('td', '', ...scores),
    element('td', 'number', created.slice(0, 16).replace('T', ' ')),
  );
}

function showRuns({ rows, skipped }: RunsState): void {
  document.getElementById('rows')?.replaceChildren(...rows.map(rowOf));
  const [none, box, list] = ['none', 'skipped', 'skipped-list'].map((id) => document.getElementById(id));
  none?.toggleAttribute('hidden', rows.length > 0);
  box?.toggleAttribute('hidden', skipped.length === 0);
  list?.replaceChildren(
    ...skipped.map(({ name, reason }) => element('li', '', isolated(name), ': ', isolated(reason))),
  );
}

followEvents<RunsState>('/events', showRuns, readData<RunsState>('runs-data'));
