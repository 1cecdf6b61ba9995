/** Requests to the hub: the token goes to the hub alone, redirects are few, and answers have a greatest size. */
import { type Dispatcher, fetch, type Response } from 'undici';
import { FinalFailure } from '../../datasets/retry.js';
import { version } from '../../package-root.js';

export interface HubFetchOptions {
  readonly endpoint: string;
  readonly token?: string;
  readonly dispatcher: Dispatcher;
}

export type HubFetch = (
  url: string,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
) => Promise<Response>;

const MOST_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];

/** A GET that follows redirects itself. Its failures name no address that a redirect led to: those may be signed. */
export function hubFetch({ endpoint, token, dispatcher }: HubFetchOptions): HubFetch {
  const { origin } = new URL(endpoint);
  return async (url, headers, signal) => {
    let target = new URL(url);
    // Whoever is led away from the hub stays without the token, even if the way leads back.
    let atHub = true;
    for (let redirects = 0; ; redirects++) {
      atHub &&= target.origin === origin;
      const response = await fetch(target, {
        headers: {
          ...headers,
          'user-agent': `evalrun/${version}`,
          ...(token !== undefined && atHub && { authorization: `Bearer ${token}` }),
        },
        redirect: 'manual',
        dispatcher,
        ...(signal && { signal }),
      });
      if (!REDIRECTS.includes(response.status)) return response;
      await response.body?.cancel();
      if (redirects === MOST_REDIRECTS) throw new FinalFailure(`more than ${MOST_REDIRECTS} redirects`);
      target = redirectTarget(response, target);
    }
  };
}

function redirectTarget(response: Response, from: URL): URL {
  const location = response.headers.get('location') ?? '';
  if (location === '' || !URL.canParse(location, from.href)) throw new FinalFailure('a redirect to no address');
  const target = new URL(location, from);
  if (!['http:', 'https:'].includes(target.protocol)) throw new FinalFailure(`a redirect to ${target.protocol}`);
  if (from.protocol === 'https:' && target.protocol === 'http:')
    throw new FinalFailure('a redirect from https to http');
  if (target.username !== '' || target.password !== '') throw new FinalFailure('a redirect to an address with a user');
  return target;
}

/** The text of an answer of at most `limit` bytes. */
export async function readBounded(response: Response, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > limit) throw new FinalFailure(`an answer of more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
