/** The HTTP endpoint over a running engine: routes, limits, and an end that loses nobody's answer. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { LocalEngine } from '../engine/local-engine.js';
import { EvalrunError } from '../errors.js';
import { version } from '../package-root.js';
import { ApiError, apiErrorOf } from './api-error.js';
import { authorize, isLoopback } from './authorize.js';
import { answerChat } from './chat-completions.js';
import { answerCompletion } from './completions.js';
import { guardWrites } from './guard-writes.js';
import type { ServeContext } from './respond.js';
import { defaultServeLimits, type ServeLimits } from './serve-limits.js';
import { ServeMetrics } from './serve-metrics.js';
import { ServedModel } from './served-model.js';

export interface ServeOptions {
  /** The server takes its cache until it is closed; the caller closes the engine. */
  readonly engine: LocalEngine;
  /** Name of the model at the endpoint; default the checkpoint's. */
  readonly name?: string;
  /** Default 127.0.0.1; anything but this machine's own needs a key. */
  readonly host?: string;
  /** Default 8000; 0 takes a free one. */
  readonly port?: number;
  readonly apiKey?: string | undefined;
  readonly limits?: Partial<ServeLimits>;
}

export interface EvalServer {
  /** E.g. `http://127.0.0.1:8000/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  /** Stops accepting, finishes what was asked, gives up what is left after `limits.drainMs`. True when nothing was given up. */
  close(): Promise<boolean>;
}

/**
 * Serves the engine until it is closed.
 *
 * @throws EvalrunError `serve/no-key` for another host than this machine without a key, `serve/listen` for a port that is taken
 * @example const server = await openServer({ engine, port: 0 }); // new OpenAI({ baseURL: server.baseUrl, apiKey: 'none' })
 */
export async function openServer(options: ServeOptions): Promise<EvalServer> {
  const { engine, host = '127.0.0.1', port = 8000, apiKey } = options;
  if (apiKey === undefined && !isLoopback(host)) {
    throw new EvalrunError('serve/no-key', {
      what: `Serving on ${host} would let anybody who can reach it use this machine`,
      expected: 'a key in EVALRUN_API_KEY',
      todo: 'set it, or leave --host out',
    });
  }
  const limits = { ...defaultServeLimits, ...options.limits };
  const session = await engine.openSession();
  const model = new ServedModel(options.name ?? engine.info.model, engine, session);
  const metrics = new ServeMetrics(model);
  engine.onStep = (stats) => metrics.onStep(stats);
  const state = { draining: false };
  const app = buildApp({ model, limits, metrics }, { apiKey, state });
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await session.close();
    throw new EvalrunError('serve/listen', {
      what: `The server cannot listen on ${host}:${port}`,
      found: (cause as NodeJS.ErrnoException).code ?? String(cause),
      todo: 'name another --port, or end what uses this one',
      cause,
    });
  }
  const address = app.server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  return {
    baseUrl: `http://${host.includes(':') ? `[${host}]` : host}:${taken}/v1`,
    model: model.name,
    close: async () => {
      state.draining = true;
      const isWhole = await drain(app, limits.drainMs, () => session.close());
      engine.onStep = undefined;
      return isWhole;
    },
  };
}

const SERVER_NAME = `evalrun/${version}`;

/** True when everything that was asked was answered. */
async function drain(app: FastifyInstance, drainMs: number, stop: () => Promise<void>): Promise<boolean> {
  const closed = app.close().then(() => true);
  // A connection that has had its answer is kept open by its client, not by its work.
  const idle = setInterval(() => app.server.closeIdleConnections(), 100);
  const isWhole = await Promise.race([closed, after(drainMs)]);
  await stop();
  // What was given up says so to its client.
  if (!isWhole) await Promise.race([closed, after(1000)]);
  app.server.closeAllConnections();
  clearInterval(idle);
  await closed;
  return isWhole;
}

function after(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), ms).unref());
}

interface Door {
  readonly apiKey: string | undefined;
  readonly state: { readonly draining: boolean };
}

function buildApp(context: ServeContext, { apiKey, state }: Door): FastifyInstance {
  const { limits, model, metrics } = context;
  const app = fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: 5000,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerBadRequest,
    http: {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs),
    },
  });
  app.server.maxConnections = limits.connections;
  // JSON only: a form or a plain text is what a foreign page in a browser could send without asking.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error, _request, reply) => {
    if ((error as NodeJS.ErrnoException).code !== 'FST_ERR_CTP_BODY_TOO_LARGE') return sendError(reply, error);
    // A connection ended while its client still sends is reset, now and then before the answer is read: the rest is read away instead,
    // for as long as a request may take.
    return sendError(reply.removeHeader('connection'), tooLarge(limits.bodyBytes));
  });
  app.setNotFoundHandler((request, reply) => sendError(reply, unknownRoute(request)));
  app.addHook('onRequest', async (request, reply) => {
    if (request.url !== '/health') authorize(request.raw, apiKey);
    if (state.draining) {
      reply.header('connection', 'close');
      throw new ApiError('serve/draining', { status: 503, what: 'The server is stopping', retryAfter: 5 });
    }
    // Said before the body is read; Node reads the rest away, so that the client gets to see the answer.
    if (Number(request.headers['content-length'] ?? 0) > limits.bodyBytes) throw tooLarge(limits.bodyBytes);
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('server', SERVER_NAME);
    if (state.draining) reply.header('connection', 'close');
    guardWrites(reply.raw, limits.writeTimeoutMs);
  });
  app.addHook('onResponse', async (request, reply) => {
    metrics.onAnswer(request.routeOptions.url ?? 'unknown', reply.statusCode, reply.elapsedTime);
  });
  app.get('/health', async (_request, reply) => {
    const isWell = model.session.broken === undefined;
    return reply.code(isWell ? 200 : 503).send({ status: isWell ? 'ok' : 'failed', model: model.name });
  });
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.render()));
  app.get('/v1/models', async () => ({ object: 'list', data: [model.describe()] }));
  app.get<{ Params: { '*': string } }>('/v1/models/*', async ({ params }) => {
    model.checkName(params['*']);
    return model.describe();
  });
  app.post('/v1/completions', async ({ body }, reply) => answerCompletion(reply, body, context));
  app.post('/v1/chat/completions', async ({ body }, reply) => answerChat(reply, body, context));
  return app;
}

/** What never became a request: an answer by hand, and the end of the connection. */
function answerBadRequest({ code }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) return;
  const [status, what] =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? [408, 'The request took too long to arrive']
      : code === 'HPE_HEADER_OVERFLOW'
        ? [431, 'The head of the request is too large']
        : [400, 'This is not a request of HTTP'];
  const body = JSON.stringify(new ApiError('serve/request', { status, what }).toBody());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function sendError(reply: FastifyReply, thrown: unknown): FastifyReply {
  const error = apiErrorOf(thrown);
  if (error.retryAfter !== undefined) reply.header('retry-after', String(error.retryAfter));
  return reply.code(error.status).send(error.toBody());
}

function unknownRoute({ method, url }: FastifyRequest): ApiError {
  return new ApiError('serve/route', {
    status: 404,
    what: `There is no ${method} ${url.slice(0, 200)}`,
    expected: 'POST /v1/completions, POST /v1/chat/completions, GET /v1/models, GET /health or GET /metrics',
  });
}

function tooLarge(bodyBytes: number): ApiError {
  return new ApiError('serve/body-size', {
    status: 413,
    what: 'The body is too large',
    expected: `at most ${bodyBytes} bytes`,
  });
}
