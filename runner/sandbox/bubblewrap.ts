/** The command line of bubblewrap: an empty root with one Python in it, and no way to anything else. */
import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Interpreter } from './interpreter.js';
import type { Workload } from './languages/workload.js';

export interface Bubblewrap {
  readonly path: string;
  readonly version: string;
  /** Newer versions can forbid user namespaces below their own. */
  readonly disablesUserNamespaces: boolean;
}

/** Bubblewrap on PATH (or the file named by EVALRUN_BWRAP), or why there is none. */
export async function findBubblewrap(named = process.env.EVALRUN_BWRAP ?? 'bwrap'): Promise<Bubblewrap | string> {
  try {
    const { stdout: version } = await promisify(execFile)(named, ['--version'], { timeout: 10_000 });
    const { stdout: help } = await promisify(execFile)(named, ['--help'], { timeout: 10_000 });
    return {
      path: named,
      version: version.trim().replace(/^bubblewrap /, ''),
      disablesUserNamespaces: help.includes('--disable-userns'),
    };
  } catch (error) {
    const { code } = error as { code?: unknown };
    return code === 'ENOENT' ? `${named} is not installed` : `${named} does not run (${String(code)})`;
  }
}

/** Where programs say their dynamic loader is. */
const loaders = [
  '/lib64/ld-linux-x86-64.so.2',
  '/lib/ld-linux-aarch64.so.1',
  '/lib/ld-musl-x86_64.so.1',
  '/lib/ld-musl-aarch64.so.1',
];
const devices = ['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom'];

/** The user that the code inside sees; outside it is another one, never root. */
const insideUid = 65534;

export interface RootOptions {
  readonly bubblewrap: Bubblewrap;
  readonly interpreter: Interpreter;
  /** What is run in place of the interpreter, with the numbers under which bubblewrap finds its files. */
  readonly workload?: { readonly root: Workload; readonly fileFds: Readonly<Record<string, number>> } | undefined;
  readonly diskBytes: number;
  /** Numbers under which bubblewrap finds the filter, the file it writes its state to, and the one it waits on. */
  readonly seccompFd: number;
  readonly statusFd: number;
  readonly blockFd: number;
}

/** Arguments before the command that is to run inside. There is no /proc in there, no network, and nothing to write to but /tmp. */
export function bubblewrapArguments(options: RootOptions): string[] {
  const { bubblewrap, interpreter, workload } = options;
  const environment = workload?.root.environment ?? pythonEnvironment(interpreter);
  return [
    ...['--unshare-user', '--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...(bubblewrap.disablesUserNamespaces ? ['--disable-userns'] : []),
    ...['--uid', String(insideUid), '--gid', String(insideUid), '--hostname', 'sandbox'],
    ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
    ...(workload === undefined ? interpreterMounts(interpreter) : workloadMounts(workload.root)),
    ...devices.filter((device) => existsSync(device)).flatMap((device) => ['--dev-bind', device, device]),
    ...['--size', String(options.diskBytes), '--tmpfs', '/tmp', '--chdir', '/tmp'],
    ...Object.entries(workload?.fileFds ?? {}).flatMap(([name, fd]) => ['--file', String(fd), `/tmp/${name}`]),
    ...['--remount-ro', '/'],
    '--clearenv',
    ...Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--seccomp', String(options.seccompFd), '--json-status-fd', String(options.statusFd)],
    ...['--block-fd', String(options.blockFd), '--'],
  ];
}

function interpreterMounts({ executable, stdlib, sites, libraries, packages }: Interpreter): string[] {
  const readOnly = (file: string, at = file): string[] => ['--ro-bind', file, at];
  return [
    ...readOnly(executable),
    ...stdlib.flatMap((folder) => readOnly(folder)),
    // Installed packages are no part of the language; an empty folder hides them.
    ...sites.flatMap((folder) => ['--size', '4096', '--tmpfs', folder]),
    ...Object.values(packages).flatMap(({ folders }) => folders.flatMap((folder) => readOnly(folder))),
    ...sites.flatMap((folder) => ['--remount-ro', folder]),
    ...loaders.filter((file) => existsSync(file)).flatMap((file) => readOnly(realpathSync(file), file)),
    ...libraries.flatMap(([file, links]) => [
      ...readOnly(file),
      ...links.filter((link) => !loaders.includes(link)).flatMap((link) => ['--symlink', path.basename(file), link]),
    ]),
  ];
}

function workloadMounts({ mounts, links, needsProc }: Workload): string[] {
  return [
    ...(needsProc ? ['--proc', '/proc'] : []),
    ...Object.entries(links).flatMap(([at, to]) => ['--symlink', to, at]),
    ...mounts.flatMap(({ from, at }) => ['--ro-bind', from, at]),
    ...loaders.filter((file) => existsSync(file)).flatMap((file) => ['--ro-bind', realpathSync(file), file]),
  ];
}

/** One locale, one time zone, one hash seed and one thread: what a verdict could otherwise depend on. */
export function pythonEnvironment({ libraries }: Interpreter): Record<string, string> {
  return {
    HOME: '/tmp',
    LC_ALL: 'C.UTF-8',
    LD_LIBRARY_PATH: [...new Set(libraries.map(([file]) => path.dirname(file)))].join(':'),
    OMP_NUM_THREADS: '1',
    OPENBLAS_NUM_THREADS: '1',
    PYTHONHASHSEED: '0',
    PYTHONUTF8: '1',
    TZ: 'UTC',
  };
}

/** Folders that Python looks for the installed packages in, which are the only ones there. */
export function packagePath({ packages }: Interpreter): string[] {
  return [
    ...new Set(
      Object.values(packages).flatMap(({ folders }) => folders.slice(0, 1).map((folder) => path.dirname(folder))),
    ),
  ];
}
