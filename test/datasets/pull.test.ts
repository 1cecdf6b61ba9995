/** Pulling against a server on this machine that cuts, lies, forgets and redirects. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { DatasetSource } from '../../datasets/manifest.js';
import { onMirror } from '../../datasets/mirror.js';
import { proxyAgent } from '../../datasets/network.js';
import { type PullOptions, pullDataset } from '../../datasets/pull.js';
import { verifyDataset } from '../../datasets/verify.js';
import { sha256Hex } from '../../sha256.js';
import { tarOf, zipOf } from './archives.js';
import { SMALL_FILES, smallEntry } from './small-dataset.js';
import { temporaryFolders, writeFiles } from './temporary-folder.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const newFolder = temporaryFolders();
const dispatcher = proxyAgent();
let server: Server;
let origin: string;
let handler: Handler = serveFiles;
let requests: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(`${request.url}${request.headers.range ? ` ${request.headers.range}` : ''}`);
    handler(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await dispatcher.close();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

afterEach(() => {
  handler = serveFiles;
  requests = [];
});

const ARCHIVES: Readonly<Record<string, Buffer>> = {
  '/all.zip': zipOf(Object.fromEntries(Object.entries(SMALL_FILES).map(([name, text]) => [`exam/${name}`, text]))),
  '/all.tar': tarOf(Object.fromEntries(Object.entries(SMALL_FILES).map(([name, text]) => [`data/${name}`, text]))),
};

function contentOf(url: string): Buffer | undefined {
  const file = SMALL_FILES[url.slice(1)];
  return ARCHIVES[url] ?? (file === undefined ? undefined : Buffer.from(file));
}

/** Serves whole files and ranges, as it should be. */
function serveFiles(request: IncomingMessage, response: ServerResponse): void {
  const content = contentOf(request.url ?? '');
  if (content === undefined) {
    response.writeHead(404).end();
    return;
  }
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const range = { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` };
  response.writeHead(start > 0 ? 206 : 200, start > 0 ? range : {}).end(content.subarray(start));
}

/** Promises the whole file and cuts the connection after `bytes` of it. */
function cutAfter(bytes: number): Handler {
  return (request, response) => {
    const content = contentOf(request.url ?? '') ?? Buffer.alloc(0);
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, bytes), () => setTimeout(() => response.destroy(), 300));
  };
}

const files = (): DatasetSource => ({ kind: 'files', urls: [`${origin}/{path}`] });

function archive(format: 'zip' | 'tar'): DatasetSource {
  const content = ARCHIVES[`/all.${format}`] ?? Buffer.alloc(0);
  return {
    kind: 'archive',
    format,
    sha256: sha256Hex(content),
    bytes: content.length,
    urls: [`${origin}/all.${format}`],
  };
}

function pull(source: DatasetSource, root: string, options: Partial<PullOptions> = {}) {
  return pullDataset(smallEntry(source), { root, dispatcher, attempts: 2, pauseMs: 1, ...options });
}

const installedFiles = (root: string) =>
  readdirSync(path.join(root, 'mmlu'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .length;

describe('a dataset of single files', () => {
  test('is installed whole, with nothing left beside it', async () => {
    const root = newFolder();
    const result = await pull(files(), root);
    expect(result).toMatchObject({ id: 'mmlu', status: 'installed', files: 4 });
    expect(verifyDataset(smallEntry(), path.join(root, 'mmlu'))).toEqual([]);
    expect(readdirSync(root)).toEqual(['mmlu']);
  });

  test('is not fetched again when it is there', async () => {
    const root = newFolder();
    await pull(files(), root);
    requests = [];
    expect((await pull(files(), root)).status).toBe('already installed');
    expect(requests).toEqual([]);
  });

  test('is not installed when one file is not found, and the message says which address', async () => {
    const root = newFolder();
    handler = (request, response) =>
      request.url === '/test/virology_test.csv' ? response.writeHead(404).end() : serveFiles(request, response);
    await expect(pull(files(), root)).rejects.toMatchObject({
      code: 'network/download',
      message: expect.stringMatching(
        /virology_test\.csv could not be downloaded.*\/test\/virology_test\.csv: HTTP 404/,
      ),
    });
    expect(existsSync(path.join(root, 'mmlu'))).toBe(false);
    expect(requests.filter((request) => request.includes('virology_test'))).toHaveLength(1);
  });

  test('goes on with the files that are missing after a failed pull', async () => {
    const root = newFolder();
    handler = (request, response) =>
      request.url === '/test/virology_test.csv' ? response.writeHead(404).end() : serveFiles(request, response);
    await expect(pull(files(), root)).rejects.toThrow();
    requests = [];
    handler = serveFiles;
    await pull(files(), root);
    expect(requests).toEqual(['/test/virology_test.csv']);
    expect(installedFiles(root)).toBe(4);
  });

  test('is not installed when a file has other content, and the message gives both hashes', async () => {
    const root = newFolder();
    const wrong = Buffer.from((SMALL_FILES['test/virology_test.csv'] ?? '').replace('question 3', 'question X'));
    handler = (request, response) =>
      request.url === '/test/virology_test.csv' ? response.end(wrong) : serveFiles(request, response);
    const expected = smallEntry().files.find((file) => file.path === 'test/virology_test.csv')?.sha256;
    await expect(pull(files(), root)).rejects.toMatchObject({
      code: 'dataset/hash',
      message: expect.stringMatching(new RegExp(`sha256 ${sha256Hex(wrong)}.*sha256 ${expected}`)),
    });
    expect(existsSync(path.join(root, 'mmlu'))).toBe(false);
  });

  test('keeps a folder with other content under another name', async () => {
    const root = newFolder();
    writeFiles(root, { 'mmlu/test/virology_test.csv': 'mine,a,b,c,d,A\n', 'mmlu/notes.txt': 'mine' });
    const result = await pull(files(), root);
    expect(result.kept).toBe(path.join(root, 'mmlu.replaced-1'));
    expect(readFileSync(path.join(root, 'mmlu.replaced-1', 'notes.txt'), 'utf8')).toBe('mine');
    expect(verifyDataset(smallEntry(), path.join(root, 'mmlu'))).toEqual([]);
  });

  test('fetches only what an incomplete folder lacks', async () => {
    const root = newFolder();
    const { 'test/virology_test.csv': _, ...rest } = SMALL_FILES;
    writeFiles(path.join(root, 'mmlu'), rest);
    await pull(files(), root);
    expect(requests).toEqual(['/test/virology_test.csv']);
  });
});

describe('a connection that is cut', () => {
  test('is resumed where it stopped, within one pull', async () => {
    const root = newFolder();
    let cut = false;
    handler = (request, response) => {
      if (cut) return serveFiles(request, response);
      cut = true;
      return cutAfter(1000)(request, response);
    };
    await pull(archive('zip'), root);
    expect(requests).toEqual(['/all.zip', '/all.zip bytes=1000-']);
    expect(installedFiles(root)).toBe(4);
  });

  test('is resumed by the next pull, too', async () => {
    const root = newFolder();
    handler = cutAfter(1000);
    await expect(pull(archive('tar'), root)).rejects.toMatchObject({ code: 'network/download' });
    expect(existsSync(path.join(root, 'mmlu'))).toBe(false);
    requests = [];
    handler = serveFiles;
    await pull(archive('tar'), root);
    expect(requests).toEqual(['/all.tar bytes=1000-']);
    expect(verifyDataset(smallEntry(), path.join(root, 'mmlu'))).toEqual([]);
  });

  test('starts over when the server ignores the range', async () => {
    const root = newFolder();
    let cut = false;
    handler = (request, response) => {
      if (!cut) {
        cut = true;
        return cutAfter(1000)(request, response);
      }
      delete request.headers.range;
      return serveFiles(request, response);
    };
    await pull(archive('tar'), root);
    expect(requests).toHaveLength(2);
    expect(installedFiles(root)).toBe(4);
  });

  test('starts over when the part does not belong to the file', async () => {
    const root = newFolder();
    writeFiles(root, { '.mmlu.incomplete/mmlu.tar.part': 'x'.repeat(600) });
    await pull(archive('tar'), root);
    expect(requests).toEqual(['/all.tar bytes=600-', '/all.tar']);
    expect(installedFiles(root)).toBe(4);
  });

  test('starts over when the part is longer than the file', async () => {
    const root = newFolder();
    writeFiles(root, { '.mmlu.incomplete/mmlu.zip.part': Buffer.alloc(1_000_000) });
    await pull(archive('zip'), root);
    expect(requests).toEqual(['/all.zip']);
    expect(installedFiles(root)).toBe(4);
  });
});

describe('other faults', () => {
  test('a server that is busy is asked again', async () => {
    const root = newFolder();
    handler = (request, response) =>
      requests.length === 1 ? response.writeHead(503).end() : serveFiles(request, response);
    await pull(archive('zip'), root);
    expect(requests).toEqual(['/all.zip', '/all.zip']);
  });

  test('the next address is tried when one fails', async () => {
    const root = newFolder();
    const source = archive('zip');
    await pull({ ...source, urls: [`${origin}/gone.zip`, ...source.urls] }, root);
    expect(requests).toEqual(['/gone.zip', '/all.zip']);
  });

  test('a redirect is followed', async () => {
    const root = newFolder();
    handler = (request, response) =>
      request.url === '/all.zip'
        ? response.writeHead(302, { location: '/moved/all.zip' }).end()
        : response.end(ARCHIVES['/all.zip']);
    await pull(archive('zip'), root);
    expect(installedFiles(root)).toBe(4);
  });

  test('an archive without one of the files is refused whole', async () => {
    const root = newFolder();
    const { 'test/virology_test.csv': _, ...rest } = SMALL_FILES;
    const content = zipOf(rest);
    handler = (_request, response) => response.end(content);
    const source = { ...archive('zip'), sha256: sha256Hex(content), bytes: content.length } as DatasetSource;
    await expect(pull(source, root)).rejects.toMatchObject({
      code: 'dataset/hash',
      message: expect.stringMatching(/no such file/),
    });
    expect(existsSync(path.join(root, 'mmlu'))).toBe(false);
  });

  test('a data directory that is a file is named', async () => {
    const root = path.join(newFolder(), 'occupied');
    writeFileSync(root, '');
    await expect(pull(files(), root)).rejects.toMatchObject({ code: 'dataset/unwritable' });
  });
});

describe('progress', () => {
  test('counts the bytes of all files up to the total', async () => {
    const seen: number[] = [];
    let total = 0;
    await pull(files(), newFolder(), {
      onProgress: ({ receivedBytes, totalBytes }) => {
        seen.push(receivedBytes);
        total = totalBytes;
      },
    });
    expect(total).toBe(Object.values(SMALL_FILES).reduce((sum, text) => sum + Buffer.byteLength(text), 0));
    expect(Math.max(...seen)).toBe(total);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });
});

describe('HF_ENDPOINT', () => {
  const hub = 'https://huggingface.co/datasets/a/b/resolve/main/c.zip';
  test.each([
    [hub, undefined, hub],
    [hub, '', hub],
    [hub, 'https://mirror.example/hf/', 'https://mirror.example/hf/datasets/a/b/resolve/main/c.zip'],
    ['https://huggingface.co.example/x', 'https://mirror.example', 'https://huggingface.co.example/x'],
    ['https://raw.githubusercontent.com/x', 'https://mirror.example', 'https://raw.githubusercontent.com/x'],
  ])('turns %s with %p into %s', (address, endpoint, expected) => {
    expect(onMirror(address, endpoint === undefined ? {} : { HF_ENDPOINT: endpoint })).toBe(expected);
  });

  test('must be an address', () => {
    expect(() => onMirror(hub, { HF_ENDPOINT: 'mirror.example' })).toThrow(/HF_ENDPOINT is not an address/);
  });

  test('is where a pull from the hub goes', async () => {
    const source = { ...archive('zip'), urls: ['https://huggingface.co/all.zip'] } as DatasetSource;
    await pull(source, newFolder(), { env: { HF_ENDPOINT: origin } });
    expect(requests).toEqual(['/all.zip']);
  });
});

test('HTTP_PROXY is obeyed, and NO_PROXY makes exceptions', async () => {
  const before = { ...process.env };
  const proxied = { ...archive('zip'), urls: ['http://example.invalid/all.zip'] } as DatasetSource;
  try {
    process.env.HTTP_PROXY = origin;
    delete process.env.http_proxy;
    delete process.env.NO_PROXY;
    delete process.env.no_proxy;
    const connects: string[] = [];
    server.once('connect', (request, socket) => {
      connects.push(request.url ?? '');
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    const through = proxyAgent();
    const answered = (request: IncomingMessage, response: ServerResponse) => {
      connects.push(request.url ?? '');
      response.writeHead(403).end();
    };
    handler = answered;
    await expect(pull(proxied, newFolder(), { dispatcher: through, attempts: 1 })).rejects.toThrow();
    expect(connects[0]).toMatch(/example\.invalid/);
    await through.close();
    process.env.HTTP_PROXY = 'http://127.0.0.1:9';
    process.env.NO_PROXY = '127.0.0.1';
    handler = serveFiles;
    const direct = proxyAgent();
    await pull(archive('zip'), newFolder(), { dispatcher: direct, attempts: 1 });
    await direct.close();
  } finally {
    process.env = before;
  }
});
