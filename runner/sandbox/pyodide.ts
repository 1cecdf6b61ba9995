/** The second rung: Pyodide, CPython compiled to WebAssembly, one per process; found, made ready, and its command line. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { packageRoot } from '../../package-root.js';
import { firstUnreadable } from './interpreter.js';
import type { SandboxLimits } from './limits.js';
import type { HostOptions } from './pyodide/host.js';
import { pythonFile } from './python-source.js';
import { unprivilegedUser } from './slot.js';
import { SnapshotFile } from './snapshot-file.js';

export interface Pyodide {
  readonly version: string;
  /** Of the Python inside, e.g. "3.14.2". */
  readonly python: string;
  /** Where its files are, and where those of the process around it. */
  readonly folder: string;
  readonly host: string;
  /** The started interpreter's memory, from which each process starts. */
  readonly snapshot: SnapshotFile;
  /** Command that puts what follows into namespaces of its own; empty where the kernel or the system has none. */
  readonly namespaces: readonly string[];
  /** Command by which what follows ends with this process, even when that is killed; likewise. */
  readonly deathBound: readonly string[];
  /** Whether a user who owns nothing can start it: then root starts it as such a user. */
  readonly forEveryUser: boolean;
}

const hostFolder = path.join(packageRoot, 'dist', 'runner', 'sandbox', 'pyodide');
const pageBytes = 65_536;
const mib = 1024 ** 2;
/** What Node.js, the compiled interpreter and its standard library hold besides the memory of Python. */
export const hostBytes = 512 * mib;
/** Files that a program may make; each costs memory of the process even when it is empty. */
const fileCount = 4096;

/** As `pythonEnvironment` of bubblewrap.ts, as far as there is one here. */
const environment = {
  ...{ HOME: '/tmp', LC_ALL: 'C.UTF-8', PYTHONHASHSEED: '0', PYTHONUTF8: '1', TZ: 'UTC', _: 'python' },
};

const opened = new Map<string, Promise<Pyodide | string>>();

/** The Pyodide of this installation, or why there is none. Made ready once in this process, which takes some seconds. */
export function findPyodide(folder = process.env.EVALRUN_PYODIDE ?? locate()): Promise<Pyodide | string> {
  if (folder === undefined) return Promise.resolve('the npm package "pyodide" is not installed');
  const found = opened.get(folder) ?? makeReady(folder);
  opened.set(folder, found);
  return found;
}

async function makeReady(folder: string): Promise<Pyodide | string> {
  if (!existsSync(path.join(folder, 'pyodide.asm.wasm'))) return `there is no Pyodide in ${folder}`;
  const { version } = readJson(path.join(folder, 'package.json')) as { version: string };
  const { info } = readJson(path.join(folder, 'pyodide-lock.json')) as { info: { python: string } };
  const host = path.join(hostFolder, 'host.js');
  const parts = { folder, host };
  const snapshot = new SnapshotFile();
  const failure = await makeSnapshot(parts, snapshot);
  snapshot.seal();
  if (failure !== undefined) {
    snapshot.close();
    return `Pyodide ${version} does not start: ${failure}`;
  }
  const forEveryUser =
    (await firstUnreadable([process.execPath, path.join(folder, 'package.json'), host])) === undefined;
  const user = forEveryUser ? unprivilegedUser() : undefined;
  // Where unprivileged users may make namespaces, util-linux does it without bubblewrap. This is a gain, not a condition.
  const namespaces = await worksAs(user, [
    ...['unshare', '--user', '--net', '--ipc', '--pid', '--fork', '--kill-child', '--'],
  ]);
  const deathBound = await worksAs(user, ['setpriv', '--pdeathsig', 'KILL', '--']);
  return { version, python: info.python, ...parts, snapshot, namespaces, deathBound, forEveryUser };
}

function locate(): string | undefined {
  try {
    return path.dirname(realpathSync(createRequire(import.meta.url).resolve('pyodide/package.json')));
  } catch {
    return undefined;
  }
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

type Parts = Pick<Pyodide, 'folder' | 'host'>;

/** Undefined when it was made, else why not. */
function makeSnapshot(parts: Parts, snapshot: SnapshotFile): Promise<string | undefined> {
  const options: HostOptions = {
    files: { bytes: 0, files: 0 },
    environment,
    preload: pythonFile('preload.py'),
    nice: 0,
  };
  const args = nodeArguments(parts, 1024 * mib, ['snapshot', JSON.stringify(options)]);
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ignore', snapshot.writable],
    cwd: '/',
    env: {},
    timeout: 120_000,
    killSignal: 'SIGKILL',
  });
  let errors = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    errors = (errors + bytes.toString('utf8')).slice(-1000);
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => {
      resolve(code === 0 ? undefined : errors.trim().split('\n').at(-1) || `it ended with ${signal ?? code}`);
    });
  });
}

/** The command when another can be started through it, else nothing. */
function worksAs(uid: number | undefined, command: readonly string[]): Promise<readonly string[]> {
  const [program = '', ...args] = command;
  const identity = uid === undefined ? {} : { uid, gid: uid };
  return new Promise((resolve) => {
    const options = { stdio: 'ignore', timeout: 5000, env: { PATH: searchPath }, ...identity } as const;
    const child = spawn(program, [...args, '/bin/sh', '-c', ':'], options);
    child.once('error', () => resolve([]));
    child.once('close', (code) => resolve(code === 0 ? command : []));
  });
}

const searchPath = '/usr/local/bin:/usr/bin:/bin';

/** Command, arguments and environment of one process, which then speaks in frames on descriptor 3 and reads the snapshot on 4. */
export function pyodideCommand(
  pyodide: Pyodide,
  limits: SandboxLimits,
): { readonly command: string; readonly args: readonly string[]; readonly env: Record<string, string> } {
  const files = { bytes: limits.diskBytes, files: fileCount };
  // Below the engine, which feeds the model meanwhile.
  const options: HostOptions = { files, environment, preload: '', nice: 10 };
  const node = [process.execPath, ...nodeArguments(pyodide, limits.memoryBytes, ['run', JSON.stringify(options)])];
  // The shell sets limits that nothing after it can raise, and becomes what it is given; env takes even PATH away.
  const script = `${kernelLimits(limits)}exec "$@"`;
  const wrappers = [...pyodide.deathBound, ...pyodide.namespaces];
  const args = ['-c', script, 'sh', ...wrappers, '/usr/bin/env', '-i', ...node];
  return { command: '/bin/sh', args, env: { PATH: searchPath } };
}

/** In the units of POSIX shells: seconds, and KiB or blocks of 512 bytes. A limit that this system does not have is left out. */
function kernelLimits({ memoryBytes, timeoutMs }: SandboxLimits): string {
  const seconds = Math.ceil(timeoutMs / 1000) + 5;
  const limits = [
    ['c', 0],
    ['d', (memoryBytes + hostBytes) / 1024],
    ['f', 0],
    ['n', 64],
    ['t', seconds],
  ];
  return limits.map(([name, value]) => `ulimit -${name} ${value} 2>/dev/null; `).join('');
}

function nodeArguments({ folder, host }: Parts, memoryBytes: number, args: readonly string[]): string[] {
  return [
    '--no-warnings',
    permissionFlag(),
    `--allow-fs-read=${path.join(folder, '*')}`,
    `--allow-fs-read=${path.join(path.dirname(host), '*')}`,
    '--disallow-code-generation-from-strings',
    '--disable-proto=delete',
    `--max-old-space-size=${128}`,
    `--wasm-max-mem-pages=${Math.floor(memoryBytes / pageBytes)}`,
    // The quick compiler alone: programs here seldom run longer than the other one takes.
    ...['--liftoff-only', '--no-wasm-tier-up'],
    ...[host, folder, ...args],
  ];
}

/** Node.js 20 has the permission model as an experiment, 22.13 and 23.5 under its own name. */
function permissionFlag(): string {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isStable = major > 23 || (major === 23 && minor >= 5) || (major === 22 && minor >= 13);
  return isStable ? '--permission' : '--experimental-permission';
}
