/** Shows how a run goes on. */
/// <reference lib="dom" />
import type { RecentSample, RunState, SpeedPoint, SuiteState } from '../view/live-data.js';
import { element, isolated } from './elements.js';
import { followEvents } from './live-events.js';
import { readData, say } from './page-state.js';
import { bytesText, numberText, percentText } from './units.js';

const none = '–';

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new RangeError(`The page has no element "${id}"`);
  return found;
}

function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (whole < 60) return say({ key: 'view.seconds', args: { n: s } });
  return h === 0 ? say({ key: 'view.minutes', args: { m, s } }) : say({ key: 'view.hours', args: { h, m } });
}

function suiteRow({ suite, planned, done, statuses }: SuiteState): HTMLElement {
  const correct = done === 0 ? none : percentText((statuses.correct ?? 0) / done);
  const counts = Object.entries(statuses).map(([status, count]) => `${status} ${numberText(count)}`);
  const head = element('th', '', isolated(suite));
  head.scope = 'row';
  return element(
    'tr',
    '',
    head,
    element('td', 'number', `${numberText(done)} / ${numberText(planned)}`),
    element('td', 'number', correct),
    element('td', 'small', counts.join(', ')),
  );
}

function sampleRow({ id, status, target, answer }: RecentSample): HTMLElement {
  return element(
    'tr',
    '',
    element('td', 'mono small', isolated(id)),
    element('td', `status status-${status === 'correct' ? 'correct' : 'other'}`, status),
    element('td', 'answer', isolated(target)),
    element('td', 'answer', answer === null ? none : isolated(answer)),
  );
}

function line(points: readonly SpeedPoint[], rateOf: (point: SpeedPoint) => number, className: string): SVGElement {
  const most = Math.max(1, ...points.flatMap((point) => [point.prefillPerSecond, point.decodePerSecond]));
  const made = document.createElementNS('http://www.w3.org/2000/svg', 'polyline');
  const place = (point: SpeedPoint, at: number) =>
    `${((600 * at) / Math.max(1, points.length - 1)).toFixed(1)},${(115 - (110 * rateOf(point)) / most).toFixed(1)}`;
  made.setAttribute('points', points.map(place).join(' '));
  made.setAttribute('class', className);
  return made;
}

function showSpeed(points: readonly SpeedPoint[]): void {
  const last = points[points.length - 1];
  const chart = byId('speed-chart');
  chart.toggleAttribute('hidden', points.length < 2);
  if (last === undefined) return;
  const now = (key: string, value: number) => {
    const args = { what: say({ key: `view.${key}` }), n: numberText(Math.round(value)) };
    return element('b', key, say({ key: 'view.speed.now', args }));
  };
  byId('speed-now').replaceChildren(now('prefill', last.prefillPerSecond), ' · ', now('decode', last.decodePerSecond));
  chart.replaceChildren(
    line(points, (point) => point.prefillPerSecond, 'prefill'),
    line(points, (point) => point.decodePerSecond, 'decode'),
  );
}

function showRun(state: RunState): void {
  const { status, suites, samplesPerSecond, secondsLeft, residentBytes, recent, damagedLines } = state;
  const done = suites.reduce((sum, suite) => sum + suite.done, 0);
  const planned = suites.reduce((sum, suite) => sum + suite.planned, 0);
  byId('status').textContent = say({ key: `view.status.${status}` });
  byId('status').className = `status status-${status}`;
  const isOver = status === 'complete' || status === 'invalid';
  byId('report').textContent = say({ key: isOver ? 'view.report' : 'view.report.partial' });
  (byId('bar') as HTMLProgressElement).value = planned === 0 ? 0 : done / planned;
  byId('done').textContent = `${numberText(done)} / ${numberText(planned)}`;
  byId('rate').textContent = samplesPerSecond === null ? none : numberText(samplesPerSecond);
  byId('left').textContent = secondsLeft === null ? none : durationText(secondsLeft);
  byId('memory').textContent = residentBytes === null ? none : bytesText(residentBytes);
  byId('suites').replaceChildren(...suites.map(suiteRow));
  byId('damaged').toggleAttribute('hidden', damagedLines === 0);
  byId('damaged').textContent = say({ key: 'view.damaged', args: { n: damagedLines } });
  showSpeed(state.speed);
  byId('no-samples').toggleAttribute('hidden', recent.length > 0);
  byId('recent-table').toggleAttribute('hidden', recent.length === 0);
  byId('recent-rows').replaceChildren(...recent.map(sampleRow));
}

followEvents<RunState>(`/events/${encodeURIComponent(readData<string>('run-name'))}`, showRun);
