/** Pulling over lines that are cut, and from servers whose bytes are not the announced ones. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { temporaryFolders, writeFiles } from '../../datasets/temporary-folder.js';
import { COMMIT, fail, gitHash, sendCut, sendRange, sha256 } from './fake-hub.js';
import { blobsIn, hubFixture, isInstalled, onCdn, only, repositoryIn, snapshotIn } from './pull-fixture.js';
import { SHARDED, SINGLE, WEIGHTS } from './tiny-model.js';

const { hub, pull } = hubFixture();
const newFolder = temporaryFolders();

describe('a connection that is cut', () => {
  test('is resumed where it stopped, within one pull, with a fresh redirect', async () => {
    hub.add('org/name', SINGLE);
    let cuts = 2;
    hub.intervene = onCdn(({ range }, response) => {
      if (cuts-- <= 0) return false;
      sendCut(WEIGHTS, 1000, range, response);
      return true;
    });
    const home = newFolder();
    await pull(home);
    expect(hub.fetched().filter((line) => line.includes('model.safetensors'))).toEqual([
      'hub model.safetensors',
      'cdn model.safetensors',
      'hub model.safetensors bytes=1000-',
      'cdn model.safetensors bytes=1000-',
      'hub model.safetensors bytes=2000-',
      'cdn model.safetensors bytes=2000-',
    ]);
    expect(readFileSync(path.join(snapshotIn(home), 'model.safetensors')).equals(WEIGHTS)).toBe(true);
  });

  test('is resumed by the next pull, too; until then there is no snapshot and no ref', async () => {
    hub.add('org/name', SINGLE);
    const home = newFolder();
    hub.intervene = onCdn(({ range }, response) => {
      if (range === undefined) sendCut(WEIGHTS, 1234, range, response);
      else response.destroy();
      return true;
    });
    await expect(pull(home)).rejects.toMatchObject({
      code: 'network/download',
      message: expect.stringMatching(/model\.safetensors of org\/name.*run the same command again/i),
    });
    expect(isInstalled(home)).toBe(false);
    expect(blobsIn(home)).toContain(`${sha256(WEIGHTS)}.part`);
    hub.requests = [];
    hub.intervene = () => false;
    expect((await pull(home)).fetchedBytes).toBe(WEIGHTS.length - 1234);
    expect(hub.fetched()).toEqual(['hub model.safetensors bytes=1234-', 'cdn model.safetensors bytes=1234-']);
    expect(blobsIn(home).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('starts over when the part does not belong to the file', async () => {
    hub.add('org/name', SINGLE);
    const home = newFolder();
    writeFiles(repositoryIn(home), { [`blobs/${sha256(WEIGHTS)}.part`]: 'x'.repeat(600) });
    await pull(home);
    expect(hub.fetched().filter((line) => line.startsWith('cdn'))).toEqual([
      'cdn model.safetensors bytes=600-',
      'cdn model.safetensors',
    ]);
  });

  test('ends when a server that ignores ranges gives now more and now less', async () => {
    hub.add('org/name', SINGLE);
    let turn = 0;
    hub.intervene = onCdn((_request, response) => {
      sendCut(WEIGHTS, 500 + 100 * (turn++ % 2), undefined, response);
      return true;
    });
    await expect(pull(newFolder())).rejects.toMatchObject({ code: 'network/download' });
    expect(turn).toBeLessThan(6);
  });

  test.each([700, 0])('of one file stops the others after %d bytes, whose parts stay', async (bytes) => {
    hub.add('org/name', SHARDED);
    const [first, second] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const slow = Buffer.from(SHARDED[second] ?? '');
    hub.intervene = onCdn(({ path }, response) => {
      if (path.endsWith(second)) {
        // Without bytes there is no answer at all; either way it hangs for as long as the server likes.
        if (bytes > 0) response.writeHead(200, { 'content-length': slow.length }).write(slow.subarray(0, bytes));
      } else setTimeout(() => fail(response, 404), 300);
      return true;
    });
    const home = newFolder();
    await expect(pull(home)).rejects.toMatchObject({
      code: 'network/not-found',
      message: expect.stringContaining(first),
    });
    hub.intervene = () => false;
    hub.requests = [];
    await pull(home);
    expect(hub.fetched()).toContain(`cdn ${second}${bytes > 0 ? ` bytes=${bytes}-` : ''}`);
  });

  test('while the listing is read is asked again', async () => {
    hub.add('org/name', SINGLE);
    let cut = false;
    hub.intervene = only(`/tree/${COMMIT}`, (_request, response) => {
      if (cut) return false;
      cut = true;
      response.writeHead(200, { 'content-length': 1000 }).write('[', () => response.destroy());
      return true;
    });
    await pull(newFolder());
  });
});

describe('bytes that are not the announced ones', () => {
  test.each([
    ['weights of another content', 'model.safetensors', Buffer.from(WEIGHTS).fill(0, 100, 200)],
    ['settings of another content', 'config.json', Buffer.from('{"model_type":"evil!"}\n')],
    ['a file that is longer', 'model.safetensors', Buffer.concat([WEIGHTS, WEIGHTS])],
    ['a file that is shorter', 'model.safetensors', WEIGHTS.subarray(0, 4000)],
  ])('%s: refused, and nothing of them is kept', async (_case, name, content) => {
    hub.add('org/name', SINGLE);
    hub.intervene = only(`/${name}`, ({ server, range }, response) => {
      if (name.endsWith('.safetensors') && server === 'hub') return false;
      sendRange(content, range, response);
      return true;
    });
    const home = newFolder();
    await expect(pull(home)).rejects.toMatchObject({ code: 'network/wrong-content', exitCode: 3 });
    expect(isInstalled(home)).toBe(false);
    const hash = name.endsWith('.safetensors') ? sha256(WEIGHTS) : gitHash(Buffer.from(SINGLE[name] ?? ''));
    expect(blobsIn(home).filter((blob) => blob.startsWith(hash))).toEqual([]);
  });

  test('an endless file is cut off at its announced size', async () => {
    hub.add('org/name', SINGLE);
    let sent = 0;
    hub.intervene = onCdn((_request, response) => {
      response.writeHead(200);
      const more = () => {
        sent += 1 << 16;
        if (!response.destroyed) response.write(Buffer.alloc(1 << 16), () => setImmediate(more));
      };
      more();
      return true;
    });
    await expect(pull(newFolder())).rejects.toMatchObject({
      code: 'network/wrong-content',
      message: expect.stringMatching(/more than the expected 5000 bytes/),
    });
    expect(sent).toBeLessThan(1 << 26);
  });
});
