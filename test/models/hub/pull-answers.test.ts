/** Who gets the token, and what a person reads when the hub refuses. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { temporaryFolders } from '../../datasets/temporary-folder.js';
import { COMMIT, fail, json } from './fake-hub.js';
import { hubFixture, onCdn, only, TOKEN } from './pull-fixture.js';
import { SINGLE } from './tiny-model.js';

const { hub, pull } = hubFixture();
const newFolder = temporaryFolders();

describe('the token', () => {
  const secret = { HF_TOKEN: TOKEN };

  test('goes to the hub with every request and never to the host of a redirect', async () => {
    hub.add('org/name', SINGLE);
    await pull(newFolder(), { env: secret });
    const [atHub, atCdn] = ['hub', 'cdn'].map((server) => hub.requests.filter((request) => request.server === server));
    expect(new Set(atHub?.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${TOKEN}`]));
    expect(atCdn?.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test('does not come back when a foreign host leads back to the hub', async () => {
    hub.add('org/name', SINGLE);
    hub.intervene = onCdn((_request, response) => {
      response.writeHead(302, { location: `${hub.endpoint}/led/astray` }).end();
      return true;
    });
    await expect(pull(newFolder(), { env: secret })).rejects.toMatchObject({ code: 'network/not-found' });
    const astray = hub.requests.filter(({ path }) => path === '/led/astray');
    expect(astray.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test('is not sent to the host that a listing names for its next page', async () => {
    hub.add('org/name', SINGLE);
    hub.intervene = (request, response) => {
      if (request.server === 'cdn' && request.path === '/next') {
        json(response, []);
        return true;
      }
      if (request.path.includes('/tree/')) response.setHeader('link', `<${hub.cdnOrigin}/next>; rel="next"`);
      return false;
    };
    await pull(newFolder(), { env: secret });
    const next = hub.requests.filter(({ path }) => path === '/next');
    expect(next.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test('comes from the file in HF_HOME, and any form of token is taken', async () => {
    hub.add('org/name', SINGLE);
    const home = newFolder();
    writeFileSync(path.join(home, 'token'), 'a-mirror-token\n');
    await pull(home);
    expect(hub.requests[0]?.authorization).toBe('Bearer a-mirror-token');
  });

  test('is in no error, whatever the server says, nor are signed addresses and words of the server', async () => {
    hub.add('org/name', SINGLE);
    for (const status of [400, 401, 403, 404, 418, 429, 500]) {
      for (const place of ['/revision/main', '/config.json', '/model.safetensors']) {
        hub.intervene = only(place, ({ server }, response) => {
          if (place === '/model.safetensors' && server === 'hub') return false;
          fail(response, status);
          return true;
        });
        const error = await pull(newFolder(), { env: secret }).catch((caught: Error) => caught);
        if (!(error instanceof Error)) throw new Error(`${status} at ${place} was no error`);
        const text = `${error.message}\n${error.stack}\n${JSON.stringify(error)}\n${String(error.cause)}`;
        expect(text).toMatch(new RegExp(`HTTP ${status}`));
        for (const word of [TOKEN, 'signature', 'server says', '\u001b', 'hf_secret']) expect(text).not.toContain(word);
        expect(error).toMatchObject({ exitCode: 3 });
      }
    }
  });
});

describe('what the hub refuses', () => {
  test.each<[status: number, code: string | undefined, token: boolean, expected: string, message: RegExp]>([
    [404, 'RepoNotFound', true, 'network/not-found', /org\/name is not at http.*check the spelling/i],
    [404, 'RevisionNotFound', false, 'network/not-found', /org\/name has no revision main/],
    [
      401,
      'RepoNotFound',
      false,
      'network/token',
      /without a token.*there is none of this name, or it is private.*HF_TOKEN/i,
    ],
    [401, undefined, true, 'network/token', /does not accept the token from HF_TOKEN/],
    [403, 'GatedRepo', true, 'network/gated', /refuses org\/name.*token from HF_TOKEN.*accept the model's conditions/i],
    [403, 'GatedRepo', false, 'network/gated', /no token was sent/],
    [418, undefined, false, 'network/download', /HTTP 418/],
  ])('%i %s, token %s: %s', async (status, errorCode, token, code, message) => {
    hub.add('org/name', SINGLE);
    hub.intervene = (_request, response) => {
      fail(response, status, errorCode);
      return true;
    };
    const env = token ? { HF_TOKEN: TOKEN } : {};
    await expect(pull(newFolder(), { env })).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(hub.requests).toHaveLength(1);
  });

  test('too many requests: waits as long as asked, says so, and goes on', async () => {
    hub.add('org/name', SINGLE);
    const asked: number[] = [];
    hub.intervene = only('/model.safetensors', ({ server }, response) => {
      if (server === 'cdn') return false;
      asked.push(performance.now());
      if (asked.length > 1) return false;
      response.writeHead(429, { 'retry-after': '1' }).end();
      return true;
    });
    await pull(newFolder());
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  test('too many requests, by a date that is past: asks again at once', async () => {
    hub.add('org/name', SINGLE);
    let busy = true;
    hub.intervene = only('/revision/main', (_request, response) => {
      if (!busy) return false;
      busy = false;
      response.writeHead(429, { 'retry-after': new Date(0).toUTCString() }).end();
      return true;
    });
    await pull(newFolder());
  });

  test('too many requests for long: an error that says how long', async () => {
    hub.add('org/name', SINGLE);
    hub.intervene = only('/revision/main', (_request, response) => {
      response.writeHead(429, { 'retry-after': '3600' }).end();
      return true;
    });
    await expect(pull(newFolder())).rejects.toMatchObject({
      code: 'network/rate-limit',
      message: expect.stringMatching(/wait 3600 s.*token in HF_TOKEN has a higher limit/),
    });
    expect(hub.requests).toHaveLength(1);
  });

  test('a busy server is asked again', async () => {
    hub.add('org/name', SINGLE);
    let busy = true;
    hub.intervene = onCdn((_request, response) => {
      if (!busy) return false;
      busy = false;
      response.writeHead(503).end();
      return true;
    });
    await pull(newFolder());
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['redirects without end', { location: '/round/and/round' }, /more than 5 redirects/],
    ['a redirect to a file', { location: 'file:///etc/passwd' }, /a redirect to file:/],
    ['a redirect to an address with a user', { location: 'http://a:b@127.0.0.1/' }, /an address with a user/],
    ['a redirect to nowhere', {}, /a redirect to no address/],
  ])('%s', async (_case, headers, message) => {
    hub.intervene = (_request, response) => {
      response.writeHead(302, headers).end();
      return true;
    };
    await expect(pull(newFolder())).rejects.toMatchObject({
      code: 'network/download',
      message: expect.stringMatching(message),
    });
    expect(hub.requests.length).toBeLessThanOrEqual(6);
  });

  test('a name that has moved is followed', async () => {
    hub.add('org/name', SINGLE);
    hub.add('old/name', SINGLE);
    hub.intervene = ({ path: place }, response) => {
      if (!place.includes('old/name')) return false;
      response.writeHead(307, { location: place.replace('old/name', 'org/name') }).end();
      return true;
    };
    expect((await pull(newFolder(), {}, 'old/name')).commit).toBe(COMMIT);
  });
});
