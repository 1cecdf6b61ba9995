/** What both runs cost, side by side. */
import type { ArmCost, Comparison } from '../../runner/compare/comparison.js';
import { renderBytes, renderCount, renderDuration, renderRate } from '../quantity.js';
import { raw, text } from '../text.js';
import type { CompareSection } from './section.js';

const seconds = (value: number) => (value < 60 ? `${value.toFixed(1)} s` : renderDuration(value));

export const costRows: readonly (readonly [
  key: 'prefill' | 'decode' | 'wall' | 'weights' | 'kv' | 'workspace' | 'resident' | 'energy',
  value: (cost: ArmCost) => number | null,
  render: (value: number) => string,
])[] = [
  ['prefill', (cost) => cost.prefill_tokens_per_second, renderRate],
  ['decode', (cost) => cost.decode_tokens_per_second, renderRate],
  ['wall', (cost) => cost.wall_seconds, seconds],
  ['weights', (cost) => cost.weight_bytes, renderBytes],
  ['kv', (cost) => cost.kv_bytes, renderBytes],
  ['workspace', (cost) => cost.workspace_bytes, renderBytes],
  ['resident', (cost) => cost.peak_resident_bytes, renderBytes],
  ['energy', (cost) => cost.energy_joules, (joules) => `${renderCount(joules)} J`],
];

export function cost({ cost: { baseline, candidate } }: Comparison): CompareSection {
  const rows = costRows.map(([key, value, render]) => {
    const [before, after] = [value(baseline), value(candidate)];
    const cell = (amount: number | null) => (amount === null ? text('arms.not-recorded') : raw(render(amount)));
    return {
      name: text(`costs.${key}`),
      baseline: cell(before),
      candidate: cell(after),
      ratio: ratioText(before, after),
    };
  });
  return { id: 'cost', title: text('costs.title'), view: { rows } };
}

/** `candidate / baseline`, or nothing where one is not recorded. */
export function ratioText(before: number | null, after: number | null): string {
  return before === null || after === null || before === 0 ? '' : `${(after / before).toFixed(2)}×`;
}
