/** Which version of an engine stands behind an address: a thing that OpenAI's own endpoints do not tell. */
import type { RemoteClient } from './remote-client.js';
import { RemoteFailure } from './remote-failure.js';

/** Beside the version of the API: vLLM's, then SGLang's new and old. */
const PLACES = ['/version', '/server_info', '/get_server_info'];
const TIMEOUT_MS = 10_000;

/** The version as the server words it, or undefined where it tells none. Throws what the client throws for an interrupted run. */
export async function findVersion(client: RemoteClient): Promise<string | undefined> {
  for (const place of PLACES) {
    try {
      const value = await client.besideApi(place, { retries: false, timeoutMs: TIMEOUT_MS });
      const { version } = (value ?? {}) as { version?: unknown };
      if (typeof version === 'string' && version !== '') return client.clean(version).slice(0, 100);
    } catch (error) {
      // Some servers answer an unknown address with 401 or 403; the key is judged by the endpoints that are used.
      if (!(error instanceof RemoteFailure)) throw error;
    }
  }
  return undefined;
}
