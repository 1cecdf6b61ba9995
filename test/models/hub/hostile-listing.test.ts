/** Listings that are wrong, whether by malice or by a proxy: nothing is written outside, nothing is read without end. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { temporaryFolders } from '../../datasets/temporary-folder.js';
import { COMMIT, json, type TreeEntry } from './fake-hub.js';
import { hubFixture, isInstalled, only, snapshotIn } from './pull-fixture.js';
import { SHARDED, SINGLE, SINGLE_CHOSEN } from './tiny-model.js';

const { hub, pull } = hubFixture();
const newFolder = temporaryFolders();

describe('a hostile listing', () => {
  const outside = [
    '../config.json',
    '/etc/config.json',
    '..\\config.json',
    'a/../../config.json',
    'config.json\0',
    '.',
    '..',
    '',
  ];

  test('names that lead out of the folder are never fetched, written or printed', async () => {
    hub.add('org/name', SINGLE);
    hub.relist = (entries) => [
      ...outside.map((name) => ({ ...(entries[0] as TreeEntry), path: name })),
      { type: 'file', path: '../../../../escaped.safetensors', size: 1, oid: '0'.repeat(40) },
      { type: 'file', path: '\u001b[31mred.safetensors', size: 1, oid: '0'.repeat(40) },
      ...entries,
    ];
    const home = newFolder();
    const notices: string[] = [];
    await pull(home, { onNotice: (line) => notices.push(line) });
    expect(notices.join('\n')).not.toMatch(/escaped|red\.safetensors|onnx/);
    expect(readdirSync(snapshotIn(home)).sort()).toEqual(SINGLE_CHOSEN);
    expect(readdirSync(home)).toEqual(['hub']);
    expect(hub.fetched().filter((line) => /escaped|\.\./.test(line))).toEqual([]);
  });

  test.each(['../up.safetensors', '/etc/passwd', 'sub/a.safetensors', 'model.bin', '', 7])(
    'an index that names %p',
    async (shard) => {
      hub.add('org/name', { ...SHARDED, 'model.safetensors.index.json': JSON.stringify({ weight_map: { a: shard } }) });
      const home = newFolder();
      await expect(pull(home)).rejects.toMatchObject({ code: 'checkpoint/index' });
      expect(isInstalled(home)).toBe(false);
    },
  );

  test('an index that names a shard which is not there', async () => {
    const { 'model-00002-of-00002.safetensors': _, ...rest } = SHARDED;
    hub.add('org/name', rest);
    await expect(pull(newFolder())).rejects.toMatchObject({
      code: 'checkpoint/not-found',
      message: expect.stringMatching(/lacks model-00002-of-00002\.safetensors/),
    });
  });

  const config = (change: object) => (entries: TreeEntry[]) =>
    entries.map((entry) => (entry.path === 'config.json' ? { ...entry, ...change } : entry));
  const weights = (change: object) => (entries: TreeEntry[]) =>
    entries.map((entry) => (entry.path === 'model.safetensors' ? ({ ...entry, ...change } as TreeEntry) : entry));
  test.each<[string, (entries: TreeEntry[]) => TreeEntry[], string]>([
    ['a hash that is a path', config({ oid: '../../../../escaped' }), 'network/listing'],
    ['an LFS hash that is a path', weights({ lfs: { oid: '../escaped', size: 5, pointerSize: 1 } }), 'network/listing'],
    ['no hash', config({ oid: undefined }), 'network/listing'],
    ['a negative size', config({ size: -1 }), 'network/listing'],
    ['a file twice', (entries) => [...entries, ...entries], 'network/listing'],
    ['settings of a gigabyte', config({ size: 1e9 }), 'network/listing'],
    [
      'weights larger than the disk',
      weights({ lfs: { oid: '0'.repeat(64), size: 2 ** 52, pointerSize: 1 } }),
      'network/disk-space',
    ],
    ['no object', () => [null, 7, 'x'] as unknown as TreeEntry[], 'checkpoint/no-weights'],
  ])('%s', async (_case, relist, code) => {
    hub.add('org/name', SINGLE);
    hub.relist = relist;
    const home = newFolder();
    await expect(pull(home)).rejects.toMatchObject({ code });
    expect(isInstalled(home)).toBe(false);
  });

  test.each(['../../../escaped', 'main', '', 7, undefined])('a commit that is %p', async (sha) => {
    hub.intervene = only('/revision/main', (_request, response) => {
      json(response, { id: 'org/name', sha });
      return true;
    });
    await expect(pull(newFolder())).rejects.toMatchObject({ code: 'network/listing' });
  });

  test.each(['<html>log in</html>', 'null', '[', 'x'.repeat(100)])('an answer that is no listing: %p', async (text) => {
    hub.intervene = (_request, response) => {
      response.end(text);
      return true;
    };
    await expect(pull(newFolder())).rejects.toMatchObject({ code: 'network/listing', exitCode: 3 });
  });

  test('pages without end', async () => {
    hub.add('org/name', SINGLE);
    hub.intervene = (request, response) => {
      if (!request.path.includes('/tree/')) return false;
      response.setHeader('link', `<${hub.endpoint}${request.path}>; rel="next"`);
      json(response, []);
      return true;
    };
    await expect(pull(newFolder())).rejects.toMatchObject({ message: expect.stringMatching(/more than 200 pages/) });
  });

  test('a page without end', async () => {
    hub.add('org/name', SINGLE);
    hub.intervene = only(`/tree/${COMMIT}`, (_request, response) => {
      const more = () => {
        if (!response.destroyed) response.write(' '.repeat(1 << 20), () => setImmediate(more));
      };
      more();
      return true;
    });
    await expect(pull(newFolder())).rejects.toMatchObject({ message: expect.stringMatching(/an answer of more than/) });
  });

  test('a model in other formats only', async () => {
    const { 'model.safetensors': _, ...rest } = SINGLE;
    hub.add('org/name', rest);
    await expect(pull(newFolder())).rejects.toMatchObject({
      code: 'checkpoint/no-weights',
      message: expect.stringMatching(/pytorch_model\.bin.*nothing else is ever downloaded/),
    });
    expect(hub.fetched()).toEqual([]);
  });
});
