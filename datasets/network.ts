/** How downloads reach the network: the user's proxy and the user's Hugging Face mirror. */
import { EnvHttpProxyAgent } from 'undici';
import { EvalrunError } from '../errors.js';

const HUB = 'https://huggingface.co';

/** `address` on the mirror that HF_ENDPOINT names, if it is on the Hugging Face hub; unchanged otherwise. */
export function onMirror(address: string, env: NodeJS.ProcessEnv = process.env): string {
  const endpoint = env.HF_ENDPOINT?.trim().replace(/\/+$/, '');
  if (!endpoint || !address.startsWith(`${HUB}/`)) return address;
  if (!/^https?:\/\/[^/]/.test(endpoint)) {
    throw new EvalrunError('usage/hf-endpoint', {
      what: 'HF_ENDPOINT is not an address',
      expected: 'an http or https address such as https://huggingface.co',
      found: `"${endpoint}"`,
    });
  }
  return endpoint + address.slice(HUB.length);
}

/** A connection pool that obeys HTTP_PROXY, HTTPS_PROXY and NO_PROXY. Close it when done. */
export function proxyAgent(): EnvHttpProxyAgent {
  return new EnvHttpProxyAgent({ connectTimeout: 20_000, headersTimeout: 60_000, bodyTimeout: 60_000 });
}
