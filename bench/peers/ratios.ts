/** How many times as fast: ratios of measurements made right after one another, so that a busy minute hits both. */
import { type Spread, spreadOf } from '../../engine/benchmark/spread.js';

export interface Limit {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Times as fast as a peer, by the kind of work: what was promised of each shape. Peers and kinds that are not named have no limit. */
export const LIMITS: Readonly<Record<string, Readonly<Record<string, Limit>>>> = {
  llama: {
    'prefill transformers': { atLeast: 1 },
    'prefill llama.cpp': { atLeast: 1.2 },
    'decode 1 llama.cpp': { atLeast: 1.05 },
    'decode 16 transformers': { atLeast: 2 },
    'mmlu transformers': { atLeast: 10 },
    'mmlu llama.cpp': { atLeast: 6 },
  },
  deepseek_v3: {
    'prefill transformers': { atLeast: 3 },
    'decode 16 transformers': { atLeast: 3 },
    'prefill evalrun fp8': { atMost: 1.3 },
    'decode 16 evalrun fp8': { atMost: 1.3 },
  },
};

/** `ours[i]` and `theirs[i]` are seconds of the same work, one right after the other. Above 1 we are faster. */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): Spread {
  return spreadOf(ours.map((seconds, i) => (theirs[i] as number) / seconds));
}

/** `1.42 (1.38 to 1.51 in 5 pairs), at least 1.2: met`. The median decides. */
export function renderRatio({ median, least, most, repeats }: Spread, { atLeast, atMost }: Limit = {}): string {
  const shown = `${median.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)} in ${repeats} pairs)`;
  if (atLeast !== undefined) return `${shown}, at least ${atLeast}: ${median >= atLeast ? 'met' : 'MISSED'}`;
  if (atMost !== undefined) return `${shown}, at most ${atMost}: ${median <= atMost ? 'met' : 'MISSED'}`;
  return shown;
}
