/** Whether both runs sent their tokens to the same experts, and how evenly. */
import type { Comparison, ExpertLoad } from '../../runner/compare/comparison.js';
import type { ChartSpec } from '../chart-spec.js';
import { renderCount } from '../quantity.js';
import { raw, text } from '../text.js';
import type { CompareSection } from './section.js';

/** Null where neither run recorded its routing. */
export function experts({ experts: found }: Comparison): CompareSection | null {
  if (found === null) return null;
  const { agreement, load } = found;
  const charts: ChartSpec[] = [];
  if (agreement !== null) {
    charts.push({
      id: 'expert-agreement',
      kind: 'columns',
      title: text('routing.agreement', { samples: renderCount(agreement.samples) }),
      x: {
        label: text('routing.layer'),
        unit: 'number',
        categories: agreement.layers.map(({ layer }) => raw(String(layer))),
      },
      y: { unit: 'ratio', min: 0, max: 1 },
      series: [{ label: text('routing.title'), points: agreement.layers.map(({ share }, x) => ({ x, y: share })) }],
    });
  }
  if (load.baseline.length + load.candidate.length > 0) charts.push(loadChart(load.baseline, load.candidate));
  return {
    id: 'experts',
    title: text('routing.title'),
    view: { charts: charts.map(({ id, title }) => ({ id, title })) },
    charts,
  };
}

function loadChart(baseline: readonly ExpertLoad[], candidate: readonly ExpertLoad[]): ChartSpec {
  const layers = [...new Set([...baseline, ...candidate].map(({ layer }) => layer))].sort((a, b) => a - b);
  const series = (key: string, loads: readonly ExpertLoad[]) => ({
    label: text(key),
    points: layers.map((layer, x) => ({ x, y: loads.find((load) => load.layer === layer)?.max_over_mean ?? null })),
  });
  return {
    id: 'expert-load',
    kind: 'columns',
    title: text('routing.load'),
    x: { label: text('routing.layer'), unit: 'number', categories: layers.map((layer) => raw(String(layer))) },
    y: { unit: 'number', min: 0 },
    series: [series('arms.baseline', baseline), series('arms.candidate', candidate)],
  };
}
