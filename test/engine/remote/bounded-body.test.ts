import { expect, test } from '@jest/globals';
import { Response } from 'undici';
import { boundedBody } from '../../../engine/remote/bounded-body.js';

test.each([
  [10, true],
  [11, false],
])('an answer of %i bytes with room for 10: whole %j', async (bytes, isWhole) => {
  const bounded = boundedBody(new Response('x'.repeat(bytes), { status: 201, headers: { server: 'a' } }), 10);
  expect([bounded.status, bounded.headers.get('server')]).toEqual([201, 'a']);
  if (isWhole) expect(await bounded.text()).toHaveLength(bytes);
  else await expect(bounded.text()).rejects.toThrow(/larger than 10 bytes/);
});
