/** Differences subject by subject, with how far their letters moved. */
import type { Comparison, SuiteComparison } from '../../runner/compare/comparison.js';
import { renderCount } from '../quantity.js';
import { groupName, suiteName } from '../run/suite-name.js';
import { text } from '../text.js';
import { points } from './points.js';
import type { CompareSection } from './section.js';

/** Null where no suite has subjects. */
export function subjects({ suites }: Comparison): CompareSection | null {
  const list = Object.entries(suites).filter(([, { groups }]) => Object.keys(groups).length > 1);
  if (list.length === 0) return null;
  return {
    id: 'subjects',
    title: text('by-subject.title'),
    view: { suites: list.map(([name, suite]) => ({ name: suiteName(name), ...viewOf(suite) })) },
  };
}

function viewOf({ groups, shift }: SuiteComparison) {
  const rows = Object.entries(groups).map(([group, { n, difference, worse, better }]) => {
    const divergence = shift !== null && Object.hasOwn(shift.groups, group) ? (shift.groups[group]?.kl ?? null) : null;
    return {
      name: groupName(group),
      n: renderCount(n),
      nValue: n,
      difference: points(difference),
      value: difference,
      // With several samples of a question these are sums of shares.
      worse: Number(worse.toFixed(2)),
      better: Number(better.toFixed(2)),
      kl: divergence === null ? '' : divergence.toPrecision(3),
      klValue: divergence ?? 0,
    };
  });
  return { hasShift: shift !== null, rows: rows.sort((a, b) => a.value - b.value) };
}
