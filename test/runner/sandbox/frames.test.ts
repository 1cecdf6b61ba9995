import { describe, expect, test } from '@jest/globals';
import { encodeFrame, FrameReader } from '../../../runner/sandbox/frames.js';
import { decodeWords, encodePlain } from '../../../runner/sandbox/plain-data.js';

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))));

describe('a frame reader', () => {
  test('gives the same frames however the bytes are cut', () => {
    const stream = Buffer.concat([
      encodeFrame('A', Buffer.from('one')),
      encodeFrame('B', Buffer.alloc(0)),
      encodeFrame('C', Buffer.from('three')),
    ]);
    for (let size = 1; size <= stream.length; size++) {
      const reader = new FrameReader(100);
      const found: string[] = [];
      for (let at = 0; at < stream.length; at += size) {
        const { frames, tooLarge } = reader.push(stream.subarray(at, at + size));
        expect(tooLarge).toBe(false);
        found.push(...frames.map(({ kind, payload }) => kind + payload.toString()));
      }
      expect(found).toEqual(['Aone', 'B', 'Cthree']);
    }
  });

  test('refuses a frame by its announced size, before its bytes come', () => {
    expect(new FrameReader(10).push(bytes([0, 0, 0, 11], 'V')).tooLarge).toBe(false);
    expect(new FrameReader(10).push(bytes([0, 0, 0, 12])).tooLarge).toBe(true);
    expect(new FrameReader(10).push(bytes([255, 255, 255, 255])).tooLarge).toBe(true);
    expect(new FrameReader(10).push(bytes([0, 0, 0, 0])).tooLarge).toBe(true);
  });
});

describe('plain data of the parent', () => {
  test('is written in the format of codec.py', () => {
    expect(encodePlain(-1)).toEqual(bytes('i', [0, 0, 0, 8], [255, 255, 255, 255, 255, 255, 255, 255]));
    expect(encodePlain({ a: [true, null, 'é'] })).toEqual(
      bytes('d', [0, 0, 0, 1], 's', [0, 0, 0, 1], 'a', 'l', [0, 0, 0, 3], 'TN', 's', [0, 0, 0, 2], [0xc3, 0xa9]),
    );
  });

  const words = bytes('t', [0, 0, 0, 2], 's', [0, 0, 0, 2], 'ok', 'i', [0, 0, 0, 2], [1, 0]);
  test('is read back as words', () => {
    expect(decodeWords(words)).toEqual(['ok', 256]);
  });

  const broken: [name: string, data: Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['another type', bytes('s', [0, 0, 0, 1], 'x')],
    ['fewer values than announced', bytes('t', [0, 0, 0, 3], words.subarray(5).toString('latin1'))],
    ['bytes after the end', bytes(words.toString('latin1'), 'x')],
    ['a string beyond the end', bytes('t', [0, 0, 0, 1], 's', [255, 255, 255, 255], 'x')],
    ['an integer of no bytes', bytes('t', [0, 0, 0, 1], 'i', [0, 0, 0, 0])],
    ['an integer of many bytes', bytes('t', [0, 0, 0, 1], 'i', [0, 0, 0, 7], '1234567')],
    ['a nested value', bytes('t', [0, 0, 0, 1], 'l', [0, 0, 0, 0])],
  ];
  test.each(broken)('that is %s is no words', (_, data) => {
    expect(decodeWords(data)).toBeUndefined();
  });
});
