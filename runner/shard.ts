/** Which share of a run a machine takes: `--shard 3/8`, or the place in a Slurm array or a Kubernetes Indexed Job. */
import { EvalrunError } from '../errors.js';

/** One of `count` equal shares. */
export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

const forms = '"I/N" with I from 1 to N, "auto" in a Slurm array, or "auto/N" in a Kubernetes Indexed Job';

/**
 * `3/8`; `auto` reads Slurm's SLURM_ARRAY_TASK_ID with _MIN, _STEP and _COUNT; `auto/8` reads Kubernetes' JOB_COMPLETION_INDEX (from 0)
 * or Slurm's number. Throws `usage/shard`.
 */
export function parseShard(text: string, env: NodeJS.ProcessEnv = process.env): Shard {
  const [, asked, total] = /^(\d+|auto)(?:\/(\d+))?$/.exec(text) ?? [];
  if (asked === undefined || (asked !== 'auto' && total === undefined)) throw wrongShard(text, 'another form');
  if (asked !== 'auto') return checked(text, { index: Number(asked), count: Number(total) });
  const place = placeInArray(env);
  if (place === undefined) throw wrongShard(text, 'neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX');
  const count = total === undefined ? place.count : Number(total);
  if (count === undefined) throw wrongShard(text, 'JOB_COMPLETION_INDEX, which does not say of how many');
  return checked(text, { index: place.index, count });
}

export function renderShard({ index, count }: Shard): string {
  return `${index}/${count}`;
}

function placeInArray(env: NodeJS.ProcessEnv): { readonly index: number; readonly count?: number } | undefined {
  const number = (name: string) => {
    const value = env[name];
    return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
  };
  const task = number('SLURM_ARRAY_TASK_ID');
  if (task !== undefined) {
    const count = number('SLURM_ARRAY_TASK_COUNT');
    const index = (task - (number('SLURM_ARRAY_TASK_MIN') ?? 0)) / (number('SLURM_ARRAY_TASK_STEP') ?? 1) + 1;
    return { index, ...(count !== undefined && { count }) };
  }
  const index = number('JOB_COMPLETION_INDEX');
  return index === undefined ? undefined : { index: index + 1 };
}

function checked(text: string, shard: Shard): Shard {
  const { index, count } = shard;
  if (Number.isSafeInteger(index) && Number.isSafeInteger(count) && index >= 1 && index <= count) return shard;
  throw wrongShard(text, `${index} of ${count}`);
}

function wrongShard(text: string, found: string): EvalrunError {
  return new EvalrunError('usage/shard', { what: `--shard ${text} names no share`, expected: forms, found });
}
