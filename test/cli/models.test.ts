/** `evalrun models` and `--model org/name` as a user meets them, as processes against a hub on this machine. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { modelsCommand } from '../../cli/models.js';
import { renderPull } from '../../cli/pull-shown.js';
import { writeRandomModel } from '../../models/random-model.js';
import { COMMIT, FakeHub, fail, sendCut } from '../models/hub/fake-hub.js';
import { SINGLE } from '../models/hub/tiny-model.js';
import { writeTinyDatasets } from '../runner/tiny-dataset.js';
import { fakeParts } from './fake-parts.js';
import { type CliOptions, runCli } from './run-cli.js';

const TOKEN = 'hf_VerySecretToken';
const hub = new FakeHub();
let root: string;
let random: Record<string, Buffer>;
let suite: string[];
let homes = 0;

beforeAll(async () => {
  await hub.start();
  root = mkdtempSync(path.join(tmpdir(), 'evalrun-models-'));
  const folder = path.join(root, 'random');
  writeRandomModel(folder, 'random');
  random = Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))]));
  const data = writeTinyDatasets(path.join(root, 'data'), 12);
  suite = ['--suite', 'mmlu', '--data', data, '--allow-modified-data', '--subjects', 'anatomy,marketing'];
});
afterAll(async () => {
  await hub.stop();
  rmSync(root, { recursive: true, force: true });
});
afterEach(() => hub.reset());

function newHome(): string {
  homes += 1;
  return mkdtempSync(path.join(root, `home-${homes}-`));
}

/** Runs `evalrun ...args` with its own home; nothing of the user's own hub settings gets in. */
function evalrun(home: string, args: readonly string[], options: Partial<CliOptions> = {}) {
  const unset = Object.fromEntries(
    ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'HF_HUB_OFFLINE'].map((name) => [
      name,
      '',
    ]),
  );
  const env = { ...unset, TRANSFORMERS_OFFLINE: '', HF_HOME: home, HF_ENDPOINT: hub.endpoint, ...options.env };
  return runCli(args, { cwd: home, ...options, env });
}

const snapshotIn = (home: string, model = 'org/name') =>
  path.join(home, 'hub', `models--${model.replace('/', '--')}`, 'snapshots', COMMIT);
const controlCharacters = /(?!\n)\p{Cc}/u;

describe('evalrun models pull', () => {
  test('says what it pulls and where it is, without control characters', async () => {
    hub.add('org/name', SINGLE);
    const home = newHome();
    const { code, stdout, stderr } = await evalrun(home, ['models', 'pull', 'org/name']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^org\/name: commit c0ffee000000, 7 files, .* fetched, every hash right, in .*\n$/);
    expect(stdout).toContain(snapshotIn(home));
    expect(stderr).toMatch(/org\/name: commit c0ffee000000, 7 files.*\n.*left aside consolidated\.safetensors/);
    expect(stdout + stderr).not.toMatch(controlCharacters);
  });

  test('--json prints one object', async () => {
    hub.add('org/name', SINGLE);
    hub.revisions.get('org/name')?.set('v1', COMMIT);
    const home = newHome();
    const { stdout } = await evalrun(home, ['models', 'pull', 'org/name', '--revision', 'v1', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      cache: path.join(home, 'hub'),
      models: [
        expect.objectContaining({
          model: 'org/name',
          revision: 'v1',
          commit: COMMIT,
          folder: snapshotIn(home),
          files: 7,
        }),
      ],
    });
  });

  test.each<[string, string[], Record<string, string>, RegExp]>([
    ['no name', ['models', 'pull', 'name'], {}, /"name" is not the name of a model.*org\/name/],
    ['a bad revision', ['models', 'pull', 'org/name', '--revision', '../x'], {}, /cannot be the revision/],
    [
      'a model that is none',
      ['models', 'pull', 'org/other'],
      { HF_TOKEN: TOKEN },
      /does not accept the token from HF_TOKEN/,
    ],
    [
      'a token that is none',
      ['models', 'pull', 'org/name'],
      { HF_TOKEN: `${TOKEN} x` },
      /HF_TOKEN does not hold a token/,
    ],
    ['a missing revision', ['models', 'pull', 'org/name@v9'], { HF_TOKEN: TOKEN }, /org\/name has no revision v9/],
    ['offline', ['models', 'pull', 'org/name'], { HF_HUB_OFFLINE: '1' }, /not pulled, because HF_HUB_OFFLINE is set/],
    ['no such hub', ['models', 'pull', 'org/name'], { HF_ENDPOINT: 'nowhere' }, /HF_ENDPOINT is not an address/],
  ])('%s: one paragraph, exit code 3, and no token', async (_case, args, env, message) => {
    hub.add('org/name', SINGLE);
    const { code, stdout, stderr } = await evalrun(newHome(), args, { env: { ...env, EVALRUN_DEBUG: '0' } });
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain(TOKEN);
  });

  test('the token is not in the stack traces either', async () => {
    hub.intervene = (_request, response) => {
      fail(response, 403);
      return true;
    };
    const { stderr } = await evalrun(newHome(), ['models', 'pull', 'org/name'], {
      env: { HF_TOKEN: TOKEN, EVALRUN_DEBUG: '1' },
    });
    expect(stderr).toMatch(/\n\s+at /);
    expect(stderr).not.toContain(TOKEN);
    expect(hub.requests[0]?.authorization).toContain(TOKEN);
  });

  test('killed in the middle, goes on where it stopped', async () => {
    hub.add('org/name', random);
    const weights = random['model.safetensors'] ?? Buffer.alloc(0);
    const home = newHome();
    let kill = () => {};
    hub.intervene = ({ server, range }, response) => {
      if (server === 'hub') return false;
      response.writeHead(200, { 'content-length': weights.length });
      response.write(weights.subarray(0, 100_000), () => setTimeout(() => kill(), 500));
      return range === undefined;
    };
    const killed = await evalrun(home, ['models', 'pull', 'org/name'], {
      onStderr: (_text, child) => {
        kill = () => child.kill('SIGKILL');
      },
    });
    expect(killed.code).toBeNull();
    expect(existsSync(snapshotIn(home))).toBe(false);
    hub.intervene = () => false;
    hub.requests = [];
    const { code } = await evalrun(home, ['models', 'pull', 'org/name']);
    expect(code).toBe(0);
    expect(hub.fetched()).toContain('cdn model.safetensors bytes=100000-');
    expect(readFileSync(path.join(snapshotIn(home), 'model.safetensors')).equals(weights)).toBe(true);
  });

  test('by several processes at once fetches every file once', async () => {
    hub.add('org/name', random);
    const home = newHome();
    const outcomes = await Promise.all([1, 2, 3].map(() => evalrun(home, ['models', 'pull', 'org/name'])));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(hub.fetched().filter((line) => line.startsWith('cdn'))).toEqual(['cdn model.safetensors']);
  });

  test('stops at Ctrl-C with exit code 130 and says how to go on', async () => {
    hub.add('org/name', random);
    const weights = random['model.safetensors'] ?? Buffer.alloc(0);
    let interrupt = () => {};
    hub.intervene = ({ server, range }, response) => {
      if (server === 'hub') return false;
      sendCut(weights, 1000, range, response);
      setTimeout(() => interrupt(), 100);
      return true;
    };
    const { code, stderr } = await evalrun(newHome(), ['models', 'pull', 'org/name'], {
      onStderr: (_text, child) => {
        interrupt = () => child.kill('SIGINT');
      },
    });
    expect(code).toBe(130);
    expect(stderr).toMatch(/was interrupted\. Run the same command again/);
  });
});

describe('evalrun models list', () => {
  async function list(home: string, ...args: string[]): Promise<string> {
    const before = process.env;
    process.env = { HOME: home, HF_HOME: home };
    let output = '';
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      output += String(text);
      return true;
    });
    try {
      const box = path.join(home, 'nano');
      if (!existsSync(box)) writeRandomModel(box, 'random');
      await modelsCommand({ ...fakeParts, defaultModel: async () => box }).parseAsync(['list', ...args], {
        from: 'user',
      });
    } finally {
      write.mockRestore();
      process.env = before;
    }
    return output;
  }

  test('shows the model in the box alone where there is no cache', async () => {
    const home = newHome();
    const output = await list(home);
    expect(output).toMatch(/nano .* MB .*in the box; used when no model is named/);
    expect(output).toContain(`cache: ${path.join(home, 'hub')}`);
  });

  test('shows what is complete and what is not', async () => {
    hub.add('org/name', random);
    hub.add('org/half', random);
    const home = newHome();
    await evalrun(home, ['models', 'pull', 'org/name', 'org/half']);
    rmSync(path.join(snapshotIn(home, 'org/half'), 'model.safetensors'));
    const output = await list(home);
    expect(output).toMatch(/org\/name +│ main, c0ffee000000 +│ \d+\.\d MB +│ complete/);
    expect(output).toMatch(/org\/half +│ main, c0ffee000000 +│ \d+\.\d kB +│ lacks model\.safetensors/);
    expect(output).not.toMatch(controlCharacters);
    const json = JSON.parse(await list(home, '--json'));
    expect(json.models.map(({ model, complete }: { model: string; complete: boolean }) => [model, complete])).toEqual([
      ['org/half', false],
      ['org/name', true],
    ]);
    expect(json.inTheBox).toMatchObject({ model: 'nano', folder: path.join(home, 'nano') });
  });
});

describe('--model org/name', () => {
  test('a run pulls it with a notice, and then again without the network', async () => {
    hub.add('org/name', random);
    const home = newHome();
    const first = await evalrun(home, [...suite, '--model', 'org/name', '--json']);
    expect(first.stderr).toMatch(
      /There is no folder org\/name, and org\/name is not in the cache: pulling it from http/,
    );
    expect(first.code).toBe(0);
    hub.requests = [];
    const second = await evalrun(home, [...suite, '--model', 'org/name', '--json'], { env: { HF_HUB_OFFLINE: '1' } });
    expect(second.code).toBe(0);
    expect(second.stderr).toMatch(/org\/name: commit c0ffee000000 in/);
    expect(JSON.parse(second.stdout).suites).toEqual(JSON.parse(first.stdout).suites);
    expect(hub.requests).toEqual([]);
  });

  test('a run records the snapshot, so that it is resumed on the same commit when the branch has moved', async () => {
    hub.add('org/name', random);
    const home = newHome();
    const { stdout } = await evalrun(home, [...suite, '--model', 'org/name', '--json']);
    const { run } = JSON.parse(stdout);
    expect(JSON.parse(readFileSync(path.join(home, run, 'run.json'), 'utf8')).settings.model).toBe(snapshotIn(home));
    writeFileSync(path.join(home, 'hub', 'models--org--name', 'refs', 'main'), 'f'.repeat(40));
    expect((await evalrun(home, ['--resume', run])).code).toBe(0);
  });

  test('a run with mistakes pulls nothing', async () => {
    hub.add('org/name', random);
    const { code } = await evalrun(newHome(), ['--suite', 'mmlu', '--shots', '6', '--model', 'org/name']);
    expect([code, hub.requests]).toEqual([3, []]);
  });

  test('a folder of that name is the model', async () => {
    const home = newHome();
    writeRandomModel(path.join(home, 'org', 'name'), 'random');
    const { code } = await evalrun(home, [...suite, '--model', 'org/name']);
    expect([code, hub.requests]).toEqual([0, []]);
  });

  test('inspect, complete, logits and show take a pulled model, and pull none themselves', async () => {
    hub.add('org/name', random);
    const home = newHome();
    const commands = [
      ['inspect', 'org/name', '--json'],
      ['complete', 'org/name', '--ids', '1,2', '--max-tokens', '2', '--json'],
      ['logits', 'org/name', '--ids', '1,2', '--out', 'out.safetensors', '--json'],
      ['show', ...suite.slice(0, 4), '--allow-modified-data', '--model', 'org/name', '--json'],
    ];
    for (const command of commands) {
      const { code, stderr } = await evalrun(home, command);
      expect([command[0], code]).toEqual([command[0], 3]);
      expect(stderr).toMatch(/org\/name is not in the cache.*run "evalrun models pull org\/name"/i);
    }
    expect(hub.requests).toEqual([]);
    await evalrun(home, ['models', 'pull', 'org/name']);
    for (const command of commands) {
      const { code, stdout, stderr } = await evalrun(home, command);
      expect([command[0], code, code === 0 ? '' : stderr]).toEqual([command[0], 0, '']);
      const shown = JSON.parse(stdout);
      if (command[0] === 'inspect') expect(shown.model).toBe('org/name');
    }
  });
});

test.each([
  [{ haveBytes: 0, totalBytes: 2e9, fetchedBytes: 0 }, 0, 'org/name  0 B of 2.0 GB  0.0 %  checking what is here'],
  [{ haveBytes: 5e8, totalBytes: 2e9, fetchedBytes: 1e8 }, 0.1, 'org/name  500.0 MB of 2.0 GB  25.0 %'],
  [
    { haveBytes: 1e9, totalBytes: 2e9, fetchedBytes: 5e8 },
    10,
    'org/name  1.0 GB of 2.0 GB  50.0 %  50.0 MB/s  20 s left',
  ],
  [
    { haveBytes: 1e6, totalBytes: 1e6, fetchedBytes: 1e6 },
    1,
    'org/name  1.0 MB of 1.0 MB  100.0 %  1.0 MB/s  0 s left',
  ],
])('progress %j after %d s is %p', (state, seconds, text) => {
  expect(renderPull('org/name', state, seconds)).toBe(text);
});
