/** The running part of a run: requests to the engine, results to samples.jsonl as they complete. */
import type { Engine, ScoreResult } from '../engine/engine.js';
import { EvalrunError } from '../errors.js';
import { stopIfAborted } from './interruption.js';
import type { PlannedSample } from './plan.js';
import type { SampleWriter } from './run-folder.js';
import { renderSampleLine, scoreSample } from './sample-line.js';

export interface ExecuteOptions {
  readonly engine: Engine;
  readonly samples: readonly PlannedSample[];
  readonly writer: SampleWriter;
  readonly signal?: AbortSignal | undefined;
  readonly onResult?: ((result: ScoreResult) => void) | undefined;
}

/** A batch this large is synced even when more results are ready. */
const maxBatch = 256;

/**
 * Scores `samples` and appends their lines, synced to disk batch by batch: all results that the engine has ready, then
 * one sync. On abort it stops at the next result, after what is finished is on disk. Throws `run/interrupted` then,
 * `internal/engine-results` for a result that was not asked for or is missing, and what the engine throws.
 */
export async function executeSamples(options: ExecuteOptions): Promise<void> {
  const { engine, samples, writer, signal, onResult } = options;
  const waiting = new Map(samples.map((sample) => [sample.id, sample]));
  const results = engine.score(samples.map((sample) => sample.request))[Symbol.asyncIterator]();
  let batch = '';
  let batched = 0;
  const flush = async () => {
    if (batched === 0) return;
    const text = batch;
    [batch, batched] = ['', 0];
    await writer.append(text);
  };
  try {
    for (;;) {
      stopIfAborted(signal);
      const next = results.next();
      if (batched >= maxBatch || !(await isReady(next))) await flush();
      const { value, done } = await next;
      if (done) break;
      const sample = waiting.get(value.id);
      if (sample === undefined) throw wrongResults(`a result for ${value.id}, which was not asked for or came before`);
      waiting.delete(value.id);
      batch += renderSampleLine(scoreSample(sample, value));
      batched += 1;
      onResult?.(value);
    }
  } catch (error) {
    // What is finished is kept, whatever stopped the run; if the disk is what failed, that is already being said.
    if (!isWriteError(error)) await flush();
    await results.return?.();
    throw error;
  }
  await flush();
  if (waiting.size > 0) throw wrongResults(`no result for ${waiting.size} samples, e.g. ${[...waiting.keys()][0]}`);
}

/** Whether a promise settles without waiting for anything outside this process. */
async function isReady(promise: Promise<unknown>): Promise<boolean> {
  let ready = false;
  const settled = () => {
    ready = true;
  };
  promise.then(settled, settled);
  await new Promise((resolve) => setImmediate(resolve));
  return ready;
}

function isWriteError(error: unknown): boolean {
  return error instanceof EvalrunError && error.code === 'run/write';
}

function wrongResults(found: string): EvalrunError {
  return new EvalrunError('internal/engine-results', {
    what: 'The engine broke its contract',
    expected: 'exactly one result for each request',
    found,
  });
}
