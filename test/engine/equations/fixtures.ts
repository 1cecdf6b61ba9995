/** The random checkpoints that the engine is held to, and a prompt for each. */
import type { CheckpointSpec } from './checkpoint-maker.js';
import { deepseekFixtures } from './deepseek-fixtures.js';
import { denseFixtures } from './dense-fixtures.js';
import { SeededRandom } from './seeded-random.js';

export { fp8Fixtures } from './fp8-fixtures.js';

export const fixtures = { ...deepseekFixtures, ...denseFixtures } satisfies Record<string, CheckpointSpec>;

/** A prompt over the whole vocabulary, its first and last ids included. */
export function randomIds(spec: CheckpointSpec, length: number): number[] {
  const random = new SeededRandom(1000 + spec.seed);
  const vocab = spec.config.vocab_size;
  return Array.from({ length }, (_, t) => (t === 2 ? vocab - 1 : t === 3 ? 0 : random.below(vocab)));
}

/**
 * Prompts of four tokens, for fp8: where an activation lies within float32 rounding of the edge between two e4m3 codes, it
 * may fall to the other one, and from there on its row and those that attend to it agree only to 1e-2. Exact ties are not
 * rare in the first layer, whose inputs are products of bf16 numbers. One such row must not spoil the others.
 */
export function shortPrompts(spec: CheckpointSpec): number[][] {
  const ids = randomIds(spec, 48);
  return Array.from({ length: 12 }, (_, i) => ids.slice(4 * i, 4 * i + 4));
}
