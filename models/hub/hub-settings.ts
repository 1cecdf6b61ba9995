/** Where the hub and its cache are: the environment variables of Hugging Face's own tools, read as they read them. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onMirror } from '../../datasets/mirror.js';
import { EvalrunError } from '../../errors.js';

export interface HubSettings {
  /** HF_ENDPOINT without a slash at its end; https://huggingface.co where it is not set. */
  readonly endpoint: string;
  /** HF_HUB_CACHE, else `hub` in HF_HOME. */
  readonly cache: string;
  /** HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE. */
  readonly offline: boolean;
}

export interface HubToken {
  readonly value: string;
  /** For messages: the variable or file that it came from. */
  readonly source: string;
}

/** @throws EvalrunError usage/hf-endpoint */
export function hubSettings(env: NodeJS.ProcessEnv = process.env): HubSettings {
  const cache = env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE;
  return {
    endpoint: endpointOf(env),
    cache: path.resolve(cache ? expand(cache, env) : path.join(homeOf(env), 'hub')),
    offline: isTrue(env.HF_HUB_OFFLINE || env.TRANSFORMERS_OFFLINE),
  };
}

/**
 * The user's token, or undefined: HF_TOKEN, else the file that `hf auth login` writes.
 *
 * @throws EvalrunError usage/hf-token when it cannot be a token; the message does not repeat it
 */
export function hubToken(env: NodeJS.ProcessEnv = process.env): HubToken | undefined {
  if (isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined;
  const file = env.HF_TOKEN_PATH ? expand(env.HF_TOKEN_PATH, env) : path.join(homeOf(env), 'token');
  const variable = env.HF_TOKEN ? 'HF_TOKEN' : 'HUGGING_FACE_HUB_TOKEN';
  const given = env[variable]?.trim();
  const value = given || readToken(file);
  const source = given ? variable : file;
  if (value === undefined || value === '') return undefined;
  if (/^[\x21-\x7e]+$/.test(value)) return { value, source };
  throw new EvalrunError('usage/hf-token', {
    what: `${source} does not hold a token`,
    expected: 'one word of printable characters, such as hf_...',
  });
}

function readToken(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new EvalrunError('usage/hf-token', { what: `${file} cannot be read (${code})`, todo: 'or set HF_TOKEN' });
  }
}

function endpointOf(env: NodeJS.ProcessEnv): string {
  const endpoint = onMirror('https://huggingface.co/', env).replace(/\/+$/, '');
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.username === '' && url.password === '' && url.search === '' && url.hash === '') return endpoint;
  // What it holds is not repeated: it may be a password.
  throw new EvalrunError('usage/hf-endpoint', {
    what: 'HF_ENDPOINT is not usable',
    expected: 'an http or https address without user, password, query and fragment',
  });
}

function homeOf(env: NodeJS.ProcessEnv): string {
  const base = env.XDG_CACHE_HOME || path.join(userHome(env), '.cache');
  return expand(env.HF_HOME || path.join(base, 'huggingface'), env);
}

/** `~` and `$NAME` at the places where a shell would have replaced them. */
function expand(text: string, env: NodeJS.ProcessEnv): string {
  const home = text.replace(/^~(?=\/|$)/, () => userHome(env));
  return home.replace(/\$(?:(\w+)|\{(\w+)\})/g, (whole, plain, braced) => env[plain ?? braced] ?? whole);
}

function userHome(env: NodeJS.ProcessEnv): string {
  return env.HOME || os.homedir();
}

function isTrue(value: string | undefined): boolean {
  return ['1', 'ON', 'YES', 'TRUE'].includes((value ?? '').toUpperCase());
}
