/** The address of a server, checked: run.json will hold it, so it must hold no secret. */
import { EvalrunError } from '../../errors.js';

/**
 * The address without a final slash.
 *
 * @throws EvalrunError `usage/base-url`, never repeating what may be a secret in it
 * @example checkBaseUrl('http://localhost:8000/v1/') // 'http://localhost:8000/v1'
 */
export function checkBaseUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refused('it is not an address');
  }
  if (url.username !== '' || url.password !== '') throw refused('it holds a user name or a password');
  if (url.search !== '' || url.hash !== '') throw refused('it holds something behind "?" or "#"');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused(`it begins with ${url.protocol}`);
  return url.href.replace(/\/+$/, '');
}

function refused(found: string): EvalrunError {
  return new EvalrunError('usage/base-url', {
    what: 'The value of --base-url is not usable',
    expected: 'the address of an OpenAI-compatible server up to its version, e.g. http://localhost:8000/v1',
    found,
    todo: 'put the key into OPENAI_API_KEY or EVALRUN_API_KEY',
  });
}
