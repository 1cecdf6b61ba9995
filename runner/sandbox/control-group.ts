/** Control groups (cgroup v1 and v2) that bound the memory and the processes of one task, where this machine lets us make them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isAlive } from '../../process-life.js';

type Controller = 'memory' | 'pids';

interface Hierarchy {
  readonly version: 1 | 2;
  /** The group of this process; ours are made below it. */
  readonly folder: string;
}

export interface GroupLimits {
  readonly memoryBytes: number;
  readonly tasks: number;
}

/** Where the kernel describes this process, and how a group is made; tests have a kernel of their own. */
export interface KernelFiles {
  readonly self: string;
  readonly makeFolder: (folder: string) => void;
}

const thisKernel: KernelFiles = { self: '/proc/self', makeFolder: (folder) => mkdirSync(folder) };

/** One group of processes with limits; empty where the machine has no control groups. */
export class ControlGroup {
  private readonly folders: { readonly controller: Controller; readonly version: 1 | 2; readonly folder: string }[] =
    [];

  constructor(name: string, limits: GroupLimits, { self, makeFolder }: KernelFiles = thisKernel) {
    const made = new Set<string>();
    for (const [controller, hierarchy] of findHierarchies(self)) {
      const folder = path.join(hierarchy.folder, name);
      if (!made.has(folder) && !tryTo(() => makeFolder(folder))) continue;
      made.add(folder);
      this.folders.push({ controller, version: hierarchy.version, folder });
      for (const [file, value] of settingsOf(controller, hierarchy.version, limits)) {
        // Swap accounting is missing on many kernels; the main limit is checked by `limited`.
        if (existsSync(path.join(folder, file))) tryTo(() => writeFileSync(path.join(folder, file), value));
      }
    }
  }

  /** Which limits really hold for what is in the group. */
  get limited(): Readonly<Record<Controller, boolean>> {
    const holds = (wanted: Controller): boolean =>
      this.folders.some(({ controller, version, folder }) => {
        if (controller !== wanted) return false;
        const file = path.join(folder, limitFile(controller, version));
        return existsSync(file) && Number(readFileSync(file, 'utf8')) < 2 ** 50;
      });
    return { memory: holds('memory'), pids: holds('pids') };
  }

  /**
   * Moves a process in; the processes that it starts from then on are in too. False when it has ended already. The kernel takes some ten
   * milliseconds, in which the engine is not to wait for its next step.
   */
  async add(pid: number): Promise<boolean> {
    const moves = [...new Set(this.folders.map(({ folder }) => folder))].map((folder) =>
      writeFile(path.join(folder, 'cgroup.procs'), String(pid)).then(
        () => true,
        () => false,
      ),
    );
    return (await Promise.all(moves)).every((isIn) => isIn);
  }

  /** Processes that the kernel has ended so far because the group was out of memory. */
  oomKills(): number {
    const memory = this.folders.find(({ controller }) => controller === 'memory');
    if (memory === undefined) return 0;
    const file = path.join(memory.folder, memory.version === 1 ? 'memory.oom_control' : 'memory.events');
    return existsSync(file) ? Number(/^oom_kill (\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 0) : 0;
  }

  /** Removes the group; false while a process is left in it. */
  remove(): boolean {
    return this.folders.every(({ folder }) => !existsSync(folder) || tryTo(() => rmdirSync(folder)));
  }
}

const prefix = 'evalrun-sandbox-';

/** A name that tells whose group it is, so that a later process can remove what a killed one left. */
export function groupName(slot: number, role: string): string {
  return `${prefix}${process.pid}-${slot}-${role}`;
}

/** Removes the groups of processes that are dead. Returns how many there were. */
export function removeStaleGroups(): number {
  let removed = 0;
  for (const folder of new Set([...findHierarchies().values()].map((hierarchy) => hierarchy.folder))) {
    for (const name of readdirSync(folder)) {
      const owner = name.startsWith(prefix) ? /^\d+/.exec(name.slice(prefix.length))?.[0] : undefined;
      if (owner !== undefined && !isAlive(Number(owner)) && tryTo(() => rmdirSync(path.join(folder, name)))) removed++;
    }
  }
  return removed;
}

function settingsOf(controller: Controller, version: 1 | 2, limits: GroupLimits): [file: string, value: string][] {
  const file = limitFile(controller, version);
  if (controller === 'pids') return [[file, String(limits.tasks)]];
  const bytes = String(limits.memoryBytes);
  if (version === 1)
    return [
      [file, bytes],
      ['memory.memsw.limit_in_bytes', bytes],
    ];
  return [
    [file, bytes],
    ['memory.swap.max', '0'],
    ['memory.oom.group', '1'],
  ];
}

function limitFile(controller: Controller, version: 1 | 2): string {
  if (controller === 'pids') return 'pids.max';
  return version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
}

/** Where groups for each controller can be made, from /proc/self/cgroup and /proc/self/mountinfo (cgroups(7)). */
function findHierarchies(self = thisKernel.self): Map<Controller, Hierarchy> {
  const found = new Map<Controller, Hierarchy>();
  if (!existsSync(`${self}/cgroup`)) return found;
  const own = readFileSync(`${self}/cgroup`, 'utf8').trim().split('\n');
  const mounts = readFileSync(`${self}/mountinfo`, 'utf8').trim().split('\n');
  for (const controller of ['memory', 'pids'] as const) {
    for (const line of own) {
      const [, controllers = '', ...rest] = line.split(':');
      const version = controllers === '' ? 2 : 1;
      if (version === 1 && !controllers.split(',').includes(controller)) continue;
      const folder = folderOf(mounts, version, controller, rest.join(':'));
      if (folder === undefined || (version === 2 && !isDelegated(folder, controller))) continue;
      found.set(controller, { version, folder });
      break;
    }
  }
  return found;
}

function folderOf(
  mounts: readonly string[],
  version: 1 | 2,
  controller: Controller,
  group: string,
): string | undefined {
  for (const mount of mounts) {
    const [left = '', right = ''] = mount.split(' - ');
    const [, , , root = '/', place = ''] = left.split(' ');
    const [type, , options = ''] = right.split(' ');
    if (version === 2 ? type !== 'cgroup2' : type !== 'cgroup' || !options.split(',').includes(controller)) continue;
    const below = root !== '/' && group.startsWith(root) ? group.slice(root.length) : group;
    return [path.join(place, below), place].find((folder) => existsSync(path.join(folder, 'cgroup.procs')));
  }
  return undefined;
}

/** In v2 a group's children have a controller only when the group hands it on; a group with processes seldom may. */
function isDelegated(folder: string, controller: Controller): boolean {
  const file = path.join(folder, 'cgroup.subtree_control');
  return existsSync(file) && readFileSync(file, 'utf8').split(/\s+/).includes(controller);
}

/** Control groups are one of several defences: what cannot be made is reported by `limited`, it is not an error. */
function tryTo(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
