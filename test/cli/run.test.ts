import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { main } from '../../cli/program.js';
import { writeTinyDatasets } from '../runner/tiny-dataset.js';
import { fakeParts } from './fake-parts.js';
import { type CliOptions, type CliOutcome, runCli } from './run-cli.js';

let home: string;
let data: string[];
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'evalrun-cli-'));
  const folder = writeTinyDatasets(path.join(home, 'data'), 12);
  data = ['--data', folder, '--allow-modified-data', '--subjects', 'anatomy,marketing'];
});
afterAll(() => rmSync(home, { recursive: true }));

const evalrun = (args: readonly string[], options: Partial<CliOptions> = {}) => runCli(args, { cwd: home, ...options });

/** The same without a process of its own, which is faster. */
async function inProcess(args: readonly string[]): Promise<CliOutcome> {
  const out = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const err = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const text = (spy: typeof out) => spy.mock.calls.map(([chunk]) => String(chunk)).join('');
  try {
    return { code: await main(args, fakeParts), stdout: text(out), stderr: text(err) };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

/** Escape sequences, carriage returns, and every other control character but the newline. */
const controlCharacters = /(?!\n)\p{Cc}/u;
const folderOf = (text: string) => /(runs\S*\/\S+)/.exec(text)?.[1] ?? '';

describe('evalrun --suite mmlu', () => {
  test('runs on the default model, says first what it will do, and prints a table without control characters', async () => {
    const { code, stdout, stderr } = await evalrun(['--suite', 'mmlu', ...data]);
    expect(code).toBe(0);
    expect(stderr.match(/No --model: nano, a demonstration/g)).toHaveLength(1);
    expect(stderr).toMatch(/memory: weights 1 B/);
    expect(stderr).toMatch(/model +\/models\/default \(deepseek_v3/);
    expect(stderr).toMatch(/device +cpu, 1 threads: it was asked for/);
    expect(stderr).toMatch(/dtype +bf16/);
    expect(stderr).toMatch(/mmlu +official, 5 shots, 24 questions in 2 subjects/);
    expect(stdout).toMatch(/│ all questions \(micro\) +│ +24 │ +\d+\.\d % │/);
    expect(stdout).toMatch(/Letters answered, and in the key: A \d+ \(6\)/);
    expect(stdout + stderr).not.toMatch(controlCharacters);
    expect(existsSync(path.join(home, folderOf(stdout), 'samples.jsonl'))).toBe(true);
  });

  test('takes the default model in a form for --dtype fp8', async () => {
    const { stderr } = await evalrun(['--suite', 'mmlu', ...data, '--limit', '2', '--dtype', 'fp8']);
    expect(stderr).toMatch(/model +\/models\/default-fp8 /);
  });

  test('says nothing of the default model when a model is named', async () => {
    const folder = path.join(home, 'some-model');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'config.json'), '{}');
    const { stderr } = await evalrun(['--suite', 'mmlu', ...data, '--limit', '2', '--model', folder]);
    expect(stderr).not.toMatch(/No --model/);
    expect(stderr).toContain(`model   ${folder} `);
  });

  test('is the same as evalrun run', async () => {
    const [a, b] = await Promise.all([
      evalrun(['--suite', 'mmlu', ...data, '--json', '--out', 'runs-a']),
      evalrun(['run', '--suite', 'mmlu', ...data, '--json', '--out', 'runs-b']),
    ]);
    expect(JSON.parse(a.stdout).suites).toEqual(JSON.parse(b.stdout).suites);
  });

  test('--json prints exactly the documented object on stdout and everything else on stderr', async () => {
    const { code, stdout, stderr } = await evalrun(['--suite', 'mmlu', ...data, '--json', '--limit', '10']);
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(Object.keys(result)).toEqual(['run', 'suites']);
    expect(Object.keys(result.suites.mmlu)).toEqual(['accuracy', 'low', 'high', 'n', 'statuses', 'groups']);
    expect(result.suites.mmlu.n).toBe(10);
    expect(existsSync(path.join(home, result.run, 'metrics.json'))).toBe(true);
    expect(stderr).toMatch(/all questions \(micro\)/);
  });

  test('--quiet prints nothing but the result', async () => {
    const { stdout, stderr } = await evalrun(['--suite', 'mmlu', ...data, '--json', '--quiet']);
    expect(stderr).toBe('');
    expect(() => JSON.parse(stdout)).not.toThrow();
  });

  test('--verbose has a row for every subject', async () => {
    const { stdout } = await evalrun(['--suite', 'mmlu', ...data, '--verbose']);
    expect(stdout).toMatch(/│ anatomy +│ +12 │/);
    expect(stdout).toMatch(/│ marketing +│ +12 │/);
  });

  test('says plainly that random weights mean nothing, before and after', async () => {
    const { stdout, stderr } = await evalrun(['--suite', 'mmlu', ...data], { env: { FAKE_RANDOM: '1' } });
    expect(stderr.replace(/\s+/g, ' ')).toMatch(/random weights: scores mean nothing/);
    expect(stdout).toMatch(/random: the scores mean nothing/);
  });
});

describe('bad usage is one paragraph on stderr and exit code 3', () => {
  const mmlu = ['--suite', 'mmlu'];
  const cases: [name: string, args: string[], message: RegExp][] = [
    ['nothing', [], /nothing to do.*--suite mmlu/],
    ['an unknown suite', ['--suite', 'mmul'], /no suite "mmul".*nearest name is "mmlu"/],
    ['an empty suite', ['--suite', ','], /no suite was named/],
    ['no suite', ['--limit', '3'], /No suite is named/],
    ['an unknown option', [...mmlu, '--modle', 'x'], /unknown option '--modle' \(Did you mean --model\?\)/],
    ['an unknown command', ['docter'], /no command "docter".*"doctor"/i],
    ['a stray word', [...mmlu, 'doctor'], /too many arguments/],
    ['an unknown protocol', [...mmlu, '--protocol', 'x'], /no protocol "x"/],
    ['an unknown dtype', [...mmlu, '--dtype', 'int4'], /'int4' is invalid.*f32, bf16, fp8, fp8-bf16/],
    ['a limit of nothing', [...mmlu, '--limit', '0'], /whole number from 1/],
    ['half a shot', [...mmlu, '--shots', '0.5'], /whole number/],
    ['too many shots', [...mmlu, '--shots', '6'], /cannot be asked with 6 shots/],
    ['an unknown subject', [...mmlu, '--subjects', 'anatomi'], /no subject "anatomi".*"anatomy"/],
    ['an empty subject', [...mmlu, '--subjects', 'anatomy,'], /names separated by commas/],
    ['a missing data directory', [...mmlu, '--data', '/nowhere'], /no folder \/nowhere/],
    ['a run that is none', ['--resume', 'nowhere'], /There is no run at nowhere/],
    ['an output folder below a file', [...mmlu, '--out', '/dev/null/runs'], /Cannot write \/dev\/null\/runs/],
    ['a run to rescore that is none', ['rescore', 'nowhere'], /There is no run at nowhere/],
    ['show without a suite', ['show'], /required option '-s, --suite/],
    ['show of a sample that is none', ['show', ...mmlu, '--sample', '999999'], /no sample 999999.*from 0 to/],
  ];
  test.each(cases)('%s', async (name, args, message) => {
    const needsData =
      args[0] === '--suite' && args.length > 2 && !args.includes('--data') && !args.includes('--subjects');
    const own = name.startsWith('show of') || args.includes('--subjects') ? data.slice(0, 3) : needsData ? data : [];
    const { code, stdout, stderr } = await inProcess([...args, ...own]);
    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('an output folder without permission to write', async () => {
    if (process.getuid?.() === 0) return console.warn('skipped: root may write everywhere');
    const out = path.join(home, 'locked');
    mkdirSync(out);
    chmodSync(out, 0o500);
    const { code, stderr } = await evalrun(['--suite', 'mmlu', ...data, '--out', out]);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/no permission to write there/)]);
  });

  test('shows the stack trace only when asked', async () => {
    const { stderr } = await evalrun(['--suite', 'mmul'], { env: { EVALRUN_DEBUG: '1' } });
    expect(stderr).toMatch(/\n\s+at /);
  });
});

describe('a run that stops', () => {
  const whole = async () => JSON.parse((await evalrun(['--suite', 'mmlu', ...data, '--json'])).stdout).run as string;
  const samples = (folder: string) => readFileSync(path.join(home, folder, 'samples.jsonl'), 'utf8');

  test('because the engine failed keeps what is done, exits non-zero, and goes on with the command that it prints', async () => {
    const { code, stderr } = await evalrun(['--suite', 'mmlu', ...data], { env: { FAKE_FAIL_AFTER: '9' } });
    expect(code).toBe(4);
    expect(stderr).toMatch(/the fake engine broke/);
    const command = /evalrun (--resume \S+)/.exec(stderr)?.[1]?.split(' ') ?? [];
    const folder = command[1] ?? '';
    expect(samples(folder).trim().split('\n')).toHaveLength(9);
    const resumed = await evalrun([...command, '--json']);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toMatch(/resumed with 9 of 24 samples done/);
    expect(samples(folder)).toBe(samples(await whole()));
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s exits with 130, keeps what is done and says how to go on',
    async (signal) => {
      let sent = false;
      const { code, stderr } = await evalrun(['--suite', 'mmlu', ...data], {
        env: { FAKE_DELAY_MS: '300' },
        onStderr: (text, child) => {
          if (sent || !/\nrun +runs/.test(text)) return;
          sent = true;
          setTimeout(() => child.kill(signal), 100);
        },
      });
      expect(code).toBe(130);
      expect(stderr).toMatch(/interrupted/);
      const folder = /--resume (\S+)/.exec(stderr)?.[1] ?? '';
      expect((await evalrun(['--resume', folder])).code).toBe(0);
      expect(samples(folder)).toBe(samples(await whole()));
    },
  );

  test('is not resumed with another dtype, and the difference is named', async () => {
    const folder = await whole();
    const { code, stderr } = await evalrun(['--resume', folder, '--dtype', 'f32']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/dtype: bf16 -> f32/);
  });

  test('is refused while another process writes to it', async () => {
    const folder = await whole();
    writeFileSync(path.join(home, folder, 'lock'), JSON.stringify({ pid: 1, host: 'elsewhere', start: null }));
    const { code, stderr } = await evalrun(['--resume', folder]);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/is in use.*process 1 on elsewhere/)]);
  });

  test('is resumed from another folder', async () => {
    const folder = await whole();
    mkdirSync(path.join(home, 'other'), { recursive: true });
    const { code } = await evalrun(['--resume', path.join(home, folder)], { cwd: path.join(home, 'other') });
    expect(code).toBe(0);
  });
});

describe('other commands', () => {
  test('--verify-prefix exits with 4 when a bit differs', async () => {
    const args = ['--suite', 'mmlu', ...data, '--verify-prefix', '3'];
    const good = await evalrun(args);
    expect(good.stderr).toMatch(/3 samples scored again without prefix sharing/);
    const bad = await evalrun(args, { env: { FAKE_SHARING_ERROR: '1e-15' } });
    expect([bad.code, bad.stderr]).toEqual([
      4,
      expect.stringMatching(/scores differently with and without a shared prefix/),
    ]);
  });

  test('rescore prints what the run printed', async () => {
    const run = await evalrun(['--suite', 'mmlu', ...data, '--json']);
    const { run: folder } = JSON.parse(run.stdout);
    const again = await evalrun(['rescore', folder, '--json']);
    expect(again.stdout).toBe(run.stdout);
  });

  test('show prints the prompt, its tokens and the answer tokens, by place or by id', async () => {
    const args = ['show', '--suite', 'mmlu', ...data.slice(0, 3), '--shots', '1', '--json', '--sample'];
    const byId = JSON.parse((await evalrun([...args, 'mmlu/abstract_algebra/3'])).stdout);
    expect(byId.prompt).toMatch(/\(with answers\) about {2}abstract algebra\.\n\n.*question 3, what\?.*Answer:$/s);
    expect(byId.tokens[0]).toEqual({ id: 1, piece: '<bos>' });
    expect(
      byId.tokens
        .slice(1)
        .map((token: { piece: string }) => token.piece)
        .join(''),
    ).toBe(byId.prompt);
    expect(Object.values(byId.answers).map((answer) => (answer as { text: string }).text)).toEqual([
      ' A',
      ' B',
      ' C',
      ' D',
    ]);
    expect(JSON.parse((await evalrun([...args, '3'])).stdout)).toEqual(byId);
    const text = await evalrun(args.filter((arg) => arg !== '--json').concat('3'));
    expect(text.stdout).toMatch(/The answer is read after token \d+ \(from 0\), ":"/);
  });

  test('help names every command', async () => {
    const { code, stdout } = await evalrun(['--help']);
    expect(code).toBe(0);
    for (const name of ['run', 'rescore', 'show', 'data', 'inspect', 'logits', 'complete', 'doctor']) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
    for (const name of ['rescore', 'show', 'data', 'inspect', 'logits', 'complete', 'doctor']) {
      const help = await evalrun(['help', name]);
      expect([name, help.code, help.stdout]).toEqual([name, 0, expect.stringContaining(`Usage: evalrun ${name}`)]);
    }
  }, 60_000);

  test('doctor says whether a run is possible, in words and as JSON', async () => {
    const text = await evalrun(['doctor']);
    const json = await evalrun(['doctor', '--json']);
    const { ok, findings } = JSON.parse(json.stdout);
    expect([text.code, json.code]).toEqual(ok ? [0, 0] : [3, 3]);
    const names = findings.map((finding: { name: string }) => finding.name);
    for (const name of ['Node.js', 'processor', 'memory', 'native addon', 'GPU', 'C++ compiler', 'CMake', 'mmlu']) {
      expect(names).toContain(name);
      expect(text.stdout).toContain(name);
    }
    expect(text.stdout).toMatch(ok ? /A run is possible/ : /No run is possible/);
    expect(readdirSync(home)).not.toContain('.cache');
  });
});
