/** What can be done before a model is there is done while it is loaded. */
import type { Engine, OpeningEngine } from '../engine/engine.js';
import { interruption } from './interruption.js';

export interface Loading {
  readonly opened: Engine | OpeningEngine;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
  /** Called where the work is done and the model is not there `patienceMs` later. */
  readonly onWait?: (() => void) | undefined;
}

export interface Loaded<T> {
  readonly engine: Engine;
  /** What `work` returned. */
  readonly result: T;
}

const patienceMs = 1000;

/**
 * Runs `work` while the engine is loaded, and waits for both. Where the model cannot be loaded that is told at once: `work` is then
 * asked to stop by its signal, which `signal` aborts, too. Throws what either throws, and `run/interrupted`.
 */
export async function whileLoading<T>(
  { opened, signal, onWait }: Loading,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<Loaded<T>> {
  if (!('loaded' in opened)) return { engine: opened, result: await work(signal) };
  const ended = new AbortController();
  const working = work(AbortSignal.any([ended.signal, ...(signal === undefined ? [] : [signal])]));
  let patience: NodeJS.Timeout | undefined;
  const waited = working.then(() => {
    patience = setTimeout(() => onWait?.(), patienceMs);
  });
  const interrupted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(interruption()), { signal: ended.signal });
  });
  try {
    const [engine, result] = await Promise.race([Promise.all([opened.loaded, working, waited]), interrupted]);
    return { engine, result };
  } finally {
    ended.abort();
    waited.then(
      () => clearTimeout(patience),
      () => {}, // one error is told
    );
  }
}
