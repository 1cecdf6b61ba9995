/** The forest plot: every category and every subject with its interval. */
import type { RunReportData } from '../../runner/report-data.js';
import { raw, text } from '../text.js';
import { forestRow } from './forest-row.js';
import type { RunSection } from './section.js';
import { chanceOf, groupName, suiteName } from './suite-name.js';

export function subjects({ metrics }: RunReportData): RunSection | null {
  const suites = Object.entries(metrics.suites).flatMap(([name, suite]) => {
    const groups = Object.entries(suite.groups);
    if (groups.length < 2) return [];
    const chance = chanceOf(suite);
    const rows = (entries: typeof groups) =>
      entries.map(([group, estimate]) => forestRow(raw(groupName(group)), estimate, { chance }));
    return [
      {
        name: suiteName(name),
        categories: rows(Object.entries(suite.categories)),
        groups: rows(groups),
        hasChance: chance !== null,
      },
    ];
  });
  return suites.length === 0 ? null : { id: 'subjects', title: text('subjects.title'), view: { suites } };
}
