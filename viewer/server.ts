/** The server of `evalrun view`: on this machine only, for pages that it made itself. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EvalrunError } from '../errors.js';
import { listRuns } from '../runner/run-list.js';
import { Routes, sendText } from './routes.js';

export interface ViewOptions {
  /** Folder of runs, or one run. */
  readonly folder: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** How often files are looked at, milliseconds; default 500. */
  readonly pollMs?: number;
  /** Default 15,000. */
  readonly heartbeatMs?: number;
}

export interface View {
  /** `http://127.0.0.1:8377/` */
  readonly url: string;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

const address = '127.0.0.1';

/**
 * Serves the runs of a folder until it is closed. Throws `run/not-found` when there is no such folder, `usage/port` when the port
 * cannot be taken.
 *
 * @example const view = await serveRuns({ folder: 'runs', port: 0 });
 */
export async function serveRuns({ folder, port, pollMs = 500, heartbeatMs = 15_000 }: ViewOptions): Promise<View> {
  const { folder: root } = await listRuns(folder);
  const routes = new Routes({ folder: root, pollMs, heartbeatMs });
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(protection)) response.setHeader(name, value);
    const refusal = whyRefused(request, (server.address() as AddressInfo).port);
    if (refusal !== undefined) {
      if (refusal.status === 405) response.setHeader('Allow', 'GET, HEAD');
      sendText(response, refusal.status, refusal.text);
      return;
    }
    routes.answer(request, response).catch((error: unknown) => sendFailure(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(portError(port, cause)));
    server.listen(port, address, resolve);
  });
  return {
    url: `http://${address}:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      routes.stop();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

const protection: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

interface Refusal {
  readonly status: number;
  readonly text: string;
}

function whyRefused({ method, headers }: IncomingMessage, port: number): Refusal | undefined {
  // A name of somebody else's that was made to resolve to this machine is not one of these.
  const hosts = [address, 'localhost'].flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]));
  if (!hosts.includes(headers.host ?? '')) {
    return { status: 403, text: `This server answers to http://${address}:${port}/ only.\n` };
  }
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'Only GET and HEAD are answered.\n' };
  const isForeign = headers['sec-fetch-site'] === 'cross-site' || headers['sec-fetch-site'] === 'same-site';
  // A link from another page may open this one; anything else that another page asks for is refused.
  if (isForeign && headers['sec-fetch-mode'] !== 'navigate') {
    return { status: 403, text: 'Requests of other sites are not answered.\n' };
  }
  return undefined;
}

function sendFailure(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const isOurs = error instanceof EvalrunError;
  sendText(response, isOurs ? 422 : 500, `${isOurs ? error.message : `Internal error: ${String(error)}`}\n`);
}

function portError(port: number, cause: NodeJS.ErrnoException): EvalrunError {
  const found = cause.code === 'EADDRINUSE' ? 'one that another program listens on' : (cause.code ?? String(cause));
  return new EvalrunError('usage/port', {
    what: `Port ${port} cannot be used`,
    expected: 'a free port',
    found,
    todo: 'give another with --port, or --port 0 for any free one',
    cause,
  });
}
