/** Which runs were compared, what differs between them, and what a repeat of the baseline shows. */
import type { Arm, Comparison } from '../../runner/compare/comparison.js';
import { renderCount } from '../quantity.js';
import { raw, text } from '../text.js';
import type { CompareSection } from './section.js';

export function differs({ baseline, candidate, differs: list }: Comparison): CompareSection {
  const arm = (key: string, value: (arm: Arm) => string) => ({
    name: text(key),
    baseline: value(baseline),
    candidate: value(candidate),
  });
  return {
    id: 'differs',
    title: text('differs.title'),
    view: {
      arms: [
        arm('differs.folder', ({ folder }) => folder),
        arm('differs.run', ({ run }) => run),
        arm('differs.model', ({ model, dtype, device }) => `${model}, ${dtype}, ${device}`),
        arm('differs.date', ({ created }) => created),
      ],
      rows: list.map(({ field, baseline: before, candidate: after, allowed }) => ({
        name: raw(field),
        baseline: before,
        candidate: after,
        allowed,
      })),
    },
  };
}

/** Null without a repeat. */
export function control({ aa }: Comparison): CompareSection | null {
  if (aa === null) return null;
  const { folder, samples, flips, different_lines: lines, finding } = aa;
  return {
    id: 'control',
    title: text('control.title'),
    view: {
      sums: text('control.sums', {
        folder,
        samples: renderCount(samples),
        flips: renderCount(flips),
        lines: renderCount(lines),
      }),
      finding: text(`control.${finding}`),
      isDefect: finding === 'defect',
    },
  };
}
