/** What is known about a generated program after it was judged. */

/**
 * `timeout`, `oom`: it did not end, or wanted too much memory. `sandbox_error`: nothing is known about the program, because
 * the sandbox itself failed; such a sample makes a run incomplete, it is not a wrong answer.
 */
export type SandboxStatus = 'passed' | 'failed' | 'timeout' | 'oom' | 'sandbox_error';

export type FailureKind =
  | 'assertion' // an assert of the test did not hold
  | 'exception' // the program, or the test on its answer, raised
  | 'syntax' // it does not compile
  | 'missing_entry_point' // it defines no function of the asked name
  | 'no_code' // it is empty
  | 'exit' // it asked to exit while it was loaded
  | 'crashed' // its process ended: a signal, os._exit, a closed channel
  | 'output_limit' // it printed more than the cap
  | 'reply_limit' // an answer was too large, too deep or of too many parts
  | 'source_limit' // the program itself is too long
  | 'protocol' // it wrote to the channel what no answer is
  | 'too_few_calls'; // the test ended without asking as often as for the reference

export interface SandboxUsage {
  /** From the start of the first process to the end of the last. */
  readonly wallMs: number;
  /** Processor time of the candidate, measured from outside; null where it ended before it could be measured. */
  readonly cpuMs: number | null;
  /** Largest resident memory of one of the candidate's processes; null likewise. */
  readonly maxRssBytes: number | null;
  /** What the candidate printed, before the cap. */
  readonly outputBytes: number;
}

export interface SandboxVerdict {
  readonly status: SandboxStatus;
  /** For `failed` only. */
  readonly kind?: FailureKind;
  /** One line for a person; control characters are escaped. Empty when passed. */
  readonly detail: string;
  /** Questions that the test asked the candidate. */
  readonly calls: number;
  /** The start of what the candidate printed, control characters escaped. Display only: nothing is decided by it. */
  readonly output: string;
  readonly usage: SandboxUsage;
  readonly rung: Rung;
  /** Set when it failed and passed, or passed and failed, on a second attempt with the same input. */
  readonly flaky?: true;
}

export type Rung = 'bubblewrap' | 'pyodide' | 'unsafe';

/** Terminal sequences and other control characters as visible escapes: candidates choose what is printed. */
export function escapeControl(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
