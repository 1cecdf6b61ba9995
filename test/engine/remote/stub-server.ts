/** A server of the OpenAI kind that answers by a rule and misbehaves on order. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a request gets instead of its answer; undefined: the answer. */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  | { readonly kind: 'reset' }
  | { readonly kind: 'silence' }
  /** Bytes of the right answer, then the end of the connection. */
  | { readonly kind: 'cut'; readonly bytes: number }
  /** One byte at a time, for ever. */
  | { readonly kind: 'drip' }
  /** 200 with this body. */
  | { readonly kind: 'body'; readonly type: string; readonly body: string | Buffer };

export interface StubOptions {
  /** Called for each question that is not one of the probes. */
  readonly fault?: (asked: Asked) => Fault | undefined;
  /** Most probable tokens told; default 20; 0 tells none. */
  readonly top?: number;
  readonly echo?: boolean;
  readonly chat?: boolean;
  readonly completions?: boolean;
  readonly entry?: Record<string, unknown>;
  readonly key?: string;
  /** Log-probabilities of the next token by text; default those of the letters. */
  readonly next?: (prompt: string) => Record<string, number>;
  /** What is written; default ` \boxed{1}`. */
  readonly write?: (prompt: string) => {
    text?: string;
    finish?: string;
    reasoning?: string;
    stopReason?: string | null;
    matchedStop?: string | number | null;
  };
  /** In whose words completions tell log-probabilities; default OpenAI's lists. */
  readonly words?: 'lists' | 'content' | 'token ids';
  /** llama.cpp's way with `echo`: it is not refused, and nothing is echoed. */
  readonly ignoresEcho?: boolean;
  /** Fewest tokens that may be asked for; default 0; SGLang 1. */
  readonly leastTokens?: number;
  /** Values of `top_k` that are taken; default any. OpenAI's own servers know no such field. */
  readonly topK?: (value: unknown) => boolean;
  /** In whose words errors are told; default OpenAI's. */
  readonly errors?: 'openai' | 'flat';
  /** Other addresses and what they answer. */
  readonly places?: Record<string, unknown>;
  /** Tokens of each prompt that were in the server's cache. */
  readonly cached?: number;
}

export interface Asked {
  readonly prompt: string;
  readonly body: Record<string, unknown>;
  /** Times that this very body came before. */
  readonly before: number;
}

export interface StubServer {
  readonly baseUrl: string;
  /** Questions that were answered in full, by prompt. */
  readonly answered: Map<string, number>;
  readonly bodies: Record<string, unknown>[];
  /** The most requests at a time. */
  readonly crowd: () => number;
  readonly authorizations: Set<string>;
  close(): Promise<void>;
}

const letters = { ' A': -0.5, ' B': -1.5, ' C': -2.5, ' D': -3.5, ' a': -6, ' b': -7 };
/** Beginnings of the questions with which an engine gets to know a server. */
const probes =
  /^(The days of the week|List the planets|Once upon a time|def fibonacci|以下是关于天文学的问题|The quick brown fox)/;

export async function startStub(options: StubOptions = {}): Promise<StubServer> {
  const { top = 20, echo = true, chat = true, completions = true } = options;
  const answered = new Map<string, number>();
  const seen = new Map<string, number>();
  const bodies: Record<string, unknown>[] = [];
  const authorizations = new Set<string>();
  let [now, most] = [0, 0];

  const answerCompletion = (body: Record<string, unknown>, prompt: string) => {
    const next = options.next?.(prompt) ?? letters;
    const ranked = Object.entries(next).sort((a, b) => b[1] - a[1]);
    const count = Math.min(top, Number(body.logprobs ?? 0));
    const isEcho = body.echo === true && options.ignoresEcho !== true;
    const isOneToken = Number(body.max_tokens) <= 1;
    const wrote = isOneToken ? { text: Number(body.max_tokens) === 0 ? '' : (ranked[0]?.[0] ?? '') } : writeOf(prompt);
    const promptTokens = tokensOf(prompt);
    const places = [
      ...(isEcho
        ? promptTokens.map((token, i) => ({ token, logProb: i === 0 ? null : logProbOf(promptTokens, i), top: {} }))
        : []),
      ...(wrote.text === '' || !isOneToken
        ? []
        : [{ token: wrote.text ?? '', logProb: ranked[0]?.[1] ?? 0, top: Object.fromEntries(ranked.slice(0, count)) }]),
    ];
    const logprobs =
      body.logprobs === undefined || top === 0
        ? null
        : options.words === 'content'
          ? contentOf(places)
          : {
              tokens: places.map(({ token }) => token),
              token_logprobs: places.map(({ logProb }) => logProb),
              top_logprobs: places.map((place) => (options.words === 'token ids' ? numbered(place.top) : place.top)),
            };
    return {
      object: 'text_completion',
      choices: [
        {
          index: 0,
          text: (isEcho ? prompt : '') + (wrote.text ?? ''),
          logprobs,
          finish_reason: isOneToken ? 'length' : (wrote.finish ?? 'stop'),
          ...('stopReason' in wrote && { stop_reason: wrote.stopReason }),
          ...('matchedStop' in wrote && { matched_stop: wrote.matchedStop }),
        },
      ],
      usage: {
        prompt_tokens: promptTokens.length,
        completion_tokens: 1,
        ...(options.cached !== undefined && { prompt_tokens_details: { cached_tokens: options.cached } }),
      },
    };
  };
  const logProbOf = (tokens: readonly string[], at: number) =>
    (options.next?.(tokens.slice(0, at).join('')) ?? letters)[tokens[at] as keyof typeof letters] ?? -9;
  const writeOf = (prompt: string) => options.write?.(prompt) ?? { text: ' \\boxed{1}', finish: 'stop' };
  const answerChat = (prompt: string) => {
    const { text, finish = 'stop', reasoning } = writeOf(prompt);
    const message = { role: 'assistant', content: text ?? null, ...(reasoning && { reasoning_content: reasoning }) };
    return {
      choices: [{ index: 0, message, finish_reason: finish }],
      usage: { prompt_tokens: tokensOf(prompt).length, completion_tokens: 3 },
    };
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    authorizations.add(request.headers.authorization ?? '');
    const refuse = (status: number, message: string) =>
      send(status, options.errors === 'flat' ? { object: 'error', message, code: status } : { error: { message } });
    const send = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json', server: 'stub/1' }).end(JSON.stringify(value));
    };
    if (options.key !== undefined && request.headers.authorization !== `Bearer ${options.key}`) {
      return refuse(401, `Incorrect API key provided: ${request.headers.authorization}`);
    }
    if (request.url === '/v1/models')
      return send(200, { data: [{ id: 'stub', max_model_len: 4096, ...options.entry }] });
    if (request.method === 'GET') {
      const found = options.places?.[request.url ?? ''];
      return found === undefined ? refuse(404, 'not found') : send(200, found);
    }
    const isChat = request.url === '/v1/chat/completions';
    if (isChat ? !chat : !completions) return refuse(404, 'no such endpoint');
    const body = JSON.parse(text) as Record<string, unknown>;
    const prompt = isChat ? String((body.messages as { content: string }[])[0]?.content) : String(body.prompt);
    if (body.echo && !echo) return refuse(400, 'echo is not supported');
    if (Number(body.logprobs ?? 0) > top && top > 0) return refuse(400, `logprobs: at most ${top}`);
    if (Number(body.max_tokens) < (options.leastTokens ?? 0)) return refuse(400, 'max_tokens must be positive');
    if ('top_k' in body && options.topK?.(body.top_k) === false) return refuse(400, `top_k: ${body.top_k}`);
    const before = seen.get(text) ?? 0;
    seen.set(text, before + 1);
    if (!probes.test(prompt)) bodies.push(body);
    const value = isChat ? answerChat(prompt) : answerCompletion(body, prompt);
    const fault = probes.test(prompt) ? undefined : options.fault?.({ prompt, body, before });
    if (fault !== undefined) return misbehave(fault, response, JSON.stringify(value));
    if (!probes.test(prompt)) answered.set(prompt, (answered.get(prompt) ?? 0) + 1);
    return send(200, value);
  };

  const server: Server = createServer((request, response) => {
    now += 1;
    most = Math.max(most, now);
    response.once('close', () => {
      now -= 1;
    });
    void handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    answered,
    bodies,
    crowd: () => most,
    authorizations,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface StubPlace {
  readonly token: string;
  readonly logProb: number | null;
  readonly top: Readonly<Record<string, number>>;
}

/** llama.cpp's list; a name that ends with a number in brackets is the text of one more token. */
function contentOf(places: readonly StubPlace[]): object {
  const textOf = (name: string) => name.replace(/\[\d+\]$/, '');
  return {
    content: places.map(({ token, logProb, top }) => ({
      token: textOf(token),
      logprob: logProb,
      top_logprobs: Object.entries(top).map(([name, logprob]) => ({ token: textOf(name), logprob })),
    })),
  };
}

/** As vLLM tells them with --return-tokens-as-token-ids. */
function numbered(top: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.values(top).map((logProb, at) => [`token_id:${at}`, logProb]));
}

/** Words with the space before them, and single other characters. */
function tokensOf(text: string): string[] {
  return text.match(/ ?[A-Za-z0-9]+|[^A-Za-z0-9]/gu) ?? [];
}

function misbehave(fault: Fault, response: ServerResponse, answer: string): void {
  switch (fault.kind) {
    case 'status':
      response
        .writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
        .end(fault.body ?? '{}');
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'silence':
      return;
    case 'cut':
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(answer)),
      });
      response.write(answer.slice(0, fault.bytes), () => response.destroy());
      return;
    case 'drip': {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(drip));
      return;
    }
    case 'body':
      response.writeHead(200, { 'content-type': fault.type }).end(fault.body);
  }
}
