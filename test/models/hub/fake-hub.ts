/** A hub on 127.0.0.1 that speaks Hugging Face's paths, with a second server in the place of its CDN. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HubRequest {
  readonly server: 'hub' | 'cdn';
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** Answers a request in its own way, or returns false to let the hub answer. */
export type Intervention = (request: HubRequest, response: ServerResponse) => boolean;

export interface TreeEntry {
  type: string;
  path: string;
  size: number;
  oid: string;
  lfs?: { oid: string; size: number; pointerSize: number };
}

export const COMMIT = 'c0ffee'.padEnd(40, '0');

export const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');
export const gitHash = (content: Uint8Array) =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

export class FakeHub {
  /** `org/name` -> file -> content; weights and tokenizer.model are stored apart, as LFS files are. */
  readonly models = new Map<string, Map<string, Buffer>>();
  /** `org/name` -> branch or tag -> commit. */
  readonly revisions = new Map<string, Map<string, string>>();
  requests: HubRequest[] = [];
  intervene: Intervention = () => false;
  /** Changes what a listing says. */
  relist: (entries: TreeEntry[]) => TreeEntry[] = (entries) => entries;
  pageSize = 1000;
  private readonly hub: Server;
  private readonly cdn: Server;

  constructor() {
    this.hub = createServer((request, response) => this.answer('hub', request, response));
    this.cdn = createServer((request, response) => this.answer('cdn', request, response));
  }

  async start(): Promise<void> {
    for (const server of [this.hub, this.cdn]) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  }

  async stop(): Promise<void> {
    for (const server of [this.hub, this.cdn]) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  }

  get endpoint(): string {
    return originOf(this.hub);
  }

  get cdnOrigin(): string {
    return originOf(this.cdn);
  }

  add(model: string, files: Readonly<Record<string, string | Uint8Array>>, commit = COMMIT): void {
    this.models.set(model, new Map(Object.entries(files).map(([name, content]) => [name, Buffer.from(content)])));
    this.revisions.set(model, new Map([['main', commit]]));
  }

  reset(): void {
    this.models.clear();
    this.requests = [];
    this.intervene = () => false;
    this.relist = (entries) => entries;
    this.pageSize = 1000;
  }

  /** Paths of requests for bytes, with their ranges. */
  fetched(): string[] {
    return this.requests
      .filter(({ server, path }) => server === 'cdn' || path.includes('/resolve/'))
      .map(({ server, path, range }) => `${server} ${path.split('/').at(-1)}${range ? ` ${range}` : ''}`);
  }

  private answer(server: 'hub' | 'cdn', request: IncomingMessage, response: ServerResponse): void {
    const seen: HubRequest = {
      server,
      path: (request.url ?? '').split('?')[0] ?? '',
      range: request.headers.range,
      authorization: request.headers.authorization,
    };
    this.requests.push(seen);
    if (this.intervene(seen, response)) return;
    if (server === 'cdn') this.serveBlob(seen, response);
    else if (seen.path.startsWith('/api/')) this.serveApi(request.url ?? '', response);
    else this.serveFile(seen, response);
  }

  private serveApi(url: string, response: ServerResponse): void {
    const parsed = new URL(url, this.endpoint);
    const [, model = '', kind, rest = ''] =
      /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/(.+)$/.exec(parsed.pathname) ?? [];
    const files = this.models.get(model);
    if (files === undefined) {
      fail(response, 401, 'RepoNotFound');
      return;
    }
    const commit = this.commitOf(model, decodeURIComponent(rest));
    if (commit === undefined) {
      fail(response, 404, 'RevisionNotFound');
      return;
    }
    if (kind === 'revision') {
      json(response, { _id: '1', id: model, sha: commit, private: false, lastModified: '2026-01-01T00:00:00.000Z' });
      return;
    }
    const entries = this.relist([...files].map(([name, content]) => entryOf(name, content)));
    const from = Number(parsed.searchParams.get('cursor') ?? 0);
    const next = from + this.pageSize;
    if (next < entries.length) {
      parsed.searchParams.set('cursor', String(next));
      response.setHeader('link', `<${parsed.href}>; rel="next"`);
    }
    json(response, entries.slice(from, next));
  }

  private serveFile({ path, range }: HubRequest, response: ServerResponse): void {
    const [, model = '', revision = '', name = ''] = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path) ?? [];
    const content = this.models.get(model)?.get(decodeURIComponent(name));
    const commit = this.commitOf(model, revision);
    if (content === undefined || commit === undefined) {
      fail(response, 404, 'EntryNotFound');
      return;
    }
    response.setHeader('x-repo-commit', commit);
    if (!isApart(name)) {
      response.setHeader('etag', `"${gitHash(content)}"`);
      sendRange(content, range, response);
      return;
    }
    response.setHeader('x-linked-etag', `"${sha256(content)}"`);
    response.setHeader('x-linked-size', content.length);
    response.writeHead(302, { location: `${this.cdnOrigin}/blobs/${model}/${name}?signature=secret` }).end();
  }

  private serveBlob({ path, range }: HubRequest, response: ServerResponse): void {
    const [, model = '', name = ''] = /^\/blobs\/([^/]+\/[^/]+)\/(.+)$/.exec(path) ?? [];
    const content = this.models.get(model)?.get(name);
    if (content === undefined) {
      fail(response, 404, 'EntryNotFound');
      return;
    }
    sendRange(content, range, response);
  }

  private commitOf(model: string, revision: string): string | undefined {
    const known = this.revisions.get(model) ?? new Map<string, string>();
    return known.get(revision) ?? [...known.values()].find((commit) => commit === revision);
  }
}

export function isApart(name: string): boolean {
  return /\.(safetensors|bin|model)$/.test(name);
}

export function entryOf(name: string, content: Uint8Array): TreeEntry {
  const { length: size } = content;
  if (!isApart(name)) return { type: 'file', path: name, size, oid: gitHash(content) };
  const oid = sha256(content);
  const pointer = Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`);
  return { type: 'file', path: name, size, oid: gitHash(pointer), lfs: { oid, size, pointerSize: pointer.length } };
}

export function sendRange(content: Buffer, range: string | undefined, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  if (start > 0 && start >= content.length) {
    response.writeHead(416).end();
    return;
  }
  const headers = start > 0 ? { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` } : {};
  response.writeHead(start > 0 ? 206 : 200, { ...headers, 'content-length': content.length - start });
  response.end(content.subarray(start));
}

/** Promises all of `content` and cuts the connection after `bytes` of it, from where the range begins. */
export function sendCut(content: Buffer, bytes: number, range: string | undefined, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  const headers = start > 0 ? { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` } : {};
  response.writeHead(start > 0 ? 206 : 200, { ...headers, 'content-length': content.length - start });
  response.write(content.subarray(start, start + bytes), () => setTimeout(() => response.destroy(), 200));
}

export function fail(response: ServerResponse, status: number, code?: string): void {
  response.writeHead(status, code === undefined ? {} : { 'x-error-code': code });
  response.end(JSON.stringify({ error: 'the server says \u001b[31mhf_secret\u001b[0m' }));
}

export function json(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
