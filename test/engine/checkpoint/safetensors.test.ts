import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readSafetensorsHeader } from '../../../engine/checkpoint/safetensors.js';
import { errorOf } from '../thrown-error.js';
import { fileBytes, soundFile, temporaryFolder } from './safetensors-file.js';

const folder = temporaryFolder();
let files = 0;

function written(bytes: Uint8Array): string {
  const file = path.join(folder, `${files++}.safetensors`);
  writeFileSync(file, bytes);
  return file;
}

function errorFor(bytes: Uint8Array): string {
  return errorOf(() => readSafetensorsHeader(written(bytes)));
}

/** A file whose header is `entries` as JSON text inside braces. */
function withHeader(entries: string, dataBytes: number): Buffer {
  return fileBytes(`{${entries}}`, dataBytes);
}

function claiming(bytes: bigint, rest = Buffer.alloc(64)): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(bytes);
  return Buffer.concat([length, rest]);
}

describe('readSafetensorsHeader', () => {
  test('gives absolute offsets in the order of the data', () => {
    const bytes = fileBytes(
      '{"b":{"dtype":"F32","shape":[2],"data_offsets":[6,14]},"a":{"dtype":"BF16","shape":[1,3],"data_offsets":[0,6]},"__metadata__":{"format":"pt"}}   ',
      14,
    );
    const header = readSafetensorsHeader(written(bytes));
    const dataStart = bytes.length - 14;
    expect(header.dataStart).toBe(dataStart);
    expect(header.size).toBe(bytes.length);
    expect(header.metadata.format).toBe('pt');
    expect(header.tensors).toEqual([
      { name: 'a', dtype: 'BF16', shape: [1, 3], offset: dataStart, bytes: 6 },
      { name: 'b', dtype: 'F32', shape: [2], offset: dataStart + 6, bytes: 8 },
    ]);
  });

  test('reads scalars, empty tensors and a file without tensors', () => {
    const header = readSafetensorsHeader(
      written(
        withHeader(
          '"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"e":{"dtype":"F32","shape":[0,9],"data_offsets":[4,4]}',
          4,
        ),
      ),
    );
    expect(header.tensors.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['s', 4],
      ['e', 0],
    ]);
    expect(readSafetensorsHeader(written(fileBytes('{}', 0))).tensors).toEqual([]);
  });

  test('keeps a tensor named "__proto__" an ordinary tensor', () => {
    const { tensors } = readSafetensorsHeader(
      written(withHeader('"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}', 1)),
    );
    expect(tensors.map(({ name }) => name)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });

  test.each([
    ['an empty file', Buffer.alloc(0), /checkpoint\/truncated: .*at least 8 bytes.*found 0 bytes/],
    ['seven bytes', Buffer.alloc(7), /checkpoint\/truncated: .*found 7 bytes/],
    [
      'a header of 2^60 bytes',
      claiming(2n ** 60n),
      /checkpoint\/header: .*claims a header of 1152921504606846976 bytes/,
    ],
    ['a header of 2^64 - 1 bytes', claiming(2n ** 64n - 1n), /claims a header of 18446744073709551615 bytes/],
    ['a header beyond the end', claiming(65n), /checkpoint\/truncated: .*Expected 73 bytes.*found 72 bytes/],
    ['a header of no bytes', claiming(0n), /checkpoint\/header: .*has no header/],
    ['a header of one byte', claiming(1n), /checkpoint\/header: .*has no header/],
    ['a Git LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'), /Git LFS pointer/],
    ['a header that begins with a space', fileBytes(' {}', 0), /does not begin with "\{".*0x20/],
    ['a header that is a list', fileBytes('[]', 0), /does not begin with "\{"/],
    ['a header that is not UTF-8', fileBytes(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 0), /not valid UTF-8/],
    ['a header that is not JSON', fileBytes('{"a" 1}', 0), /not valid JSON: expected ":".*line 1, column 6/],
    ['NaN in the header', fileBytes('{"a":NaN}', 0), /NaN is not JSON/],
    [
      'one name twice',
      withHeader(
        '"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}',
        1,
      ),
      /the key "a" appears twice/,
    ],
    ['metadata that is a list', withHeader('"__metadata__":[]', 0), /__metadata__ is wrong/],
    [
      'metadata that is a number',
      withHeader('"__metadata__":{"a":1}', 0),
      /__metadata__ is wrong at "a".*a string, found 1/,
    ],
    ['an entry that is null', withHeader('"a":null', 0), /tensor "a" is wrong/],
    [
      'an unknown dtype',
      withHeader('"a":{"dtype":"F12","shape":[1],"data_offsets":[0,1]}', 1),
      /checkpoint\/dtype: .*found "F12"/,
    ],
    [
      'a dtype named like a method',
      withHeader('"a":{"dtype":"toString","shape":[1],"data_offsets":[0,1]}', 1),
      /checkpoint\/dtype/,
    ],
    ['no dtype', withHeader('"a":{"shape":[1],"data_offsets":[0,1]}', 1), /checkpoint\/dtype/],
    ['no shape', withHeader('"a":{"dtype":"U8","data_offsets":[0,1]}', 1), /checkpoint\/shape/],
    [
      'a negative size',
      withHeader('"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}', 1),
      /checkpoint\/shape: .*found \[-1\]/,
    ],
    ['a fractional size', withHeader('"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}', 1), /checkpoint\/shape/],
    [
      'a size beyond 2^53',
      withHeader('"a":{"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,1]}', 1),
      /checkpoint\/shape/,
    ],
    [
      'a product that overflows',
      withHeader('"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}', 0),
      /checkpoint\/shape: .*below 2\^53 bytes, found 0 bytes/,
    ],
    [
      'a product that differs from the offsets',
      withHeader('"a":{"dtype":"F32","shape":[3],"data_offsets":[0,11]}', 11),
      /Expected 12 bytes, found 11 bytes/,
    ],
    [
      'offsets in reverse',
      withHeader('"a":{"dtype":"U8","shape":[0],"data_offsets":[4,0]}', 4),
      /checkpoint\/layout: .*begin <= end, found \[4,0\]/,
    ],
    ['three offsets', withHeader('"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}', 1), /checkpoint\/layout/],
    ['a negative offset', withHeader('"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}', 1), /checkpoint\/layout/],
    [
      'two tensors that overlap',
      withHeader(
        '"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[3],"data_offsets":[3,6]}',
        6,
      ),
      /tensor "b" overlaps tensor "a"/,
    ],
    [
      'two tensors in one place',
      withHeader(
        '"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}',
        4,
      ),
      /overlaps/,
    ],
    [
      'a gap',
      withHeader(
        '"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[1],"data_offsets":[5,6]}',
        6,
      ),
      /1 bytes between tensor "a" and tensor "b"/,
    ],
    [
      'a gap at the start',
      withHeader('"a":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}', 3),
      /2 bytes between the header and tensor "a"/,
    ],
    [
      'a byte after the last tensor',
      withHeader('"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}', 2),
      /goes on after its last tensor/,
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(errorFor(bytes)).toMatch(message);
  });

  test('says how many bytes a truncated file should have, wherever it is cut', () => {
    const bytes = soundFile({ a: { dtype: 'BF16', shape: [3, 5] }, b: { dtype: 'F32', shape: [7] } });
    for (let length = 0; length < bytes.length; length++) {
      expect(errorFor(bytes.subarray(0, length))).toMatch(/^checkpoint\/truncated: .*is truncated.*Expected/);
    }
    expect(errorFor(bytes.subarray(0, -1))).toContain(
      `Expected ${bytes.length} bytes, as its header says, found ${bytes.length - 1}`,
    );
  });

  test('refuses a folder and a file that is not there', () => {
    expect(errorOf(() => readSafetensorsHeader(folder))).toMatch(/checkpoint\/not-found: .*not a regular file/);
    expect(errorOf(() => readSafetensorsHeader(path.join(folder, 'none')))).toMatch(/checkpoint\/not-found: .*ENOENT/);
  });
});
