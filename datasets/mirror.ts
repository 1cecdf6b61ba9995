/** The user's mirror of the Hugging Face hub; apart from network.ts, so that a run that downloads nothing loads no HTTP client. */
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
