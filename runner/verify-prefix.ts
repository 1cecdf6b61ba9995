/** `--verify-prefix`: scores a random choice of samples again without prefix sharing and demands the same bits. */
import type { Engine, ScoreResult } from '../engine/engine.js';
import { EvalrunError } from '../errors.js';
import { sha256Hex } from '../sha256.js';
import type { PlannedChoice } from './plan-choices.js';
import { type ChoiceLine, scoreSample } from './sample-line.js';

export interface VerifyOptions {
  readonly engine: Engine;
  readonly samples: readonly PlannedChoice[];
  /** Recorded results of these sample ids. */
  readonly readRecorded: (ids: ReadonlySet<string>) => Promise<ReadonlyMap<string, ChoiceLine>>;
  readonly count: number;
  readonly seed: number;
}

/**
 * Re-scores `count` samples (all, if there are fewer), the same ones for the same seed, each prompt on its own, and
 * compares every log-probability as 64 bits. Returns how many were compared. Throws `internal/prefix-sharing`, exit
 * code 4, at the first difference: the scores of this run are then not to be trusted.
 */
export async function verifyPrefix({ engine, samples, readRecorded, count, seed }: VerifyOptions): Promise<number> {
  const chosen = chooseSamples(samples, count, seed);
  const byId = new Map(chosen.map((sample) => [sample.id, sample]));
  const lines = await readRecorded(new Set(byId.keys()));
  const requests = chosen.map((sample) => sample.request);
  for await (const result of engine.score(requests, { sharePrefixes: false })) {
    const sample = byId.get(result.id);
    const recorded = lines.get(result.id);
    if (sample === undefined || recorded === undefined) throw missing(`an unexpected result for ${result.id}`);
    compare(sample, recorded, result);
    byId.delete(result.id);
  }
  if (byId.size > 0) throw missing(`none for ${byId.size} samples`);
  return chosen.length;
}

/** A sample's rank is a hash of (seed, id): independent of plan order and of how many are chosen. */
function chooseSamples(samples: readonly PlannedChoice[], count: number, seed: number): PlannedChoice[] {
  const rank = (sample: PlannedChoice) => sha256Hex(`${seed}\0${sample.id}`);
  return samples
    .map((sample) => ({ sample, rank: rank(sample) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, count)
    .map(({ sample }) => sample);
}

function compare(sample: PlannedChoice, recorded: ChoiceLine, result: ScoreResult): void {
  const alone = scoreSample(sample, result).choices;
  for (const label of sample.labels) {
    const [shared, own] = [recorded.choices[label] ?? null, alone[label] ?? null];
    // Neither is NaN or -0 (sample-line.ts), so that equal numbers are equal bits.
    if (shared === own) continue;
    throw new EvalrunError('internal/prefix-sharing', {
      what: `${sample.id} scores differently with and without a shared prefix, so the scores of this run are wrong`,
      expected: `log-probability ${own} (bits ${bitsOf(own)}) for ${label}, as computed alone`,
      found: `${shared} (bits ${bitsOf(shared)})`,
      todo: 'please report this with the model and the contents of run.json',
    });
  }
}

function bitsOf(value: number | null): string {
  if (value === null) return 'none';
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, '0');
}

function missing(found: string): EvalrunError {
  return new EvalrunError('internal/engine-results', {
    what: 'The engine broke its contract while prefixes were verified',
    expected: 'exactly one result for each request',
    found,
  });
}
