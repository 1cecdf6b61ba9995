/** An engine that is asked in another order, for the A/A control: no answer may depend on it. */
import { createHash } from 'node:crypto';
import type { Engine } from '../../engine/engine.js';

/** The same engine; its requests reach it in an order drawn from their ids and `seed`. */
export function shuffledEngine(engine: Engine, seed: number): Engine {
  return {
    info: engine.info,
    tokenizer: engine.tokenizer,
    score: (requests, options) => engine.score(shuffle(requests, seed), options),
    generate: (requests) => engine.generate(shuffle(requests, seed)),
    memory: () => engine.memory(),
    get onStep() {
      return engine.onStep;
    },
    set onStep(listener) {
      engine.onStep = listener;
    },
    close: () => engine.close(),
  };
}

/** Sorted by a hash: the same requests come in the same order. */
function shuffle<T extends { readonly id: string; readonly repeat?: number }>(
  requests: readonly T[],
  seed: number,
): T[] {
  const ranked = requests.map((request) => ({
    request,
    rank: createHash('sha256')
      .update(JSON.stringify([seed, request.id, request.repeat ?? 0]))
      .digest('hex'),
  }));
  return ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ request }) => request);
}
