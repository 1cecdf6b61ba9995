/** The one error class of evalrun: what failed, what was expected, what was found, what to do. */

/** Which door the error came through; the part after the slash names the defect, e.g. `dataset/row-count`. */
export type ErrorArea =
  | 'usage'
  | 'config'
  | 'checkpoint'
  | 'tokenizer'
  | 'dataset'
  | 'suite'
  | 'engine'
  | 'device'
  | 'memory'
  | 'run'
  | 'query'
  | 'network'
  | 'serve'
  | 'build'
  | 'internal';

export type ErrorCode = `${ErrorArea}/${string}`;

export interface ErrorParts {
  /** What failed, one sentence without a final period. */
  readonly what: string;
  readonly expected?: string;
  readonly found?: string;
  /** What the reader can do about it. */
  readonly todo?: string;
  readonly cause?: unknown;
}

/**
 * An error meant for a person. Printed as one paragraph, without a stack trace.
 *
 * @example throw new EvalrunError('dataset/row-count', { what: 'mmlu/test/anatomy_test.csv is incomplete',
 *   expected: '135 rows', found: '90', todo: 'run "evalrun data verify mmlu"' });
 */
export class EvalrunError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, parts: ErrorParts) {
    super(renderError(parts), parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = 'EvalrunError';
    this.code = code;
  }

  /** Process exit code: 3 for bad usage or input, 4 for a defect of evalrun itself. */
  get exitCode(): number {
    return this.code.startsWith('internal/') ? 4 : 3;
  }
}

function renderError({ what, expected, found, todo }: ErrorParts): string {
  const sentences = [`${what}.`];
  if (expected !== undefined) sentences.push(`Expected ${expected}${found === undefined ? '' : `, found ${found}`}.`);
  else if (found !== undefined) sentences.push(`Found ${found}.`);
  if (todo !== undefined) sentences.push(`${todo[0]?.toUpperCase() ?? ''}${todo.slice(1)}.`);
  return sentences.join(' ');
}
