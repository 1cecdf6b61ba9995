/** Errors as people see them: one paragraph, the stack only on request, and the exit code. */
import { CommanderError } from 'commander';
import { EvalrunError } from '../errors.js';

/** Exit codes beyond EvalrunError's own: 130 for a run that a signal stopped, as shells have it. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof EvalrunError) return error.code === 'run/interrupted' ? 130 : error.exitCode;
  return error instanceof CommanderError ? 3 : 4;
}

const hints = new WeakMap<Error, string>();

/** Adds a line that is printed below the error: how to go on. Returns the error. */
export function addHint(error: unknown, hint: string): unknown {
  if (error instanceof Error) hints.set(error, hint);
  return error;
}

/** One paragraph, and the hint below it if there is one; with EVALRUN_DEBUG=1 the stack traces below it. */
export function renderFailure(error: unknown, env: NodeJS.ProcessEnv = process.env): string {
  const lines = [`evalrun: ${messageOf(error)}`.replace(/\s*\n\s*/g, ' ')];
  const hint = error instanceof Error ? hints.get(error) : undefined;
  if (hint !== undefined) lines.push(hint);
  if (env.EVALRUN_DEBUG === '1') lines.push('', stacksOf(error).join('\ncaused by '));
  return lines.join('\n');
}

function messageOf(error: unknown): string {
  if (error instanceof EvalrunError) return error.message;
  if (error instanceof CommanderError) return `${error.message.replace(/^error: /, '')} See "evalrun --help".`;
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `Internal error: ${what}. This is a defect of evalrun; EVALRUN_DEBUG=1 shows where, for a report.`;
}

function stacksOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  return [error.stack ?? error.message, ...(error.cause === undefined ? [] : stacksOf(error.cause))];
}
