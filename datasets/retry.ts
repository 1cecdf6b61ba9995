/** Does something again while its failure may pass: with growing pauses, or those that the server asks for. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Response } from 'undici';

export interface RetryOptions {
  /** Attempts without gain (default 5). */
  readonly attempts?: number;
  /** First pause between attempts, doubled each time (default 500). */
  readonly pauseMs?: number;
  readonly signal?: AbortSignal;
  /** Told why and for how long a pause of more than a few seconds is made. */
  readonly onWait?: (reason: string, ms: number) => void;
}

/** A failure that another attempt at the same address cannot mend. */
export class FinalFailure extends Error {}

/** An answer other than 2xx. */
export class HttpFailure extends Error {
  constructor(
    readonly status: number,
    readonly headers: ReadonlyMap<string, string>,
    statusText = '',
  ) {
    super(`HTTP ${status}${statusText === '' ? '' : ` ${statusText}`}`);
  }

  /** Busy or broken for now, as opposed to wrong for good. */
  get passes(): boolean {
    return this.status >= 500 || this.status === 408 || this.status === 429;
  }

  /** What Retry-After asks for, in seconds or as a date (RFC 9110, section 10.2.3). */
  get retryAfterMs(): number | undefined {
    const text = this.headers.get('retry-after')?.trim() ?? '';
    if (/^\d+$/.test(text)) return Number(text) * 1000;
    const date = Date.parse(text);
    return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
  }
}

/** Rate limits are counted over five minutes on the Hugging Face hub; who asks for more is not waited for. */
const LONGEST_WAIT_MS = 330_000;
const SILENT_WAIT_MS = 5_000;

/** The failure that an answer other than 2xx is. */
export function httpFailure(response: Response): HttpFailure {
  return new HttpFailure(response.status, new Map(response.headers), response.statusText);
}

/**
 * The result of `work`. After each failure `gained` says whether the attempt got further than all before it: a connection
 * that is cut again and again still gets there, so only attempts without gain are counted.
 *
 * @throws the last failure, as it was
 */
export async function withRetries<T>(
  work: () => Promise<T>,
  { attempts = 5, pauseMs = 500, signal, onWait }: RetryOptions,
  gained: () => Promise<boolean> = async () => false,
): Promise<T> {
  for (let failures = 0; ; ) {
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted || isFinal(error)) throw error;
      failures = (await gained()) ? 0 : failures + 1;
      if (failures >= attempts) throw error;
      const asked = error instanceof HttpFailure ? error.retryAfterMs : undefined;
      const ms = asked ?? pauseMs * 2 ** Math.max(0, failures - 1);
      if (ms > LONGEST_WAIT_MS) throw error;
      if (ms > SILENT_WAIT_MS) onWait?.((error as Error).message, ms);
      await pause(ms, undefined, signal === undefined ? {} : { signal });
    }
  }
}

function isFinal(error: unknown): boolean {
  return (
    error instanceof FinalFailure || (error instanceof HttpFailure && !error.passes) || diskFault(error) !== undefined
  );
}

/** The operating system's code if it is the disk that failed. */
export function diskFault(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  return ['ENOSPC', 'EDQUOT', 'EFBIG', 'EACCES', 'EROFS', 'EPERM', 'EIO'].includes(code) ? code : undefined;
}

/** What went wrong, with what the network said about it. */
export function describeFailure(error: unknown): string {
  const cause = (error as Error).cause;
  const message = error instanceof Error ? error.message : String(error);
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
