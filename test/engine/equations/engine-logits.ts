/** Logits of one sequence from the engine, gathered from its chunks into rows. */
import type { LocalEngine } from '../../../engine/local-engine.js';
import type { LogitsOptions } from '../../../engine/sequence-logits.js';
import { at, item, type Row } from './vectors.js';

export interface EngineLogits {
  /** [T][V]. */
  readonly logits: readonly Float32Array[];
  /** [T - 1][V]; empty without an MTP module. */
  readonly drafts: readonly Float32Array[];
}

export async function engineLogits(
  engine: LocalEngine,
  ids: readonly number[],
  options: LogitsOptions = {},
): Promise<EngineLogits> {
  const logits: Float32Array[] = [];
  const drafts: Float32Array[] = [];
  for await (const chunk of engine.logits(ids, options)) {
    logits.push(...split(chunk.logits, engine.arch.vocabSize));
    drafts.push(...split(chunk.mtpLogits, engine.arch.vocabSize));
  }
  return { logits, drafts };
}

function split(values: Float32Array, width: number): Float32Array[] {
  return Array.from({ length: values.length / width }, (_, row) => values.slice(row * width, (row + 1) * width));
}

/** Largest |difference|; NaN where either side has one, Infinity where the numbers of rows differ. */
export function maxDifference(ours: readonly Float32Array[], theirs: readonly Row[]): number {
  if (ours.length !== theirs.length) return Infinity;
  return ours.reduce((worst, row, t) => {
    const other = item(theirs, t);
    return row.reduce((most, value, i) => Math.max(most, Math.abs(value - at(other, i))), worst);
  }, 0);
}

/** Root mean square difference of each row. */
export function rowRms(ours: readonly ArrayLike<number>[], theirs: readonly ArrayLike<number>[]): number[] {
  return ours.map((row, t) => {
    const other = item(theirs, t);
    const sum = Array.from(row).reduce((total, value, i) => total + (value - at(other, i)) ** 2, 0);
    return Math.sqrt(sum / row.length);
  });
}

export function median(values: readonly number[]): number {
  return item(
    [...values].sort((a, b) => a - b),
    Math.floor(values.length / 2),
  );
}

/** Place of the largest, and by how much it leads. */
export function top(row: ArrayLike<number>): { readonly place: number; readonly lead: number } {
  let place = 0;
  let second = -Infinity;
  for (let i = 1; i < row.length; ++i) {
    if (at(row, i) > at(row, place)) {
      second = at(row, place);
      place = i;
    } else {
      second = Math.max(second, at(row, i));
    }
  }
  return { place, lead: at(row, place) - second };
}
