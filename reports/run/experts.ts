/** How evenly the experts of each layer were used, over all subjects and for each. */
import type { ExpertLoad, RunReportData } from '../../runner/report-data.js';
import { loadBalance } from '../browser/load-balance.js';
import type { ExpertData } from '../page-data.js';
import { text } from '../text.js';
import type { RunSection } from './section.js';
import { groupName, suiteName } from './suite-name.js';

export function experts({ telemetry }: RunReportData): RunSection {
  const loads = telemetry?.experts ?? [];
  const data = expertData(loads);
  const total = data?.loads[0];
  const rows =
    data === null || total === undefined
      ? []
      : total.counts.map((counts, at) => {
          const { maxOverMean, entropy, unused } = loadBalance(counts);
          return {
            layer: data.layers[at],
            maxOverMean: maxOverMean.toFixed(2),
            entropy: entropy.toFixed(3),
            unused: String(unused),
          };
        });
  const others = loads.length === 0 ? 0 : loads.length - (data === null ? 0 : data.loads.length - 1);
  return {
    id: 'experts',
    title: text('experts.title'),
    view: {
      isRecorded: data !== null,
      rows,
      isMixed: others > 0,
      choices: data?.loads.slice(1).map(({ name }, at) => ({ at: at + 1, name })) ?? [],
    },
  };
}

/** The sum first, then each subject; loads of other layers than the first one's are left out. */
export function expertData(loads: readonly ExpertLoad[]): ExpertData | null {
  const [first] = loads;
  if (first === undefined) return null;
  const shapeOf = ({ layers, counts }: ExpertLoad) => JSON.stringify([layers, counts.map((row) => row.length)]);
  const alike = loads.filter((load) => shapeOf(load) === shapeOf(first));
  const sum = first.counts.map((row, layer) =>
    row.map((_, expert) => alike.reduce((total, { counts }) => total + (counts[layer]?.[expert] ?? 0), 0)),
  );
  return {
    layers: first.layers,
    loads: [
      { name: '', counts: sum },
      ...alike.map(({ suite, group, counts }) => ({ name: `${suiteName(suite)} · ${groupName(group)}`, counts })),
    ],
  };
}
