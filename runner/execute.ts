/** The running part of a run: outcomes of samples to samples.jsonl as they complete. */
import { EvalrunError } from '../errors.js';
import { stopIfAborted } from './interruption.js';
import type { Outcome } from './outcome.js';
import type { SampleWriter } from './run-folder.js';
import { keyOf, renderSampleLine } from './sample-line.js';

export interface ExecuteOptions {
  readonly outcomes: AsyncGenerator<Outcome>;
  /** keyOf of every sample that an outcome is expected for. */
  readonly expected: ReadonlySet<string>;
  readonly writer: SampleWriter;
  readonly signal?: AbortSignal | undefined;
  readonly onOutcome?: ((outcome: Outcome) => void) | undefined;
}

/** A batch this large is synced even when more results are ready. */
const maxBatch = 256;

/**
 * Appends the lines of `outcomes`, synced to disk batch by batch: all that are ready, then one sync. On abort it stops at
 * the next result, after what is finished is on disk. Throws `run/interrupted` then,
 * `internal/engine-results` for a result that was not asked for or is missing, and what the outcomes throw.
 */
export async function executeSamples(options: ExecuteOptions): Promise<void> {
  const { outcomes, writer, signal, onOutcome } = options;
  const waiting = new Set(options.expected);
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
      const next = outcomes.next();
      if (batched >= maxBatch || !(await isReady(next))) await flush();
      const { value, done } = await next;
      if (done) break;
      const key = keyOf(value.line);
      if (!waiting.delete(key)) throw wrongResults(`a result for ${key}, which was not asked for or came before`);
      batch += renderSampleLine(value.line);
      batched += 1;
      onOutcome?.(value);
    }
  } catch (error) {
    // What is finished is kept, whatever stopped the run; if the disk is what failed, that is already being said.
    if (!isWriteError(error)) await flush();
    await outcomes.return(undefined);
    throw error;
  }
  await flush();
  if (waiting.size > 0) throw wrongResults(`no result for ${waiting.size} samples, e.g. ${[...waiting][0]}`);
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

export function wrongResults(found: string): EvalrunError {
  return new EvalrunError('internal/engine-results', {
    what: 'The engine broke its contract',
    expected: 'exactly one result for each request',
    found,
  });
}
