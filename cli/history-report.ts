/** A history as text for a terminal. */
import stringWidth from 'string-width';
import {
  type ChangePoint,
  type History,
  type HistoryPoint,
  type HistorySeries,
  pairedMethod,
  unpairedMethod,
} from '../runner/history/history-data.js';
import { plainText } from './plain-text.js';
import { renderCount, renderPercent } from './quantity.js';
import { sparkline } from './sparkline.js';
import { wrapText } from './wrap-text.js';

export interface HistoryReportOptions {
  /** Width of the terminal. */
  readonly columns: number;
  /** Rows of runs, latest last; change points are always all there. */
  readonly runs: number;
}

/** Series by series: the trend, the latest runs, what changed. Lines fit the terminal where names allow. */
export function renderHistory(history: History, options: HistoryReportOptions): string {
  const { series, skipped, alarm_rate: alarmRate } = history;
  const { columns } = options;
  const lines = series.flatMap((each) => [...renderSeries(each, history, options), '']);
  if (series.length === 0) lines.push('There is no run with such a suite and model.', '');
  const unpaired = series.filter(({ paired, points }) => !paired && points.length > 1);
  const paired = series.filter((each) => each.paired);
  const say = (text: string) => lines.push(...wrapText(text, columns, 2));
  if (paired.length > 0) say(`Marks: ${pairedMethod}`);
  if (unpaired.length > 0) say(`Marks of unpaired series: ${unpairedMethod}`);
  if (paired.length + unpaired.length > 0) {
    say(`A series in which nothing changes is marked with a chance of ${renderPercent(alarmRate)}.`);
  }
  for (const { name, reason } of skipped) say(`${plainText(name)} is left out: ${plainText(reason)}`);
  return lines.join('\n').trimEnd();
}

function renderSeries(series: HistorySeries, history: History, { columns, runs }: HistoryReportOptions): string[] {
  const { suite, model, dtype, protocol, shots, n, points, changes, differs, random } = series;
  const counted = points.filter(({ excluded }) => excluded === null);
  const head = `${suite}  ${plainText(model)}  ${dtype}  (${protocol}, ${shots} shots, ${renderCount(n)} samples)`;
  const lines = wrapText(head, columns, 2);
  if (differs.length > 0) {
    lines.push(...wrapText(`  Not comparable with the first series: ${renderChanges(differs)}`, columns, 4));
  }
  if (random) lines.push('  These weights are random: the scores mean nothing.');
  lines.push(...renderTrend(counted, columns));
  lines.push(...renderPoints(series, points.slice(-runs)));
  if (points.length > runs)
    lines.push(`  ${renderCount(points.length - runs)} earlier runs: --runs ${points.length}, or --html`);
  for (const change of changes) lines.push(...wrapText(`  ${renderChange(change)}`, columns, 4));
  if (changes.length === 0 && counted.length > 1)
    lines.push(...wrapText(`  ${whyNoMark(series, history)}`, columns, 4));
  if (series.unpaired_because !== null && counted.length > 1) {
    lines.push(...wrapText(`  Not paired: ${plainText(series.unpaired_because)}.`, columns, 4));
  }
  return lines;
}

function renderTrend(counted: readonly HistoryPoint[], columns: number): string[] {
  const values = counted.map(({ accuracy }) => accuracy);
  const [first, last] = [values[0], values[values.length - 1]];
  if (values.length < 2 || first == null || last == null) return [];
  const text = `${renderPercent(first)} -> ${renderPercent(last)}, ${values.length} runs`;
  const room = Math.max(10, columns - text.length - 5);
  return [`  ${sparkline(values.slice(-room))}  ${text}`];
}

/** A filled mark is a run that counts, a hollow one a run that does not. */
function renderPoints({ changes }: HistorySeries, points: readonly HistoryPoint[]): string[] {
  const width = Math.max(...points.map(({ run }) => stringWidth(plainText(run))));
  return points.map((point) => {
    const { run, accuracy, low, high, commit, version, excluded } = point;
    const name = plainText(run) + ' '.repeat(width - stringWidth(plainText(run)));
    const score =
      accuracy === null || low === null || high === null
        ? ''
        : `${renderPercent(accuracy).padStart(7)}  ${(low * 100).toFixed(1)} to ${renderPercent(high)}`;
    const mark = excluded !== null ? '○' : changes.some((change) => change.run === run) ? '◆' : '●';
    const code = commit === null ? version : commit.replace(/^([0-9a-f]{7})[0-9a-f]+/, '$1');
    const said = excluded === null ? plainText(code) : plainText(excluded);
    return `  ${mark} ${name}  ${score.padEnd(25)}  ${said}`.trimEnd();
  });
}

function renderChange({ run, difference, low, high, p, gained, lost, also_changed: also }: ChangePoint): string {
  const points = (ratio: number) => `${ratio < 0 ? '-' : '+'}${Math.abs(ratio * 100).toFixed(1)}`;
  const answers =
    gained === null ? '' : `; ${renderCount(gained)} questions gained and ${renderCount(lost ?? 0)} lost in that run`;
  const other = also.length > 0 ? renderChanges(also) : 'nothing that run.json records';
  return (
    `◆ ${plainText(run)}: ${points(difference)} points, 95 % from ${points(low)} to ${points(high)}, ` +
    `p ${p < 0.001 ? '< 0.001' : p.toFixed(3)}${answers}. Also changed: ${other}.`
  );
}

function renderChanges(changes: readonly { name: string; before: string; after: string }[]): string {
  const short = (text: string) => plainText(text).replace(/\b([0-9a-f]{12})[0-9a-f]{28,}/g, '$1');
  return changes.map(({ name, before, after }) => `${plainText(name)} ${short(before)} -> ${short(after)}`).join('; ');
}

function whyNoMark({ unsteady }: HistorySeries, { least_unsteady: least }: History): string {
  if (unsteady === 0) return 'No change: every question was answered alike in every run.';
  if (unsteady !== null && unsteady < least) {
    return `No change that could be told from chance: ${unsteady} questions changed at all, and it takes ${least}.`;
  }
  return 'No change that could be told from chance.';
}
