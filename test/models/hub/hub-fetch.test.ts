/** Redirects between addresses that no server on this machine can have. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MockAgent } from 'undici';
import { hubFetch, readBounded } from '../../../models/hub/hub-fetch.js';

let agent: MockAgent;
let seen: string[];
beforeEach(() => {
  agent = new MockAgent();
  agent.disableNetConnect();
  seen = [];
});
afterEach(() => agent.close());

const fetch = (endpoint = 'https://hub.example') => hubFetch({ endpoint, token: 'hf_secret', dispatcher: agent });

/** Answers GETs of `path` at `origin`, and notes whether the token came with them. */
function answer(origin: string, path: string, location?: string): void {
  agent
    .get(origin)
    .intercept({ path })
    .reply((options) => {
      const headers = new Headers(options.headers as Record<string, string>);
      seen.push(`${origin}${path}${headers.has('authorization') ? ' with token' : ''}`);
      return location === undefined
        ? { statusCode: 200, data: 'content' }
        : { statusCode: 302, responseOptions: { headers: { location } } };
    });
}

describe('a redirect', () => {
  test('within the hub keeps the token', async () => {
    answer('https://hub.example', '/a', '/b');
    answer('https://hub.example', '/b');
    expect(await (await fetch()('https://hub.example/a', {})).text()).toBe('content');
    expect(seen).toEqual(['https://hub.example/a with token', 'https://hub.example/b with token']);
  });

  test.each(['https://cdn.hub.example', 'https://hub.example:8443', 'https://hub.example.evil.example'])(
    'to %s loses it',
    async (other) => {
      answer('https://hub.example', '/a', `${other}/b`);
      answer(other, '/b');
      await fetch()('https://hub.example/a', {});
      expect(seen).toEqual(['https://hub.example/a with token', `${other}/b`]);
    },
  );

  test('from https to http is refused', async () => {
    answer('https://hub.example', '/a', 'http://hub.example/b');
    await expect(fetch()('https://hub.example/a', {})).rejects.toThrow('a redirect from https to http');
  });

  test('from a mirror on http to its https is followed, without the token', async () => {
    answer('http://hub.example', '/a', 'https://hub.example/b');
    answer('https://hub.example', '/b');
    await fetch('http://hub.example')('http://hub.example/a', {});
    expect(seen).toEqual(['http://hub.example/a with token', 'https://hub.example/b']);
  });
});

test('an answer is read up to its limit and not beyond', async () => {
  answer('https://hub.example', '/a');
  answer('https://hub.example', '/a');
  expect(await readBounded(await fetch()('https://hub.example/a', {}), 7)).toBe('content');
  await expect(readBounded(await fetch()('https://hub.example/a', {}), 6)).rejects.toThrow('more than 6 bytes');
});
