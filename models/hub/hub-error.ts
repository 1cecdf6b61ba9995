/** What the hub or the way to it said, as an error for people. */
import { describeFailure, diskFault, HttpFailure } from '../../datasets/retry.js';
import { WrongContent } from '../../datasets/transfer.js';
import { type ErrorParts, EvalrunError } from '../../errors.js';
import type { HubToken } from './hub-settings.js';
import { type ModelName, renderModelName } from './model-name.js';

export interface HubAsked extends ModelName {
  readonly endpoint: string;
  readonly token: HubToken | undefined;
  /** What was asked for, a file of the model where it is not the model itself. */
  readonly file?: string;
}

/** The error for `cause`. Texts that the server wrote are not repeated; an EvalrunError stays as it is. */
export function hubError(cause: unknown, asked: HubAsked): EvalrunError {
  if (cause instanceof EvalrunError) return cause;
  if (cause instanceof HttpFailure) return answerError(cause, asked);
  const what = `${subject(asked)} could not be fetched from ${asked.endpoint}`;
  if (cause instanceof WrongContent) {
    return new EvalrunError('network/wrong-content', {
      what: `${what}, because the bytes are not those that the hub's listing promises: ${cause.message}`,
      todo: 'nothing of it was kept; run the same command again, and ask the publisher or the mirror if it stays so',
      cause,
    });
  }
  return new EvalrunError('network/download', { what: `${what}: ${describeFailure(cause)}`, todo: GO_ON, cause });
}

const GO_ON = 'run the same command again to go on where it stopped; HF_ENDPOINT and HTTPS_PROXY are obeyed';

/** A failed write below the cache; what is no operating system error passes through. */
export function cacheError(file: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (cause instanceof EvalrunError || typeof code !== 'string') return cause;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new EvalrunError('network/unwritable', {
    what: `${file} cannot be written (${code}${full ? ', the disk is full' : ''})`,
    todo: `${full ? 'free space and run the same command again to go on, or' : ''} choose another cache with HF_HUB_CACHE or HF_HOME`.trim(),
    cause,
  });
}

/** Whether the disk, and not the network, made `error`. */
export function isDiskError(error: unknown): boolean {
  return diskFault(error) !== undefined;
}

function answerError(cause: HttpFailure, asked: HubAsked): EvalrunError {
  const { endpoint, repository, revision } = asked;
  const answer = `HTTP ${cause.status}`;
  const make = (code: 'not-found' | 'token' | 'gated' | 'rate-limit' | 'download', parts: Omit<ErrorParts, 'cause'>) =>
    new EvalrunError(`network/${code}`, { ...parts, cause });
  if (cause.status === 404 && cause.headers.get('x-error-code') === 'RevisionNotFound') {
    return make('not-found', {
      what: `${repository} has no revision ${revision} at ${endpoint} (${answer})`,
      todo: 'name a branch, a tag or a commit of it',
    });
  }
  if (cause.status === 404) {
    return make('not-found', {
      what: `${subject(asked)} is not at ${endpoint} (${answer})`,
      todo: 'check the spelling, and HF_ENDPOINT if it is set',
    });
  }
  if (cause.status === 401) {
    return asked.token === undefined
      ? make('token', {
          what: `${endpoint} gives ${subject(asked)} to nobody without a token (${answer}): there is none of this name, or it is private`,
          todo: 'check the spelling; for a private or gated model set HF_TOKEN, or run "hf auth login"',
        })
      : make('token', {
          what: `${endpoint} does not accept the token from ${asked.token.source} for ${subject(asked)} (${answer})`,
          todo: 'check the spelling and the token',
        });
  }
  if (cause.status === 403) {
    return make('gated', {
      what: `${endpoint} refuses ${subject(asked)} (${answer})`,
      found: asked.token === undefined ? 'no token was sent' : `the token from ${asked.token.source}`,
      todo: `accept the model's conditions at ${endpoint}/${repository}, and set HF_TOKEN to a token that may read it`,
    });
  }
  if (cause.status === 429) {
    const wait = cause.retryAfterMs;
    return make('rate-limit', {
      what: `${endpoint} limits how often it is asked and did not answer for ${subject(asked)} (${answer})`,
      ...(wait !== undefined && { found: `a request to wait ${Math.ceil(wait / 1000)} s` }),
      todo: `wait and run the same command again to go on${asked.token === undefined ? '; a token in HF_TOKEN has a higher limit' : ''}`,
    });
  }
  return make('download', { what: `${subject(asked)} could not be fetched from ${endpoint}: ${answer}`, todo: GO_ON });
}

function subject(asked: HubAsked): string {
  return asked.file === undefined ? renderModelName(asked) : `${asked.file} of ${renderModelName(asked)}`;
}
