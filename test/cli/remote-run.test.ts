/** The command line with a server in place of the built-in engine. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type StubServer, startStub } from '../engine/remote/stub-server.js';
import { runCli } from './run-cli.js';

const key = 'canary-c0ffee';
let home: string;
let stub: StubServer;
beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-cli-remote-'));
  stub = await startStub({ key });
});
afterAll(async () => {
  await stub.close();
  rmSync(home, { recursive: true });
});

const evalrun = (args: readonly string[], env: Record<string, string> = { OPENAI_API_KEY: key }) =>
  runCli(args, { cwd: home, env });
const oneLine = (text: string) => text.replace(/\s+/g, ' ');
const suite = ['--suite', 'mmlu', '--data', 'embedded', '--shots', '0', '--limit', '6'];
const remote = (baseUrl: string) => ['--engine', 'openai', '--base-url', baseUrl];

describe('evalrun --engine openai', () => {
  test('says whom it asks and how, records what the server says, keeps the key out, and resumes', async () => {
    const { code, stdout, stderr } = await evalrun([...suite, ...remote(stub.baseUrl), '--json']);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const shown = oneLine(stderr);
    expect(shown).toMatch(/server: completions and chat; log-probabilities: best 6, others by echo; prompts as text/);
    expect(shown).toMatch(/one question alone and 4 times in a crowd gave the same text/);
    expect(shown).toMatch(/model stub, as the server names it: weights and precision unknown/);
    expect(shown).toMatch(new RegExp(`server ${stub.baseUrl}, stub/1`));
    expect(shown).toMatch(/not fitted to the context, because no --tokenizer was given/);
    const { run } = JSON.parse(stdout);
    const folder = path.join(home, run);
    const record = JSON.parse(readFileSync(path.join(folder, 'run.json'), 'utf8'));
    expect(record.settings).toMatchObject({
      engine: 'openai',
      base_url: stub.baseUrl,
      model: 'stub',
      dtype: 'unknown',
    });
    expect(record.model).toMatchObject({ name: 'stub', weight_fingerprint: 'unknown (served as stub)' });
    const everything = readdirSync(folder).map((file) => readFileSync(path.join(folder, file), 'utf8'));
    for (const text of [stdout, stderr, ...everything]) expect(text).not.toMatch(/canary/);
    const again = await evalrun(['--resume', run, '--json']);
    expect([again.code, again.stdout]).toEqual([0, stdout]);
  });

  test.each([
    ['no address', ['--engine', 'openai'], /--engine openai needs the address of the server.*--base-url/],
    [
      'a password in the address',
      remote('http://me:hush@host/v1'),
      /--base-url is not usable.*user name or a password/,
    ],
    [
      'an option of the built-in engine',
      [...remote('http://127.0.0.1:65531/v1'), '--threads', '2'],
      /--threads says nothing to a server/,
    ],
    [
      'an address without the engine',
      ['--base-url', 'http://127.0.0.1:65531/v1'],
      /--base-url says nothing to the built-in engine/,
    ],
    ['nobody there', remote('http://127.0.0.1:65531/v1'), /cannot be used. Found unreachable: .*ECONNREFUSED/],
  ])('with %s is one paragraph and exit code 3', async (_, args, says) => {
    const { code, stderr } = await evalrun([...suite, ...args, '--quiet']);
    expect(code).toBe(3);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/hush|canary/);
  });

  test('with the wrong key or another model says so', async () => {
    const wrong = await evalrun([...suite, ...remote(stub.baseUrl), '--quiet'], { OPENAI_API_KEY: 'canary-bad' });
    expect([wrong.code, wrong.stderr]).toEqual([
      3,
      expect.stringMatching(/refuses this client.*HTTP 401.*\[key\].*OPENAI_API_KEY/),
    ]);
    const other = await evalrun([...suite, ...remote(stub.baseUrl), '--quiet', '--model', 'gpt']);
    expect([other.code, other.stderr]).toEqual([
      3,
      expect.stringMatching(/does not serve "gpt". Expected one of "stub"/),
    ]);
  });
});
