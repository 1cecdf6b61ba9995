/** What one arm of a comparison has of a suite: its score, and what makes the score worth nothing. */
import type { SuiteRecord } from '../run-record.js';
import { whyInvalid } from '../written-metrics.js';
import type { StoredSample } from './stored-run.js';

export interface ArmState {
  /** Of all planned samples, in the suite's headline average, 0..1: what metrics.json has. */
  readonly accuracy: number;
  /** Planned samples without a result. */
  readonly missing: number;
  /** Samples that the engine or the sandbox failed, not the model. */
  readonly engineErrors: number;
  /** Why the score means nothing, where it does. */
  readonly invalid: string | undefined;
}

export function armState(record: SuiteRecord, stored: ReadonlyMap<string, StoredSample>): ArmState {
  const { groups, average, generation } = record;
  const samples = [...stored.values()];
  const right = new Map<string, number>();
  for (const { group, status } of samples) {
    if (status === 'correct') right.set(group, (right.get(group) ?? 0) + 1);
  }
  const counts = Object.entries(groups).map(([group, n]) => ({ correct: right.get(group) ?? 0, n }));
  const planned = counts.reduce((sum, { n }) => sum + n, 0);
  return {
    accuracy:
      average === 'macro'
        ? counts.reduce((sum, { correct, n }) => sum + correct / n, 0) / counts.length
        : counts.reduce((sum, { correct }) => sum + correct, 0) / planned,
    missing: Math.max(0, planned - samples.length),
    engineErrors: samples.filter(({ status }) => status === 'engine_error' || status === 'sandbox_error').length,
    invalid: generation && whyInvalid(samples, generation.max_tokens),
  };
}
