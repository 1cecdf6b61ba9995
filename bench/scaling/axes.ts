/** The axes of scaling.json in words; what they say of the figures is computed from them. */
import { renderBytes, renderCount, renderLarge, renderRate } from '../../reports/quantity.js';
import type { AxisId, ScalingPoint, ScalingResult } from './result.js';

export interface Axis {
  readonly id: AxisId;
  readonly title: string;
  /** What `size` counts. */
  readonly column: string;
  /** Of the rates. */
  readonly unit: string;
  /** Name of a rate -> its words without the unit, in the order of columns. */
  readonly lines: Readonly<Record<string, string>>;
  readonly isLogarithmic?: boolean;
  readonly showsMemory?: boolean;
  /** `points` are not empty. */
  readonly say: (points: readonly ScalingPoint[], result: ScalingResult) => string;
}

const PROMPTS = { prompts: 'prompts', decoding: 'decoding one by one' };

export const AXES: readonly Axis[] = [
  {
    id: 'model-size',
    title: 'Model size',
    column: 'parameters',
    unit: 'tokens/s',
    lines: PROMPTS,
    isLogarithmic: true,
    say: (points) => {
      const [first, last] = ends(points);
      const [times, slower] = [last.size / first.size, rate(first, 'prompts') / rate(last, 'prompts')];
      return (
        `Prompts are bound by arithmetic and decoding by reading the weights, so both slow down as the model grows: with ` +
        `${times.toFixed(0)} times the parameters, prompts of 256 tokens take ${slower.toFixed(0)} times as long. Small models lose a part of ` +
        'that to everything that is not a product.'
      );
    },
  },
  {
    id: 'prompt-length',
    title: 'Prompt length',
    column: 'tokens of the prompt',
    unit: 'tokens/s',
    lines: { prompts: 'prompts' },
    say: (points, { parameters }) => {
      const [first, last] = ends(points);
      return (
        `One prompt, ${renderLarge(parameters)} parameters. Attention grows with the square of the length, products do not: ` +
        `${renderCount(last.size)} tokens run at ${percent(rate(last, 'prompts') / rate(first, 'prompts'))} of the rate of ${renderCount(first.size)}.`
      );
    },
  },
  {
    id: 'shared-prefix',
    title: 'Shared prefix',
    column: 'tokens in common',
    unit: 'tokens/s',
    lines: { shared: 'prefix computed once', alone: 'every prompt alone' },
    say: (points) => {
      const [, last] = ends(points);
      return (
        '16 prompts with a prefix in common and 64 tokens of their own, as few-shot questions have; the rate counts all tokens of all prompts, ' +
        `computed or not. With ${renderCount(last.size)} tokens in common, computing them once is ` +
        `${(rate(last, 'shared') / rate(last, 'alone')).toFixed(1)} times as fast as asking each prompt alone. Scores have the same bits.`
      );
    },
  },
  {
    id: 'questions',
    title: 'Number of questions',
    column: 'questions',
    unit: 'questions/s',
    lines: { questions: 'whole runs' },
    showsMemory: true,
    say: (points, { smallParameters }) => {
      const [first, last] = ends(points);
      const growth = last.peakResidentBytes - first.peakResidentBytes;
      return (
        `Whole runs of MMLU with 5 examples on ${renderLarge(smallParameters)} parameters, from the start of the process to its end. From ` +
        `${renderCount(first.size)} to ${renderCount(last.size)} questions the rate goes from ${renderRate(rate(first, 'questions'))} to ` +
        `${renderRate(rate(last, 'questions'))} a second, because starting counts less and more questions share each prefix. ` +
        `${times(last.size / first.size)} the questions need ${growth < 0 ? 'no more memory' : `${renderBytes(growth)} more memory`}.`
      );
    },
  },
  {
    id: 'threads',
    title: 'Threads',
    column: 'threads',
    unit: 'tokens/s',
    lines: PROMPTS,
    say: (points, { parameters }) => {
      const [first, last] = ends(points);
      return (
        `Prompts of 512 tokens, ${renderLarge(parameters)} parameters. ${renderCount(last.size)} threads compute prompts ` +
        `${(rate(last, 'prompts') / rate(first, 'prompts')).toFixed(2)} times as fast as ${renderCount(first.size)}, and decode ` +
        `${(rate(last, 'decoding') / rate(first, 'decoding')).toFixed(2)} times as fast. Scores do not depend on threads.`
      );
    },
  },
];

function ends(points: readonly ScalingPoint[]): [ScalingPoint, ScalingPoint] {
  return [points[0] as ScalingPoint, points.at(-1) as ScalingPoint];
}

function rate({ rates }: ScalingPoint, line: string): number {
  return rates[line]?.median ?? Number.NaN;
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(0)} %`;
}

function times(ratio: number): string {
  return `${ratio.toFixed(0)} times`;
}
