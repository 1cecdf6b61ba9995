/** A run that is asked to stop. */
import { EvalrunError } from '../errors.js';

/** Throws `run/interrupted` once the signal is aborted. As a step callback it stops an engine after its running step. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw interruption();
}

export function interruption(): EvalrunError {
  return new EvalrunError('run/interrupted', { what: 'The run was interrupted' });
}
