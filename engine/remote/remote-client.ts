/** Requests to one server: bounded in time and size, asked again where that makes sense, as many at a time as it takes. */
import { setTimeout as wait } from 'node:timers/promises';
import OpenAI from 'openai';
import { EnvHttpProxyAgent, fetch, Headers, Response } from 'undici';
import { EvalrunError } from '../../errors.js';
import { AdaptiveLimit } from './adaptive-limit.js';
import {
  type ChatAnswer,
  type CompletionAnswer,
  type ModelEntry,
  parseChat,
  parseCompletion,
  parseModels,
} from './answer-shapes.js';
import { keyRemover } from './api-key.js';
import { boundedBody } from './bounded-body.js';
import { messageOfBody } from './error-body.js';
import { failureOf, type RemoteFailure } from './remote-failure.js';
import { defaultRetryLimits, type RetryLimits, RetryPolicy } from './retry-policy.js';
import { TroubleNotice } from './trouble-notice.js';

export interface RemoteClientOptions {
  /** As checkBaseUrl gives it. */
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  /** The most requests at a time. */
  readonly concurrency: number;
  /** For one try of one request, its whole answer included. */
  readonly timeoutMs: number;
  readonly retry?: Partial<RetryLimits>;
  /** Ends everything at once. */
  readonly signal?: AbortSignal | undefined;
  /** Told when the server stops answering, and when it answers again. */
  readonly onNotice?: (line: string) => void;
}

/** Bytes of an answer: a prompt's log-probabilities are about a hundred bytes a token. */
const MAX_ANSWER_BYTES = 64 * 2 ** 20;

export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  /** For one try; less than the client's own for questions that must not take long. */
  readonly timeoutMs?: number;
  /** Default true. */
  readonly retries?: boolean;
}

export interface PostOptions<Answer> extends AskOptions {
  /** Throws RemoteFailure for an answer that lacks what was asked for, which is then asked for again. */
  readonly check?: (answer: Answer) => void;
}

export class RemoteClient {
  /** The `server` header of the last answer. */
  server: string | undefined;
  readonly limit: AdaptiveLimit;
  /** Takes the key out of a text. */
  readonly clean: (text: string) => string;
  private readonly client: OpenAI;
  private readonly dispatcher: EnvHttpProxyAgent;
  /** A request was given up because nobody answers: the next ones do not wait as long, until somebody does. */
  private isDown = false;
  private readonly trouble: TroubleNotice;

  constructor(private readonly options: RemoteClientOptions) {
    this.limit = new AdaptiveLimit(options.concurrency);
    const { patienceMs } = { ...defaultRetryLimits, ...options.retry };
    this.trouble = new TroubleNotice(options.onNotice ?? (() => {}), patienceMs);
    this.clean = keyRemover(options.apiKey);
    // Time is bounded here, for the whole answer; undici's own bounds would cut long generations.
    this.dispatcher = new EnvHttpProxyAgent({ headersTimeout: 0, bodyTimeout: 0, noProxy: withoutProxy() });
    this.client = new OpenAI({
      // The client refuses to be without one; servers without keys ignore it.
      apiKey: options.apiKey ?? 'none',
      baseURL: options.baseUrl,
      organization: null,
      project: null,
      maxRetries: 0,
      timeout: 2 ** 31 - 1,
      logLevel: 'off',
      fetch: ((url: string, init: object) => this.fetch(url, init)) as unknown as typeof globalThis.fetch,
    });
  }

  /** Throws RemoteFailure; EvalrunError `network/denied` for a key that the server does not take, `run/interrupted`. */
  complete(body: object, options: PostOptions<CompletionAnswer> = {}): Promise<CompletionAnswer> {
    return this.post('/completions', body, options, parseCompletion);
  }

  /** As `complete`. */
  chat(body: object, options: PostOptions<ChatAnswer> = {}): Promise<ChatAnswer> {
    return this.post('/chat/completions', body, options, parseChat);
  }

  /** What the server says it serves. */
  models(options: AskOptions = {}): Promise<ModelEntry[]> {
    return this.ask((signal) => this.client.get('/models', { signal }), options, parseModels);
  }

  /** What is at a path beside the API, whose own address ends with its version. Throws RemoteFailure. */
  besideApi(path: string, options: AskOptions = {}): Promise<unknown> {
    const root = this.options.baseUrl.replace(/\/v\d+$/, '');
    return this.ask(
      (signal) => this.client.get(`${root}${path}`, { signal }),
      options,
      (value) => value,
      false,
    );
  }

  async close(): Promise<void> {
    await this.dispatcher.destroy();
  }

  private post<T>(path: string, body: object, options: PostOptions<T>, parse: (value: unknown) => T): Promise<T> {
    return this.ask(
      (signal) => this.client.post(path, { body, signal }),
      options,
      (value) => {
        const answer = parse(value);
        options.check?.(answer);
        return answer;
      },
    );
  }

  private async ask<T>(
    send: (signal: AbortSignal) => Promise<unknown>,
    { signal, timeoutMs = this.options.timeoutMs, retries = true }: AskOptions,
    parse: (value: unknown) => T,
    isFatalWhenDenied = true,
  ): Promise<T> {
    const policy = new RetryPolicy({ ...defaultRetryLimits, ...this.options.retry });
    const stops = [this.options.signal, signal].filter((one) => one !== undefined);
    for (;;) {
      const sentAt = performance.now();
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        const answer = parse(await send(AbortSignal.any([...stops, timeout])));
        this.isDown = false;
        this.trouble.onAnswer();
        this.limit.onSuccess();
        return answer;
      } catch (error) {
        if (stops.some(({ aborted }) => aborted)) throw interrupted();
        const failure = failureOf(error, this.clean, timeout.aborted);
        if (failure.kind !== 'unreachable') this.isDown = false;
        if (failure.kind === 'overloaded' || failure.kind === 'unreachable') this.limit.onOverload(sentAt);
        const pause =
          retries && !(this.isDown && failure.kind === 'unreachable') ? policy.pauseAfter(failure) : undefined;
        if (pause === undefined) {
          if (failure.kind === 'unreachable' && retries) this.isDown = true;
          throw isFatalWhenDenied ? this.final(failure) : failure;
        }
        this.trouble.onPause(failure);
        await this.pause(pause, stops);
      }
    }
  }

  private async pause(ms: number, stops: readonly AbortSignal[]): Promise<void> {
    try {
      await wait(ms, undefined, { signal: AbortSignal.any([...stops]) });
    } catch {
      throw interrupted();
    }
  }

  private final(failure: RemoteFailure): Error {
    if (failure.kind !== 'denied') return failure;
    return new EvalrunError('network/denied', {
      what: `The server at ${this.options.baseUrl} refuses this client`,
      found: failure.message,
      todo: 'set the right key in OPENAI_API_KEY or EVALRUN_API_KEY; a run that had begun can be resumed',
    });
  }

  private async fetch(url: string, init: object): Promise<unknown> {
    // A redirect of a POST would lose its body or take the key elsewhere.
    const response = await fetch(url, { ...init, redirect: 'manual', dispatcher: this.dispatcher });
    this.server = response.headers.get('server') ?? this.server;
    const bounded = boundedBody(response, MAX_ANSWER_BYTES);
    return response.ok ? bounded : withOpenAiError(bounded);
  }
}

/** The same response with its error in OpenAI's shape, the only one that the client below reads. */
async function withOpenAiError(response: Response): Promise<Response> {
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  const text = await response.text();
  const message = messageOfBody(text);
  // Its length and encoding were those of the body as sent.
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) headers.delete(name);
  return new Response(message === undefined ? text : JSON.stringify({ error: { message } }), {
    status,
    statusText,
    headers,
  });
}

/** NO_PROXY and this machine, which no proxy can reach in its place. */
function withoutProxy(env: NodeJS.ProcessEnv = process.env): string {
  return [env.NO_PROXY ?? env.no_proxy ?? '', 'localhost', '127.0.0.1', '::1'].filter((name) => name !== '').join(',');
}

function interrupted(): EvalrunError {
  return new EvalrunError('run/interrupted', { what: 'Interrupted while the server was asked' });
}
