import { describe, expect, test } from '@jest/globals';
import { AdaptiveLimit } from '../../../engine/remote/adaptive-limit.js';
import { placesOf } from '../../../engine/remote/answer-shapes.js';
import { keyFromEnvironment, keyRemover } from '../../../engine/remote/api-key.js';
import { checkBaseUrl } from '../../../engine/remote/base-url.js';
import { cutAtStop } from '../../../engine/remote/generate-remotely.js';
import { type FailureKind, RemoteFailure, retryAfterMs } from '../../../engine/remote/remote-failure.js';
import { RetryPolicy } from '../../../engine/remote/retry-policy.js';

describe('the address of a server', () => {
  test.each([
    ['http://localhost:8000/v1', 'http://localhost:8000/v1'],
    ['https://api.example.com/v1//', 'https://api.example.com/v1'],
    ['HTTP://Host/', 'http://host'],
  ])('%s is %s', (text, url) => {
    expect(checkBaseUrl(text)).toBe(url);
  });

  test.each([
    ['http://me:secret@host/v1', /user name or a password/],
    ['https://host/v1?api-key=secret', /behind "\?"/],
    ['https://host/v1#secret', /behind/],
    ['ftp://host/v1', /begins with ftp:/],
    ['secret', /not an address/],
  ])('%s is refused without its secret', (text, message) => {
    expect(() => checkBaseUrl(text)).toThrow(message);
    expect(() => checkBaseUrl(text)).not.toThrow(/secret/);
  });
});

describe('a key', () => {
  test('comes from the environment and goes out of every text', () => {
    expect(keyFromEnvironment({ OPENAI_API_KEY: 'a', EVALRUN_API_KEY: 'b' })).toBe('a');
    expect(keyFromEnvironment({ OPENAI_API_KEY: '', EVALRUN_API_KEY: 'b' })).toBe('b');
    expect(keyFromEnvironment({})).toBeUndefined();
    expect(keyRemover('sk-1')('Bearer sk-1, sk-1')).toBe('Bearer [key], [key]');
    expect(keyRemover(undefined)('text')).toBe('text');
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 0, 1, 12, 0, 0);
  test.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': 'Thu, 01 Jan 2026 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Thu, 01 Jan 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{}, undefined],
  ])('%j is %s ms', (headers, ms) => {
    expect(retryAfterMs(new Headers(headers as Record<string, string>), now)).toBe(ms);
  });
});

describe('asking again', () => {
  const limits = { patienceMs: 1000, brokenTries: 3, slowTries: 2, firstPauseMs: 100, longestPauseMs: 400 };
  const pauses = (kind: FailureKind, random: number, more: { after?: number; stepMs?: number } = {}) => {
    let clock = 0;
    const policy = new RetryPolicy(
      limits,
      () => clock,
      () => random,
    );
    const all: number[] = [];
    for (;;) {
      const pause = policy.pauseAfter(new RemoteFailure(kind, '', more.after));
      if (pause === undefined) return all;
      all.push(pause);
      clock += pause + (more.stepMs ?? 0);
    }
  };

  test('waits twice as long each time, with jitter, to a bound in tries or in time', () => {
    expect(pauses('broken', 1)).toEqual([100, 200]);
    expect(pauses('slow', 0)).toEqual([50]);
    expect(pauses('overloaded', 1)).toEqual([100, 200, 400]);
    expect(pauses('unreachable', 0)).toEqual([50, 100, 200, 200, 200, 200]);
    expect(pauses('refused', 1)).toEqual([]);
    expect(pauses('denied', 1)).toEqual([]);
  });

  test('waits as long as the server asks, and gives up when that is too long', () => {
    expect(pauses('overloaded', 1, { after: 450 })).toEqual([450, 450]);
    expect(pauses('overloaded', 1, { after: 5000 })).toEqual([]);
  });
});

describe('the crowd of requests', () => {
  test('grows by one for each round of successes and is halved by an overload, once for those that were sent before', () => {
    let clock = 0;
    const limit = new AdaptiveLimit(6, () => clock);
    expect(limit.allowed).toBe(4);
    for (let i = 0; i < 4; ++i) limit.onSuccess();
    expect(limit.allowed).toBe(5);
    for (let i = 0; i < 100; ++i) limit.onSuccess();
    expect(limit.allowed).toBe(6);
    clock = 10;
    limit.onOverload(5);
    limit.onOverload(7);
    expect(limit.allowed).toBe(3);
    clock = 20;
    for (let i = 0; i < 3; ++i) limit.onOverload(11 + 10 * i);
    expect(limit.allowed).toBe(1);
    expect(new AdaptiveLimit(2).allowed).toBe(2);
  });
});

describe('answers', () => {
  test('tell log-probabilities in the words of several servers', () => {
    const openai = { tokens: ['x', ' A'], token_logprobs: [null, -1], top_logprobs: [null, { ' A': -1, ' B': null }] };
    const llama = {
      content: [
        {
          token: 'x',
          logprob: -1,
          top_logprobs: [
            { token: 'ĠA', logprob: -2 },
            { token: '▁A', logprob: -3 },
          ],
        },
      ],
    };
    expect(placesOf(openai).map(({ logProb, top }) => [logProb, [...top]])).toEqual([
      [null, []],
      [-1, [[' A', -1]]],
    ]);
    expect(placesOf(llama).map(({ top }) => [...top])).toEqual([[[' A', -2]]]);
    expect(placesOf(null)).toEqual([]);
  });

  test.each([
    ['one\ntwo', ['\n'], 'one'],
    ['abcab', ['ca', 'bc'], 'a'],
    ['none', ['x', ''], 'none'],
  ])('%j is cut at the first of %j', (text, stop, left) => {
    expect(cutAtStop(text, stop)).toBe(left);
  });
});
