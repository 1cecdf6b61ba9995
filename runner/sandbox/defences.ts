/** What was observed of a process in the sandbox, as a list of defences that hold or do not. */
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { defaultLimits, resourceLimits } from './limits.js';
import { isRefused } from './powers.js';
import type { Defence, Observation } from './probe.js';

const limits = defaultLimits;

export function bubblewrapDefences({ inside, pid, group }: Observation): Defence[] {
  return [...defencesInside(inside), ...defencesOutside(pid), ...defencesOfGroup(group)];
}

/**
 * Essential is what keeps a program in Python, and the process around it away from files and other processes. What only a
 * kernel can do is listed as well, so that a report says what this rung is without.
 */
export function pyodideDefences({ inside, powers = {}, pid, group }: Observation): Defence[] {
  const of = (name: string): string => inside.get(name) ?? 'no answer';
  const tried = Object.entries(powers).map(
    ([name, found]): Defence => ({ name, essential: true, live: isRefused(found), found }),
  );
  const optional = (name: string, live: boolean, found: string): Defence => ({ name, essential: false, live, found });
  const uid = statusField(pid, 'Uid').split(/\s+/)[0] ?? '?';
  const own = kinds.filter((kind) => pid !== undefined && readNamespace(pid, kind) !== readNamespace('self', kind));
  const bounds = readLimits(pid);
  return [
    { name: 'no JavaScript in Python', essential: true, live: isRefused(of('javascript')), found: of('javascript') },
    { name: 'no network in Python', essential: true, live: isRefused(of('network')), found: of('network') },
    ...tried,
    optional('resource limits', bounds !== undefined, bounds ?? 'this kernel does not say'),
    optional(
      'no network',
      own.includes('net'),
      own.includes('net') ? 'a namespace without one' : 'that of this machine',
    ),
    optional(
      'namespaces',
      own.length === kinds.length,
      own.length === 0 ? 'none of its own' : `own ${own.join(', ')} only`,
    ),
    optional('not root', Number(uid) > 0, `uid ${uid}`),
    optional('system-call filter', statusField(pid, 'Seccomp') === '2', 'needs bubblewrap'),
    ...defencesOfGroup(group),
  ];
}

/** The kernel's limits on memory and processor time as proc(5) lists them; undefined when one is missing. */
function readLimits(pid: number | undefined): string | undefined {
  const text = readProc(pid, 'limits');
  const found = ['Max data size', 'Max cpu time'].map((name) => ({
    name: name.slice(4),
    value: new RegExp(`^${name}\\s+\\S+\\s+(\\d+)`, 'm').exec(text)?.[1],
  }));
  if (found.some(({ value }) => value === undefined)) return undefined;
  return found.map(({ name, value }) => `${name} ${value}`).join(', ');
}

function defencesInside(answers: ReadonlyMap<string, string>): Defence[] {
  const of = (name: string): string => answers.get(name) ?? 'no answer';
  const refused = (name: string): Pick<Defence, 'live' | 'found'> => ({
    live: of(name).startsWith('refused'),
    found: of(name),
  });
  const wanted = Object.entries(resourceLimits(limits)).map(([name, value]) => `${name}=${value}`);
  const real = of('limits').split(',');
  const isEmpty = of('root')
    .split(',')
    .every((name) => ['dev', 'lib', 'lib64', 'opt', 'root', 'tmp', 'usr'].includes(name));
  const descriptors = of('descriptors');
  return [
    { name: 'empty root', essential: true, live: isEmpty, found: `/: ${of('root')}` },
    { name: 'read-only root', essential: true, ...refused('write') },
    { name: 'no network', essential: true, ...refused('network') },
    { name: 'no child processes', essential: true, ...refused('fork') },
    {
      name: 'sized disk',
      essential: true,
      live: Number(of('disk')) <= limits.diskBytes,
      found: `/tmp has ${of('disk')} bytes`,
    },
    {
      name: 'no inherited files',
      essential: true,
      live: descriptors === '0,1,2,3',
      found: `descriptors ${descriptors}`,
    },
    {
      name: 'resource limits',
      essential: true,
      live: wanted.every((limit) => isAtMost(limit, real)),
      found: real.filter((limit) => !limit.endsWith('=-1')).join(' '),
    },
  ];
}

function isAtMost(limit: string, real: readonly string[]): boolean {
  const [name, value] = limit.split('=');
  const found = Number(real.find((other) => other.startsWith(`${name}=`))?.split('=')[1] ?? -1);
  return found >= 0 && found <= Number(value);
}

/** What the kernel says of the process, which nothing inside can change. */
function defencesOutside(pid: number | undefined): Defence[] {
  if (pid === undefined) {
    return [{ name: 'namespaces', essential: false, live: false, found: 'this kernel does not list child processes' }];
  }
  const field = (name: string): string => statusField(pid, name);
  const uids = field('Uid').split(/\s+/);
  const shared = kinds.filter((kind) => readNamespace(pid, kind) === readNamespace('self', kind));
  return [
    {
      name: 'namespaces',
      essential: true,
      live: shared.length === 0,
      found: shared.length === 0 ? `own ${kinds.join(', ')}` : `shared: ${shared.join(', ')}`,
    },
    { name: 'not root', essential: true, live: uids.every((uid) => Number(uid) > 0), found: `uid ${uids[0]}` },
    {
      name: 'no capabilities',
      essential: true,
      live: /^0+$/.test(field('CapEff')),
      found: `CapEff ${field('CapEff')}`,
    },
    { name: 'no new privileges', essential: true, live: field('NoNewPrivs') === '1', found: field('NoNewPrivs') },
    { name: 'system-call filter', essential: true, live: field('Seccomp') === '2', found: `mode ${field('Seccomp')}` },
  ];
}

const kinds = ['user', 'pid', 'net', 'mnt', 'ipc', 'uts'];

/** Of /proc/PID/status; "?" where it is missing. */
function statusField(pid: number | undefined, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(readProc(pid, 'status'))?.[1]?.trim() ?? '?';
}

function readProc(pid: number | undefined, file: string): string {
  const name = `/proc/${pid}/${file}`;
  return existsSync(name) ? readFileSync(name, 'utf8') : '';
}

/** A name of its own for each namespace; of a process of another user it may be hidden, which only a foreign one can be. */
function readNamespace(pid: number | 'self' | undefined, kind: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch (error) {
    return `hidden (${(error as NodeJS.ErrnoException).code})`;
  }
}

function defencesOfGroup({ memory, pids }: { readonly memory: boolean; readonly pids: boolean }): Defence[] {
  const found = (live: boolean) => (live ? 'a group with a limit for each task' : 'no right to make groups here');
  return [
    { name: 'memory control group', essential: false, live: memory, found: found(memory) },
    { name: 'pids control group', essential: false, live: pids, found: found(pids) },
  ];
}
