/** Catches the EvalrunError that a call must throw, so that a test can look at its code and its words. */
import { EvalrunError } from '../../errors.js';

/** "code: message" of what `call` throws. @throws Error when it throws nothing, or something else */
export function errorOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof EvalrunError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('nothing was thrown');
}
