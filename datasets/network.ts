/** How downloads reach the network: through the user's proxy. */
import { EnvHttpProxyAgent } from 'undici';

/** A connection pool that obeys HTTP_PROXY, HTTPS_PROXY and NO_PROXY. Close it when done. */
export function proxyAgent(): EnvHttpProxyAgent {
  return new EnvHttpProxyAgent({ connectTimeout: 20_000, headersTimeout: 60_000, bodyTimeout: 60_000 });
}
