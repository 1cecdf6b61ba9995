/** The zip and tar readers, on good archives and on damaged ones. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { archiveKind, archiveMembers } from '../../datasets/archive.js';
import { tarOf, zipOf } from './archives.js';
import { temporaryFolders } from './temporary-folder.js';

const newFolder = temporaryFolders();
const deep = `data/${'deep/'.repeat(25)}c.csv`;
const FILES = { 'dev/a.csv': '', 'data/test/b.csv': 'x'.repeat(70_000), [deep]: '一行\n' };

function saved(content: Buffer, name: string): string {
  const file = path.join(newFolder(), name);
  writeFileSync(file, content);
  return file;
}

describe.each([
  ['zip', zipOf(FILES)],
  ['tar', tarOf(FILES)],
] as const)('a %s file', (kind, content) => {
  test('gives every regular member with its content', () => {
    const members = archiveMembers(saved(content, `x.${kind}`), kind);
    expect(Object.fromEntries(members.map((member) => [member.name, member.read().toString()]))).toEqual(FILES);
  });

  test('that was cut short is refused, wherever the cut is', () => {
    for (const length of [10, 100, 700, content.length - 1600, content.length - 1100, content.length - 30]) {
      const file = saved(content.subarray(0, length), `x.${kind}`);
      const read = () => archiveMembers(file, kind).map((member) => [member.name, member.read().toString()]);
      let found: unknown;
      try {
        found = Object.fromEntries(read());
      } catch (error) {
        expect(error).toMatchObject({ code: 'dataset/archive' });
        continue;
      }
      // A tar may lose its end mark or whole members without harm to the others.
      expect(FILES).toMatchObject(found as object);
    }
  });
});

test('a tar header with a flipped bit is refused', () => {
  const tar = tarOf(FILES);
  tar[512 + 130] = 0x37;
  expect(() => archiveMembers(saved(tar, 'x.tar'), 'tar')).toThrow(/damaged header at byte 512/);
});

test('a zip member that claims a huge size is refused before it is unpacked', () => {
  const zip = zipOf({ 'a.csv': 'abc' });
  zip.writeUInt32LE(0xffff_fff0, zip.length - 22 - 5 - 46 + 24);
  const [member] = archiveMembers(saved(zip, 'x.zip'), 'zip');
  expect(() => member?.read()).toThrow(/claims 4294967280 bytes/);
});

test('a zip member that unpacks to more than it claims is refused', () => {
  const zip = zipOf({ 'a.csv': 'a'.repeat(2 ** 27) });
  zip.writeUInt32LE(5, zip.length - 22 - 5 - 46 + 24);
  const [member] = archiveMembers(saved(zip, 'x.zip'), 'zip');
  expect(() => member?.read()).toThrow(/does not unpack/);
});

test('the kind of an archive comes from its name, and others are named as unreadable', () => {
  expect(archiveKind('a/ceval-exam.ZIP')).toBe('zip');
  expect(archiveKind('data.tar')).toBe('tar');
  expect(() => archiveKind('data.tar.gz')).toThrow(/uncompressed \.tar/);
});
