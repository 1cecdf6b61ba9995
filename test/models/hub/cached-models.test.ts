/** The cache as other tools leave it. */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { listCached } from '../../../models/hub/cached-models.js';
import { type FindModelOptions, findModel } from '../../../models/hub/find-model.js';
import { temporaryFolders, writeFiles } from '../../datasets/temporary-folder.js';

const newFolder = temporaryFolders();
const [FIRST, SECOND] = ['1'.repeat(40), '2'.repeat(40)];
const INDEX = JSON.stringify({ weight_map: { a: 'a.safetensors', b: 'b.safetensors' } });

/** A cache with a snapshot of `org/name` whose files are links to blobs, and main on it. */
function cacheWith(files: Readonly<Record<string, string>>, home = newFolder(), commit = FIRST): string {
  const repository = path.join(home, 'hub', 'models--org--name');
  writeFiles(path.join(repository, 'refs'), { main: commit });
  const snapshot = path.join(repository, 'snapshots', commit);
  mkdirSync(snapshot, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    writeFiles(path.join(repository, 'blobs'), { [`blob-of-${name}`]: content });
    symlinkSync(path.join('..', '..', 'blobs', `blob-of-${name}`), path.join(snapshot, name));
  }
  return home;
}

const WHOLE = { 'config.json': '{}', 'tokenizer.json': '{}', 'model.safetensors': 'weights' };
const { 'model.safetensors': _, ...WITHOUT_WEIGHTS } = WHOLE;
const SHARDED = { ...WITHOUT_WEIGHTS, 'model.safetensors.index.json': INDEX, 'a.safetensors': 'a' };

const find = (home: string, options: Partial<FindModelOptions> = {}, model = 'org/name') =>
  findModel(model, { need: 'run', ...options, env: { HF_HOME: home, ...options.env } });
const snapshotIn = (home: string, commit = FIRST) => path.join(home, 'hub', 'models--org--name', 'snapshots', commit);

describe('findModel', () => {
  test('takes a folder before a name, and leaves what is no name to its reader', async () => {
    const folder = newFolder();
    expect(await find(newFolder(), {}, folder)).toBe(folder);
    for (const text of ['nothing-here', './org/name', '/org/name', 'a/b/c']) {
      expect(await find(newFolder(), {}, text)).toBe(text);
    }
  });

  test('finds the commit that main is, another revision, and a commit by itself', async () => {
    const home = cacheWith(WHOLE);
    cacheWith(WHOLE, home, SECOND);
    writeFiles(path.join(home, 'hub', 'models--org--name', 'refs'), { v1: FIRST });
    const notices: string[] = [];
    expect(await find(home, { onNotice: (line) => notices.push(line) })).toBe(snapshotIn(home, SECOND));
    expect(notices).toEqual([expect.stringMatching(/org\/name: commit 222222222222 in/)]);
    expect(await find(home, {}, 'org/name@v1')).toBe(snapshotIn(home));
    expect(await find(home, {}, `org/name@${FIRST}`)).toBe(snapshotIn(home));
  });

  test.each<[name: string, files: Record<string, string>, need: FindModelOptions['need'], lacks: string | undefined]>([
    ['a config', { 'config.json': '{}' }, 'config', undefined],
    ['a config', { 'config.json': '{}' }, 'tokenizer', 'tokenizer.json'],
    ['no weights', WITHOUT_WEIGHTS, 'tokenizer', undefined],
    ['no weights', WITHOUT_WEIGHTS, 'weights', 'model.safetensors'],
    ['a lost shard', SHARDED, 'weights', 'b.safetensors'],
    ['all shards', { ...SHARDED, 'b.safetensors': 'b' }, 'run', undefined],
    ['a broken index', { ...SHARDED, 'model.safetensors.index.json': '{' }, 'run', 'model.safetensors.index.json'],
    ['no tokenizer', { 'config.json': '{}', 'model.safetensors': 'w' }, 'weights', undefined],
    ['no tokenizer', { 'config.json': '{}', 'model.safetensors': 'w' }, 'run', 'tokenizer.json'],
  ])('%s: for %s', async (_name, files, need, lacks) => {
    const home = cacheWith(files);
    if (lacks === undefined) expect(await find(home, { need })).toBe(snapshotIn(home));
    else {
      await expect(find(home, { need })).rejects.toMatchObject({
        code: 'checkpoint/not-cached',
        message: expect.stringMatching(new RegExp(`in the cache without ${lacks}.*evalrun models pull org/name`)),
      });
    }
  });

  test('a link whose blob is gone is a file that is not there', async () => {
    const home = cacheWith(WHOLE);
    rmSync(path.join(home, 'hub', 'models--org--name', 'blobs', 'blob-of-model.safetensors'));
    await expect(find(home)).rejects.toThrow(/without model\.safetensors/);
  });

  test('a ref that is no commit leads nowhere', async () => {
    const home = cacheWith(WHOLE);
    writeFiles(path.join(home, 'hub', 'models--org--name', 'refs'), { main: '../../../elsewhere' });
    await expect(find(home)).rejects.toThrow(/not in the cache/);
  });

  test('pulls only what is not there, only where it may, and says so first', async () => {
    const notices: string[] = [];
    const pull = async () => '/pulled';
    const onNotice = (line: string) => notices.push(line);
    expect(await find(cacheWith(WHOLE), { pull })).not.toBe('/pulled');
    expect(await find(newFolder(), { pull, onNotice })).toBe('/pulled');
    expect(notices).toEqual([
      expect.stringMatching(/no folder org\/name.*not in the cache: pulling it from https:\/\/huggingface\.co/),
    ]);
    await expect(find(newFolder(), {}, 'org/name@v1')).rejects.toMatchObject({
      code: 'checkpoint/not-cached',
      message: expect.stringMatching(/evalrun models pull org\/name --revision v1/),
    });
  });

  test('offline: what is in the cache, else an error', async () => {
    const env = { HF_HUB_OFFLINE: '1' };
    const pull = async () => '/pulled';
    const home = cacheWith(WHOLE);
    expect(await find(home, { pull, env })).toBe(snapshotIn(home));
    await expect(find(newFolder(), { pull, env })).rejects.toMatchObject({
      code: 'network/offline',
      message: expect.stringMatching(/HF_HUB_OFFLINE/),
    });
  });
});

describe('listCached', () => {
  test('of no cache is empty', () => {
    expect(listCached(path.join(newFolder(), 'nowhere'))).toEqual([]);
  });

  test('names every snapshot with its refs, its size and what it lacks', () => {
    const home = cacheWith(WHOLE);
    cacheWith(SHARDED, home, SECOND);
    expect(listCached(path.join(home, 'hub'))).toEqual([
      {
        model: 'org/name',
        commit: FIRST,
        refs: [],
        bytes: 11,
        complete: true,
        missing: [],
        folder: snapshotIn(home, FIRST),
      },
      {
        model: 'org/name',
        commit: SECOND,
        refs: ['main'],
        bytes: 5 + INDEX.length,
        complete: false,
        missing: ['b.safetensors'],
        folder: snapshotIn(home, SECOND),
      },
    ]);
  });

  test('shows a pull that has not ended, and passes over what is no model', () => {
    const cache = newFolder();
    writeFiles(cache, {
      'models--org--half/blobs/x.part': '12345',
      'models--gpt2/snapshots/.DS_Store': '',
      'datasets--org--data/refs/main': FIRST,
      'models--org--a--b/refs/main': FIRST,
      '.locks/models--org--half/evalrun.lock': '',
      'version.txt': '1',
    });
    expect(listCached(cache).map(({ model, commit, bytes, complete }) => ({ model, commit, bytes, complete }))).toEqual(
      [
        { model: 'gpt2', commit: null, bytes: 0, complete: false },
        { model: 'org/half', commit: null, bytes: 5, complete: false },
      ],
    );
  });

  test('counts a blob once that two names link to, and follows folders', () => {
    const home = cacheWith(WHOLE);
    symlinkSync(path.join('..', '..', 'blobs', 'blob-of-config.json'), path.join(snapshotIn(home), 'again.json'));
    writeFiles(snapshotIn(home), { 'onnx/model.onnx': '123' });
    expect(listCached(path.join(home, 'hub'))[0]?.bytes).toBe(11 + 3);
  });
});
