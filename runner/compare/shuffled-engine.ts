/** An engine that is asked in another order, for the A/A control: no answer may depend on it. */
import { createHash } from 'node:crypto';
import type { Engine, OpeningEngine } from '../../engine/engine.js';

/** The same engine; its requests reach it in an order drawn from their ids and `seed`. */
export function shuffledEngine(engine: Engine, seed: number): Engine {
  return {
    info: engine.info,
    tokenizer: engine.tokenizer,
    ...(engine.prompts && { prompts: engine.prompts }),
    ...(engine.sampleGpu && { sampleGpu: engine.sampleGpu }),
    score: (requests, options) => engine.score(shuffle(requests, seed), options),
    generate: (requests, options) => engine.generate(shuffle(requests, seed), options),
    memory: () => engine.memory(),
    get onStep() {
      return engine.onStep;
    },
    set onStep(listener) {
      engine.onStep = listener;
    },
    get recordRouting() {
      return engine.recordRouting ?? false;
    },
    set recordRouting(isAsked) {
      engine.recordRouting = isAsked;
    },
    close: () => engine.close(),
  };
}

/** The same of an engine that is being loaded. */
export function shuffledOpening(opening: OpeningEngine, seed: number): OpeningEngine {
  const loaded = opening.loaded.then((engine) => shuffledEngine(engine, seed));
  loaded.catch(() => {}); // told to who waits for it
  return { ...opening, loaded, close: () => opening.close() };
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
