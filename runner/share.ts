/** A shard's part of a plan: stable, of equal size, with what is needed to put all of them together again. */
import { EvalrunError } from '../errors.js';
import { type PlannedSuite, recordOfShare } from './plan.js';
import type { ShardRecord } from './run-record.js';
import { renderShard, type Shard } from './shard.js';

/** Places in a suite's plan, from 0: first and number of each stretch. */
type Stretches = [number, number][];

export interface Share {
  readonly suites: readonly PlannedSuite[];
  readonly record: ShardRecord;
}

/**
 * The shard's part of a plan: whole subjects, which share a prefix, and pieces of those that are larger than a share. All answers to
 * one question stay together. The same for the same plan and count. Throws `usage/shard` for a share without samples.
 */
export function shareOf(planned: readonly PlannedSuite[], shard: Shard): Share {
  const totals = new Array<number>(shard.count).fill(0);
  const suites: PlannedSuite[] = [];
  const places: Record<string, Stretches> = {};
  for (const suite of planned) {
    const own = assign(stretchesOf(suite, shard.count), totals)[shard.index - 1] ?? [];
    places[suite.record.suite] = own;
    if (own.length > 0) suites.push(part(suite, own, shard));
  }
  if (suites.length === 0) {
    throw new EvalrunError('usage/shard', {
      what: `Shard ${renderShard(shard)} has no samples`,
      expected: `at most ${planned.reduce((sum, { samples }) => sum + samples.length, 0)} shards, the number of samples`,
      todo: 'use fewer shards',
    });
  }
  return { suites, record: { ...shard, places, suites: planned.map(({ record }) => record) } };
}

/** Stretches of one subject each, none larger than a share, where the questions allow it. */
function stretchesOf({ samples }: PlannedSuite, count: number): Stretches {
  const most = Math.ceil(samples.length / count);
  const groups: Stretches = [];
  samples.forEach(({ group }, place) => {
    const last = groups.at(-1);
    if (last === undefined || samples[place - 1]?.group !== group) groups.push([place, 1]);
    else last[1] += 1;
  });
  return groups.flatMap(([first, length]) => {
    const pieces = Math.ceil(length / most);
    const cuts = Array.from({ length: pieces + 1 }, (_, i) => first + Math.round((i * length) / pieces)).map((cut) =>
      startOfQuestion(samples, cut),
    );
    return cuts.slice(0, -1).flatMap((cut, i): Stretches => {
      const end = i + 1 === pieces ? first + length : (cuts[i + 1] as number);
      return end > cut ? [[cut, end - cut]] : [];
    });
  });
}

function startOfQuestion(samples: PlannedSuite['samples'], cut: number): number {
  let place = cut;
  while (place > 0 && place < samples.length && samples[place]?.id === samples[place - 1]?.id) --place;
  return place;
}

/** Largest first to the shard with the least of this suite, then the least of all. Adds to `totals`. */
function assign(stretches: Stretches, totals: number[]): Stretches[] {
  const shares = totals.map((): Stretches => []);
  const loads = totals.map(() => 0);
  for (const stretch of [...stretches].sort(([a, m], [b, n]) => n - m || a - b)) {
    let best = 0;
    for (let i = 1; i < loads.length; ++i) {
      const order = (loads[i] as number) - (loads[best] as number) || (totals[i] as number) - (totals[best] as number);
      if (order < 0) best = i;
    }
    shares[best]?.push(stretch);
    loads[best] = (loads[best] as number) + stretch[1];
    totals[best] = (totals[best] as number) + stretch[1];
  }
  return shares.map((share) => share.sort(([a], [b]) => a - b));
}

function part(suite: PlannedSuite, own: Stretches, shard: Shard): PlannedSuite {
  const cut = <T>(all: readonly T[]) => own.flatMap(([first, length]) => all.slice(first, first + length));
  const share: PlannedSuite =
    suite.kind === 'choice' ? { ...suite, samples: cut(suite.samples) } : { ...suite, samples: cut(suite.samples) };
  const note = `Shard ${renderShard(shard)}: ${share.samples.length} of ${suite.samples.length} samples.`;
  return { ...share, record: recordOfShare(share, note) };
}
