import { describe, expect, test } from '@jest/globals';
import { TextStream } from '../../serve/text-stream.js';
import { OffsetCounter, type TokenText } from '../../serve/token-text.js';

/** One token a byte. */
const decode = (ids: readonly number[]) => Buffer.from(ids).toString('utf8');

function pieces(text: string, stop: readonly string[] = []): string[] {
  const stream = new TextStream(stop, decode);
  return [...Buffer.from(text)].map((byte) => stream.push(byte));
}

describe('pieces of a text', () => {
  test.each(['plain', '答案是甲。还有', 'a😀b', 'é\u0301', ''])(
    'of %j are whole characters and the whole text',
    (text) => {
      const sent = pieces(text);
      expect(sent.join('')).toBe(text);
      expect(sent.some((piece) => piece.includes('\ufffd'))).toBe(false);
    },
  );

  test.each([
    ['one\n', ['\n\n'], 'one'],
    ['x = 1\ncla', ['\nclass'], 'x = 1'],
    ['x = 1\nclap', ['\nclass'], 'x = 1\nclap'],
    ['a STOP', ['STOP'], 'a '],
    ['aab', ['aac', 'b!'], 'aa'],
  ])('of %j hold back what may be the beginning of %j', (text, stop, sent) => {
    expect(pieces(text, stop).join('')).toBe(sent);
  });

  test('are completed by what was held back', () => {
    const stream = new TextStream(['\n\n'], decode);
    let sent = '';
    for (const byte of Buffer.from('end\n')) sent += stream.push(byte);
    expect([sent, stream.finish('end\n')]).toEqual(['end', '\n']);
  });

  test('of bytes that never become a character are sent in the end', () => {
    const stream = new TextStream([], decode);
    const bytes = Array(20).fill(0xff) as number[];
    const sent = bytes.map((byte) => stream.push(byte)).join('');
    expect(sent + stream.finish(decode(bytes))).toBe(decode(bytes));
    expect(sent.length).toBeGreaterThan(15);
  });
});

test('places of tokens count characters, however their bytes are split', () => {
  const token = (text: string, whole = true, bytes = [...Buffer.from(text)]): TokenText => ({ text, bytes, whole });
  const counter = new OffsetCounter();
  const [a = 0, b = 0, c = 0] = Buffer.from('太');
  const tokens = [token('x'), token('bytes:', false, [a, b]), token('bytes:', false, [c]), token('😀y'), token('z')];
  expect(tokens.map((one) => counter.next(one))).toEqual([0, 1, 1, 2, 4]);
});
