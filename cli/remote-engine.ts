/** The part of a run's options that concerns a server. */
import type { RemoteEngineOptions } from '../engine/remote/open-remote-engine.js';
import { EvalrunError } from '../errors.js';
import type { RunSettings } from '../runner/run-record.js';
import type { RunFlags } from './run-options.js';

/** What a server's engine is opened with; a key is never among the settings. */
export function remoteOptions(settings: Partial<RunSettings>): RemoteEngineOptions {
  return {
    baseUrl: settings.base_url ?? '',
    ...(settings.model !== undefined && { model: settings.model }),
    ...(settings.tokenizer !== undefined && { tokenizer: settings.tokenizer }),
    ...(settings.concurrency !== undefined && { concurrency: settings.concurrency }),
    ...(settings.request_timeout !== undefined && { timeoutMs: settings.request_timeout * 1000 }),
  };
}

/** Options of the one engine mean nothing to the other. Throws `usage/engine`. */
export function checkEngineSettings(settings: Partial<RunSettings>, flags: RunFlags): void {
  const isRemote = settings.engine === 'openai';
  const { verifyPrefix, recordExperts, mtp, dtype, device, threads, batchTokens } = flags;
  const { baseUrl, tokenizer, concurrency, requestTimeout } = flags;
  const local = { verifyPrefix, recordExperts, mtp, dtype, device, threads, batchTokens };
  const remote = { baseUrl, tokenizer, concurrency, requestTimeout };
  const wrong = Object.entries(isRemote ? local : remote).find(([, value]) => value !== undefined)?.[0];
  if (wrong !== undefined) {
    const option = `--${wrong.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new EvalrunError('usage/engine', {
      what: `${option} says nothing to ${isRemote ? 'a server' : 'the built-in engine'}`,
      todo: isRemote ? 'leave it out' : 'name the server with --engine openai --base-url URL, or leave it out',
    });
  }
  if (!isRemote || settings.base_url !== undefined) return;
  throw new EvalrunError('usage/engine', {
    what: '--engine openai needs the address of the server',
    expected: '--base-url, e.g. http://localhost:8000/v1',
  });
}
