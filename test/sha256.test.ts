/** The short way of hashing against the long one. */
import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { sha256Hex } from '../sha256.js';

test.each(['', 'abc', 'Frage: 题 𝔽₂\u0000', 'half a pair \ud800 of surrogates', 'x'.repeat(100_000)])(
  'the hash of a text and of its bytes is the one that updates give (case %#)',
  (text) => {
    const expected = createHash('sha256').update(text, 'utf8').digest('hex');
    expect([sha256Hex(text), sha256Hex(Buffer.from(text))]).toEqual([expected, expected]);
  },
);
