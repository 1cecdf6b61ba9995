/** What a pull leaves in the cache, and how it gets on with other tools and other pulls. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { temporaryFolders, writeFiles } from '../../datasets/temporary-folder.js';
import { COMMIT, gitHash, sha256 } from './fake-hub.js';
import { blobsIn, hubFixture, onCdn, repositoryIn, snapshotIn } from './pull-fixture.js';
import { SHARDED, SINGLE, SINGLE_CHOSEN, WEIGHTS } from './tiny-model.js';

const { hub, pull } = hubFixture();
const newFolder = temporaryFolders();

describe('a pull', () => {
  test("leaves the layout of Hugging Face's own tools: blobs by hash, links, a ref", async () => {
    hub.add('org/name', SINGLE);
    const home = newFolder();
    const pulled = await pull(home);
    expect(pulled).toMatchObject({ model: 'org/name', revision: 'main', commit: COMMIT, folder: snapshotIn(home) });
    expect(readdirSync(snapshotIn(home)).sort()).toEqual(SINGLE_CHOSEN);
    for (const name of SINGLE_CHOSEN) {
      const content = Buffer.from(SINGLE[name] ?? '');
      const hash = name.endsWith('.safetensors') ? sha256(content) : gitHash(content);
      const place = path.join(snapshotIn(home), name);
      expect(readlinkSync(place)).toBe(path.join('..', '..', 'blobs', hash));
      expect(readFileSync(place).equals(content)).toBe(true);
    }
    expect(readFileSync(path.join(repositoryIn(home), 'refs', 'main'), 'utf8')).toBe(COMMIT);
    expect(readdirSync(repositoryIn(home)).sort()).toEqual(['blobs', 'refs', 'snapshots']);
    expect(readdirSync(path.join(home, 'hub', '.locks', 'models--org--name'))).toEqual([]);
  });

  test('fetches no code, no other formats, no other weights, nothing from sub-folders, and says what it left', async () => {
    hub.add('org/name', SINGLE);
    const notices: string[] = [];
    await pull(newFolder(), { onNotice: (line) => notices.push(line) });
    const names = new Set(hub.fetched().map((line) => line.split(' ')[1]));
    // An empty file needs no request.
    expect([...names].sort()).toEqual(SINGLE_CHOSEN.filter((name) => name !== 'merges.txt'));
    expect(notices.join('\n')).toMatch(/left aside consolidated\.safetensors/);
  });

  test('of shards fetches those that the index names', async () => {
    hub.add('org/name', { ...SHARDED, 'extra.safetensors': 'x' });
    const home = newFolder();
    const pulled = await pull(home);
    expect(readdirSync(snapshotIn(home)).sort()).toEqual(Object.keys(SHARDED).sort());
    expect(pulled.fetchedBytes).toBe(pulled.bytes);
  });

  test('takes a listing of several pages', async () => {
    hub.add('org/name', SINGLE);
    hub.pageSize = 2;
    await pull(newFolder());
    expect(hub.requests.filter(({ path }) => path.includes('/tree/')).length).toBe(
      Math.ceil(Object.keys(SINGLE).length / 2),
    );
  });

  test('of what is there fetches nothing and checks everything', async () => {
    hub.add('org/name', SINGLE);
    const home = newFolder();
    await pull(home);
    hub.requests = [];
    expect((await pull(home)).fetchedBytes).toBe(0);
    expect(hub.fetched()).toEqual([]);
    const blob = path.join(repositoryIn(home), 'blobs', sha256(WEIGHTS));
    const damaged = Buffer.from(WEIGHTS);
    damaged[17] = 255;
    writeFileSync(blob, damaged);
    expect((await pull(home)).fetchedBytes).toBe(WEIGHTS.length);
    expect(readFileSync(blob).equals(WEIGHTS)).toBe(true);
  });

  test('of a revision writes its ref, with slashes as folders, and leaves main alone', async () => {
    hub.add('org/name', SINGLE);
    hub.revisions.get('org/name')?.set('refs/pr/1', COMMIT);
    const home = newFolder();
    await pull(home, {}, 'org/name@refs/pr/1');
    expect(readFileSync(path.join(repositoryIn(home), 'refs', 'refs', 'pr', '1'), 'utf8')).toBe(COMMIT);
    expect(existsSync(path.join(repositoryIn(home), 'refs', 'main'))).toBe(false);
  });

  test('of a commit writes no ref', async () => {
    hub.add('org/name', SINGLE);
    const home = newFolder();
    await pull(home, {}, `org/name@${COMMIT}`);
    expect(readdirSync(snapshotIn(home))).toHaveLength(SINGLE_CHOSEN.length);
    expect(existsSync(path.join(repositoryIn(home), 'refs'))).toBe(false);
  });

  test('of a branch that moved makes a second snapshot and fetches only what changed', async () => {
    hub.add('org/name', SINGLE);
    const home = newFolder();
    await pull(home);
    const later = 'beef'.padEnd(40, '1');
    hub.add('org/name', { ...SINGLE, 'config.json': '{"model_type":"qwen2"}\n' }, later);
    hub.requests = [];
    await pull(home);
    expect(hub.fetched()).toEqual(['hub config.json']);
    expect(readFileSync(path.join(repositoryIn(home), 'refs', 'main'), 'utf8')).toBe(later);
    expect(readFileSync(path.join(snapshotIn(home), 'config.json'), 'utf8')).toMatch(/llama/);
  });

  test('completes a snapshot that another tool began, and keeps a file that it copied', async () => {
    hub.add('org/name', SINGLE);
    const home = newFolder();
    writeFiles(snapshotIn(home), { 'config.json': SINGLE['config.json'] ?? '', 'tokenizer.json': 'something else' });
    await pull(home);
    expect(lstatSync(path.join(snapshotIn(home), 'config.json')).isSymbolicLink()).toBe(false);
    expect(lstatSync(path.join(snapshotIn(home), 'tokenizer.json')).isSymbolicLink()).toBe(true);
  });

  test('removes parts of files that it has no use for', async () => {
    hub.add('org/name', SINGLE);
    const home = newFolder();
    writeFiles(repositoryIn(home), { [`blobs/${'0'.repeat(64)}.part`]: 'x', 'blobs/of-another-tool.incomplete': 'x' });
    await pull(home);
    expect(blobsIn(home).filter((name) => name.includes('.'))).toEqual(['of-another-tool.incomplete']);
  });

  test('tells progress up to the total, and apart what came over the network', async () => {
    hub.add('org/name', SHARDED);
    const seen: number[] = [];
    let last = { haveBytes: 0, totalBytes: 1, fetchedBytes: 0 };
    await pull(newFolder(), {
      onProgress: (progress) => {
        last = progress;
        seen.push(progress.haveBytes);
      },
    });
    expect(last.haveBytes).toBe(last.totalBytes);
    expect(last.totalBytes).toBe(Object.values(SHARDED).reduce((sum, content) => sum + content.length, 0));
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });
});

describe('this machine', () => {
  test('offline: nothing is asked', async () => {
    hub.add('org/name', SINGLE);
    for (const env of [{ HF_HUB_OFFLINE: '1' }, { HF_HUB_OFFLINE: 'yes' }, { TRANSFORMERS_OFFLINE: 'TRUE' }]) {
      await expect(pull(newFolder(), { env })).rejects.toMatchObject({ code: 'network/offline' });
    }
    expect(hub.requests).toEqual([]);
  });

  test('a hub that is not there: an error that names it', async () => {
    await expect(pull(newFolder(), { env: { HF_ENDPOINT: 'http://127.0.0.1:9' } })).rejects.toMatchObject({
      code: 'network/download',
      message: expect.stringMatching(/could not be fetched from http:\/\/127\.0\.0\.1:9/),
    });
  });

  test('a full disk: an error that names the file, and no second attempt', async () => {
    if (!existsSync('/dev/full')) return console.warn('skipped: there is no /dev/full');
    hub.add('org/name', SINGLE);
    const home = newFolder();
    const part = path.join(repositoryIn(home), 'blobs', `${sha256(WEIGHTS)}.part`);
    mkdirSync(path.dirname(part), { recursive: true });
    symlinkSync('/dev/full', part);
    await expect(pull(home, { attempts: 5 })).rejects.toMatchObject({
      code: 'network/unwritable',
      message: expect.stringMatching(/\.part cannot be written \(ENOSPC, the disk is full\)/),
    });
    expect(hub.fetched().filter((line) => line.startsWith('cdn'))).toHaveLength(1);
  });

  test('a cache that is a file', async () => {
    hub.add('org/name', SINGLE);
    const home = newFolder();
    writeFileSync(path.join(home, 'hub'), '');
    await expect(pull(home)).rejects.toMatchObject({ code: 'network/unwritable', exitCode: 3 });
  });

  test('an interruption ends at once, keeps the part, and the lock is free', async () => {
    hub.add('org/name', SINGLE);
    const controller = new AbortController();
    const home = newFolder();
    hub.intervene = onCdn((_request, response) => {
      response.writeHead(200, { 'content-length': WEIGHTS.length });
      response.write(WEIGHTS.subarray(0, 2000), () => setTimeout(() => controller.abort(), 200));
      return true;
    });
    await expect(pull(home, { signal: controller.signal, attempts: 5 })).rejects.toMatchObject({
      code: 'run/interrupted',
    });
    hub.intervene = () => false;
    hub.requests = [];
    await pull(home);
    expect(hub.fetched()).toContain('cdn model.safetensors bytes=2000-');
  });

  test('two pulls at once fetch every file once', async () => {
    hub.add('org/name', SHARDED);
    const home = newFolder();
    const notices: string[] = [];
    const onNotice = (line: string) => notices.push(line);
    await Promise.all([pull(home, { onNotice }), pull(home, { onNotice }), pull(home, { onNotice })]);
    const onCdnOnly = hub.fetched().filter((line) => line.startsWith('cdn'));
    expect(onCdnOnly.sort()).toEqual(['cdn model-00001-of-00002.safetensors', 'cdn model-00002-of-00002.safetensors']);
    expect(notices.join('\n')).toMatch(/is being pulled by process \d+; waiting for it/);
  });

  test('the lock of a process that died is taken over', async () => {
    hub.add('org/name', SINGLE);
    const home = newFolder();
    const lock = path.join(home, 'hub', '.locks', 'models--org--name', 'evalrun.lock');
    writeFiles(path.dirname(lock), { 'evalrun.lock': `999999999 1 ${hostname()} x` });
    await pull(home);
    expect(existsSync(lock)).toBe(false);
  });
});
