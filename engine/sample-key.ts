/** Keys of the counter-based random numbers: who is being sampled. */
import { createHash } from 'node:crypto';

/** Low and high half of a 64-bit key, a function of the three alone (SHA-256). */
export function sampleKey(seed: number, id: string, repeat: number): readonly [number, number] {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, id, repeat]))
    .digest();
  return [digest.readInt32LE(0), digest.readInt32LE(4)];
}
