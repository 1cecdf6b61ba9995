/** What can be done before a model is there is done while it is loaded. */
import type { Engine, OpeningEngine } from '../engine/engine.js';
import { interruption } from './interruption.js';

export interface Loaded<T> {
  readonly engine: Engine;
  /** What `work` returned. */
  readonly result: T;
}

/**
 * Runs `work` while the engine is loaded, and waits for both. Where the model cannot be loaded that is told at once: `work` is then
 * asked to stop by its signal, which `signal` aborts, too. Throws what either throws, and `run/interrupted`.
 */
export async function whileLoading<T>(
  opened: Engine | OpeningEngine,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<Loaded<T>> {
  if (!('loaded' in opened)) return { engine: opened, result: await work(signal) };
  const ended = new AbortController();
  const working = work(AbortSignal.any([ended.signal, ...(signal === undefined ? [] : [signal])]));
  const interrupted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(interruption()), { signal: ended.signal });
  });
  try {
    const [engine, result] = await Promise.race([Promise.all([opened.loaded, working]), interrupted]);
    return { engine, result };
  } finally {
    ended.abort();
    working.catch(() => {}); // one error is told
  }
}
