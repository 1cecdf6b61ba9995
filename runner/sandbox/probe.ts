/** Starts one process in the sandbox and looks, from inside and from outside, at which defences hold. */
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { packagePath } from './bubblewrap.js';
import { ConfinedProcess } from './confined-process.js';
import { defaultLimits, resourceLimits } from './limits.js';
import { decodeWords, encodePlain } from './plain-data.js';
import { pythonProgram } from './python-source.js';
import type { Sandbox } from './sandbox.js';
import { leaveSlot, takeSlot } from './slot.js';

export interface Defence {
  readonly name: string;
  readonly live: boolean;
  /** Without it the rung is not used at all. */
  readonly essential: boolean;
  /** What was seen. */
  readonly found: string;
}

const probeProgram = pythonProgram('codec.py', 'confine.py', 'probe.py');
const limits = defaultLimits;

/** The defences, or one sentence that says why nothing can be started in the sandbox. */
export async function probeDefences(sandbox: Sandbox): Promise<readonly Defence[] | string> {
  const slot = takeSlot(limits);
  const group = slot.groups.candidate;
  let confined: ConfinedProcess | undefined;
  try {
    const answer = await new Promise<Map<string, string> | string>((resolve) => {
      const timer = setTimeout(() => resolve('its first process did not answer in 10 s'), 10_000);
      const done = (value: Map<string, string> | string) => {
        clearTimeout(timer);
        resolve(value);
      };
      confined = new ConfinedProcess({
        ...{ sandbox, limits, group, uid: slot.uid, program: probeProgram },
        onFrame: ({ kind, payload }) => kind === 'R' && done(pairUp(decodeWords(payload) ?? [])),
        onEnd: ({ code, message }) => done(message.trim().split('\n').at(-1) || `its first process ended with ${code}`),
      });
      const settings = { rlimits: resourceLimits(limits), nice: 10, path: packagePath(sandbox.interpreter) };
      confined.send('P', encodePlain(settings));
    });
    if (typeof answer === 'string') return answer;
    const pid = confined?.interpreterPid;
    const inGroup = group.limited;
    return [...defencesInside(answer), ...defencesOutside(pid), ...defencesOfGroup(inGroup)];
  } finally {
    await confined?.kill();
    await leaveSlot(slot);
  }
}

function pairUp(words: readonly (string | number)[]): Map<string, string> {
  const pairs = new Map<string, string>();
  for (let at = 0; at + 1 < words.length; at += 2) pairs.set(String(words[at]), String(words[at + 1]));
  return pairs;
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
  const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : '';
  const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? '?';
  const uids = field('Uid').split(/\s+/);
  const kinds = ['user', 'pid', 'net', 'mnt', 'ipc', 'uts'];
  const shared = kinds.filter((kind) => readNamespace(pid, kind) === readNamespace('self', kind));
  return [
    { name: 'namespaces', essential: true, live: shared.length === 0, found: renderNamespaces(kinds, shared) },
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

function renderNamespaces(kinds: readonly string[], shared: readonly string[]): string {
  return shared.length === 0 ? `own ${kinds.join(', ')}` : `shared: ${shared.join(', ')}`;
}

/** A name of its own for each namespace; of a process of another user it may be hidden, which only a foreign one can be. */
function readNamespace(pid: number | 'self', kind: string): string {
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
