/** Who may ask: whoever has the key, and without a key only programs of this machine. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-error.js';

/** Names by which a program of this machine calls the server. */
const loopbackNames = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

export function isLoopback(host: string): boolean {
  return loopbackNames.test(host) || host === '::1';
}

/**
 * Throws ApiError 401 without the right key, compared in constant time; where there is no key, 403 for a request under a foreign
 * host name: a page in a browser that had its name resolved to this machine.
 */
export function authorize({ headers }: IncomingMessage, key: string | undefined): void {
  if (key === undefined) {
    if (headers.host === undefined || loopbackNames.test(headers.host)) return;
    throw new ApiError('serve/host', {
      status: 403,
      what: 'This server answers under the names of this machine only',
      todo: 'ask for localhost, or start it with EVALRUN_API_KEY and --host',
    });
  }
  const given = /^Bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
  if (timingSafeEqual(digest(given), digest(key))) return;
  throw new ApiError('serve/key', {
    status: 401,
    wireCode: 'invalid_api_key',
    what: given === '' ? 'The request has no API key' : 'The API key is not the right one',
    todo: 'send it as "Authorization: Bearer KEY"',
  });
}

/** Equally long whatever the key is. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
