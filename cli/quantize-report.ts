/** The error of a conversion per tensor, summed up per part of the model. */
import type { TensorReport } from '../engine/quantize/convert-shard.js';
import type { Conversion } from '../engine/quantize/quantize-checkpoint.js';
import { addErrors, type ErrorSums, NO_ERROR, type WeightError, weightError } from '../engine/quantize/weight-error.js';
import { newTable, PART_NAMES } from './inspect-report.js';
import { renderCount, renderDuration } from './quantity.js';

export interface PartReport extends WeightError {
  readonly part: TensorReport['part'];
  readonly tensors: number;
}

export interface ConversionReport extends Conversion {
  readonly seconds: number;
  readonly parts: readonly PartReport[];
  /** Over all converted tensors. */
  readonly total: WeightError;
}

const WORST = 10;

export function conversionReport(conversion: Conversion, seconds: number): ConversionReport {
  const names = [...(Object.keys(PART_NAMES) as (keyof typeof PART_NAMES)[]), 'unknown'] as const;
  const parts = names.flatMap((part) => {
    const tensors = conversion.tensors.filter((tensor) => tensor.part === part);
    return tensors.length === 0 ? [] : [{ part, tensors: tensors.length, ...together(tensors) }];
  });
  return { ...conversion, seconds, parts, total: together(conversion.tensors) };
}

function together(tensors: readonly WeightError[]): WeightError {
  return weightError(tensors.reduce<ErrorSums>(addErrors, NO_ERROR));
}

export function renderConversion(report: ConversionReport): string {
  const { to, output, inputBytes, outputBytes, seconds, tensors, total, kept } = report;
  const rate = seconds > 0 ? `, ${(inputBytes / 1e6 / seconds).toFixed(0)} MB/s` : '';
  const stored = to === 'fp8' ? 'FP8 e4m3 with one scale per 128x128 block' : 'BF16';
  const parts = newTable(['Part', 'tensors', ...ERROR_COLUMNS]);
  for (const part of report.parts) {
    const name = part.part === 'unknown' ? 'not used by the engine' : PART_NAMES[part.part];
    parts.push([name, renderCount(part.tensors), ...errorCells(part)]);
  }
  parts.push(['all', renderCount(tensors.length), ...errorCells(total)]);
  const worst = [...tensors].sort((a, b) => b.relativeError - a.relativeError).slice(0, WORST);
  const list = newTable([
    worst.length < tensors.length ? `Worst ${worst.length}` : 'Tensor',
    'shape',
    ...ERROR_COLUMNS,
  ]);
  for (const tensor of worst) list.push([tensor.name, `[${tensor.shape.join(', ')}]`, ...errorCells(tensor)]);
  return [
    `${output}: ${renderCount(tensors.length)} weights as ${stored}, ${size(outputBytes)} from ${size(inputBytes)} in ${renderDuration(seconds)}${rate}`,
    ...(kept.length > 0 ? [`${renderCount(kept.length)} weights kept as they were, as asked.`] : []),
    '',
    parts.toString(),
    '',
    list.toString(),
    '',
    `"error" is the Frobenius norm of the difference over that of the ${to === 'fp8' ? 'weights' : 'FP8 weights'}; "at 448" counts e4m3 codes at the ends of their range: each block has one or more.`,
  ]
    .join('\n')
    .replaceAll(/ +$/gm, '');
}

const ERROR_COLUMNS = ['error', 'largest', 'at 448'];

function errorCells({ relativeError, maxError, saturated }: WeightError): string[] {
  return [`${(100 * relativeError).toPrecision(3)} %`, maxError.toExponential(2), renderCount(saturated)];
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
