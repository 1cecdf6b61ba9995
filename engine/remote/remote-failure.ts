/** Why a request to a server failed, and whether asking again makes sense. */
import { APIConnectionError, APIError, APIUserAbortError } from 'openai';

/**
 * - `unreachable`: no answer at all: refused, reset, no such host
 * - `overloaded`: 429 or 503
 * - `broken`: another 5xx, or an answer that is cut off or not what it should be
 * - `slow`: no whole answer in time
 * - `refused`: any other status; asking again changes nothing
 * - `denied`: 401 or 403; no request of this run will do better
 */
export type FailureKind = 'unreachable' | 'overloaded' | 'broken' | 'slow' | 'refused' | 'denied';

export class RemoteFailure extends Error {
  constructor(
    readonly kind: FailureKind,
    message: string,
    /** What the server asked to wait, in milliseconds. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
    this.name = 'RemoteFailure';
  }
}

/** Characters of a server's own words that an error repeats. */
const SHOWN = 300;

/** What the client threw, as a failure. `clean` takes the key out of a text; the cause is dropped, for it may hold the request. */
export function failureOf(error: unknown, clean: (text: string) => string, isTimeout: boolean): RemoteFailure {
  if (error instanceof RemoteFailure) return error;
  if (isTimeout || error instanceof APIUserAbortError) return new RemoteFailure('slow', 'no whole answer in time');
  // Connection errors are API errors, too.
  if (error instanceof APIConnectionError) return new RemoteFailure('unreachable', clean(deepestMessage(error)));
  if (error instanceof APIError && error.status !== undefined) return ofStatus(error, clean);
  const message = clean(shorten(deepestMessage(error)));
  if (/terminated|aborted|premature|ECONNRESET|socket|closed/i.test(message)) {
    return new RemoteFailure('broken', `the answer was cut off (${message})`);
  }
  return new RemoteFailure('broken', `the answer is not JSON (${message})`);
}

function ofStatus(error: APIError, clean: (text: string) => string): RemoteFailure {
  const status = error.status as number;
  const message = `HTTP ${status}: ${clean(shorten(wordsOf(error)))}`;
  const wait = retryAfterMs(error.headers as Headers | undefined);
  if (status === 429 || status === 503) return new RemoteFailure('overloaded', message, wait);
  if (status === 408 || status === 409 || status >= 500) return new RemoteFailure('broken', message, wait);
  return new RemoteFailure(status === 401 || status === 403 ? 'denied' : 'refused', message);
}

function wordsOf({ error, message }: APIError): string {
  const said = (error as { message?: unknown } | undefined)?.message;
  return typeof said === 'string' ? said : message.replace(/^\d+ /, '');
}

/** Retry-After in seconds or as a date, or OpenAI's retry-after-ms. */
export function retryAfterMs(headers: Headers | undefined, now = Date.now()): number | undefined {
  const exact = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(exact) && exact >= 0) return exact;
  const text = headers?.get('retry-after')?.trim();
  if (text === undefined || text === '') return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** One line without markup: a page of HTML says little in its first tags. */
function shorten(text: string): string {
  const plain = text
    .replace(/<(script|style)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return plain.length > SHOWN ? `${plain.slice(0, SHOWN)}...` : plain;
}

function deepestMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  if (error.cause !== undefined) return deepestMessage(error.cause);
  return code === undefined || error.message.includes(code) ? error.message : `${error.message} (${code})`;
}
