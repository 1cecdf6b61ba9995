/** A series and its changes in the words of the history page. */
import type {
  ChangePoint,
  History,
  HistoryPoint,
  HistorySeries,
  OtherChange,
} from '../../runner/history/history-data.js';
import { raw, type TextRef, text } from '../text.js';

export function seriesTitle({ suite, model, dtype }: HistorySeries): TextRef {
  return text('history.series', { suite, model, dtype });
}

export function seriesView(series: HistorySeries, history: History, chart: string) {
  const { protocol, shots, n, differs, random, points, changes, unpaired_because: why } = series;
  const counted = points.filter(({ excluded }) => excluded === null).length;
  return {
    chart,
    asked: text('history.asked', { protocol, shots, n: n.toLocaleString('en-US') }),
    differs: differs.length > 0 ? text('history.differs', { what: changesText(differs) }) : null,
    random,
    changes: changes.map(changeView),
    unmarked: changes.length === 0 && counted > 1 ? whyUnmarked(series, history) : null,
    unpaired: why !== null && counted > 1 ? text('history.unpaired', { why }) : null,
    // The latest run is what a reader looks for.
    rows: [...points].reverse().map((point) => pointView(point, changes)),
  };
}

export function changeView({ run, difference, low, high, p, gained, lost, also_changed: also }: ChangePoint) {
  const points = (ratio: number) => `${ratio < 0 ? '−' : '+'}${Math.abs(ratio * 100).toFixed(1)}`;
  const written = p < 0.001 ? '< 0.001' : `= ${p.toFixed(3)}`;
  return {
    run: raw(run),
    isGood: difference > 0,
    size: text('history.change', { points: points(difference), low: points(low), high: points(high), p: written }),
    flips: gained === null ? null : text('history.flips', { gained, lost: lost ?? 0 }),
    also: also.map(({ name, before, after }) => ({
      name: raw(name),
      before: raw(short(before)),
      after: raw(short(after)),
    })),
  };
}

function pointView(
  { run, created, accuracy, low, high, version, commit, excluded }: HistoryPoint,
  changes: readonly ChangePoint[],
) {
  const percent = (ratio: number) => `${(ratio * 100).toFixed(1)} %`;
  return {
    run: raw(run),
    created: raw(created.slice(0, 16).replace('T', ' ')),
    accuracy: raw(accuracy === null ? '–' : percent(accuracy)),
    interval: raw(low === null || high === null ? '–' : `${(low * 100).toFixed(1)} – ${percent(high)}`),
    code: raw(short(commit ?? version)),
    isHollow: excluded !== null,
    isChange: changes.some((change) => change.run === run),
    excluded: raw(excluded ?? ''),
  };
}

function whyUnmarked({ unsteady }: HistorySeries, { least_unsteady: least }: History): TextRef {
  if (unsteady === 0) return text('history.steady');
  return unsteady !== null && unsteady < least ? text('history.few', { n: unsteady, least }) : text('history.unmarked');
}

function changesText(changes: readonly OtherChange[]): string {
  return changes.map(({ name, before, after }) => `${name} ${short(before)} → ${short(after)}`).join('; ');
}

/** Hashes as people write them. */
function short(value: string): string {
  return value.replace(/\b([0-9a-f]{12})[0-9a-f]{28,}/g, '$1');
}
