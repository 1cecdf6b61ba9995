/** All runs below a folder, found and told apart without trusting or changing anything in it. */
import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { EvalrunError } from '../errors.js';
import { readForeign } from './foreign-file.js';
import { isLocked } from './lock.js';
import { parseMetrics, type StoredMetrics } from './read-metrics.js';
import { runFiles } from './run-folder.js';
import { parseRunRecord, type RunRecord } from './run-record.js';

/** `invalid`: finished, but a suite's score means nothing. `incomplete`: stopped before its end. */
export type RunStatus = 'running' | 'complete' | 'incomplete' | 'invalid';

export interface ListedRun {
  /** Its folder, relative to the listed one, with forward slashes; unique in the list. */
  readonly name: string;
  /** Absolute, no symbolic links in it. */
  readonly folder: string;
  readonly record: RunRecord;
  readonly status: RunStatus;
  /** Null until the run is finished. */
  readonly metrics: StoredMetrics | null;
}

/** Something that looks like a run, or may hide one, and was not read. */
export interface SkippedRun {
  readonly name: string;
  readonly reason: string;
}

export interface RunList {
  /** Absolute. */
  readonly folder: string;
  /** By creation, oldest first. */
  readonly runs: readonly ListedRun[];
  readonly skipped: readonly SkippedRun[];
}

/** What was read before, by name, with the state of the files that it was read from. */
export type ReadRuns = Map<string, { readonly state: string; readonly run: ListedRun | SkippedRun }>;

/** Runs are looked for this many folders deep. */
const maxDepth = 4;
/** More folders than any archive of runs has; a whole disk is not searched by mistake. */
const maxFolders = 20_000;
/** run.json and metrics.json of the largest suites have less than 1 MB. */
const maxJsonBytes = 32 * 1024 * 1024;

/**
 * The runs below `folder`, which may itself be one. Symbolic links below it are not followed. With `known`, files that did not change
 * since are not read again. Throws `run/not-found` when there is no such folder.
 */
export async function listRuns(folder: string, known: ReadRuns = new Map()): Promise<RunList> {
  const root = await rootOf(folder);
  const found: string[] = [];
  const skipped: SkippedRun[] = [];
  await findRunFolders({ root, found, skipped, visited: 0 }, '', 0);
  const atOnce = pLimit(16);
  const runs = await Promise.all(found.map((name) => atOnce(() => readChangedRun(root, name, known))));
  const read = runs.filter((run): run is ListedRun => 'record' in run);
  skipped.push(...runs.filter((run): run is SkippedRun => 'reason' in run));
  read.sort((a, b) => compare(a.record.created, b.record.created) || compare(a.name, b.name));
  return { folder: root, runs: read, skipped: skipped.sort((a, b) => compare(a.name, b.name)) };
}

/** One run by its name in the list; undefined for a name that the list cannot have. */
export async function findRun(folder: string, name: string): Promise<ListedRun | undefined> {
  const root = await rootOf(folder);
  if (name !== path.basename(root) || !(await isFile(path.join(root, 'run.json')))) {
    const parts = name.split('/');
    if (parts.length > maxDepth || parts.some((part) => !isEntered(part))) return undefined;
    // Every folder on the way, because a link anywhere would lead out.
    for (let depth = 1; depth <= parts.length; depth++) {
      const on = path.join(root, ...parts.slice(0, depth));
      const is = await lstat(on).catch(() => undefined);
      if (!is?.isDirectory()) return undefined;
    }
  }
  const run = await readRun(root, name);
  return 'record' in run ? run : undefined;
}

interface Search {
  readonly root: string;
  readonly found: string[];
  readonly skipped: SkippedRun[];
  visited: number;
}

async function findRunFolders(search: Search, relative: string, depth: number): Promise<void> {
  const folder = path.join(search.root, relative);
  search.visited += 1;
  if (search.visited > maxFolders) throw tooMany(search.root);
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    search.skipped.push({ name: relative, reason: `cannot be read (${(error as NodeJS.ErrnoException).code})` });
    return;
  }
  const record = entries.find((entry) => entry.name === 'run.json');
  if (record?.isFile()) {
    search.found.push(relative === '' ? path.basename(search.root) : relative);
    return;
  }
  for (const entry of entries) {
    const name = relative === '' ? entry.name : `${relative}/${entry.name}`;
    if (entry.isSymbolicLink()) {
      // A link such as `latest` to a run that is listed anyway needs no word.
      if (!(await staysInside(search.root, path.join(folder, entry.name)))) {
        search.skipped.push({ name, reason: 'a symbolic link that leads out of the folder' });
      }
    } else if (entry.isDirectory() && isEntered(entry.name) && depth + 1 < maxDepth) {
      await findRunFolders(search, name, depth + 1);
    }
  }
}

/** Hidden folders and installed packages hold no runs. */
function isEntered(name: string): boolean {
  return name !== '' && !name.startsWith('.') && name !== 'node_modules' && !/[/\0]/.test(name);
}

async function readChangedRun(root: string, name: string, known: ReadRuns): Promise<ListedRun | SkippedRun> {
  const files = runFiles(await folderOf(root, name));
  const state = `${await stateOf(files.record)} ${await stateOf(files.metrics)}`;
  const before = known.get(name);
  if (before?.state !== state) {
    const run = await readRun(root, name);
    known.set(name, { state, run });
    return run;
  }
  const { run } = before;
  // A lock comes and goes without the other files.
  return 'record' in run ? { ...run, status: await statusOf(run.folder, run.metrics) } : run;
}

async function stateOf(file: string): Promise<string> {
  const is = await lstat(file, { bigint: true }).catch(() => undefined);
  return is === undefined ? 'none' : `${is.ino} ${is.size} ${is.mtimeNs} ${is.ctimeNs}`;
}

async function folderOf(root: string, name: string): Promise<string> {
  const isRoot = name === path.basename(root) && (await isFile(path.join(root, 'run.json')));
  return isRoot ? root : path.join(root, name);
}

async function readRun(root: string, name: string): Promise<ListedRun | SkippedRun> {
  const folder = await folderOf(root, name);
  const files = runFiles(folder);
  const text = await readForeign(files.record, maxJsonBytes);
  if (text === undefined) return { name, reason: 'its run.json cannot be read' };
  let record: RunRecord;
  try {
    record = parseRunRecord(text, 'run.json');
  } catch (error) {
    if (!(error instanceof EvalrunError)) throw error;
    return { name, reason: error.message };
  }
  const stored = parseMetrics((await readForeign(files.metrics, maxJsonBytes)) ?? '');
  // The metrics of another run, copied here, say nothing about this one.
  const metrics = stored?.run === record.id && hasAllSuites(stored, record) ? stored : null;
  return { name, folder, record, metrics, status: await statusOf(folder, metrics) };
}

function hasAllSuites(metrics: StoredMetrics, record: RunRecord): boolean {
  return record.suites.every(({ suite }) => Object.hasOwn(metrics.suites, suite));
}

async function statusOf(folder: string, metrics: StoredMetrics | null): Promise<RunStatus> {
  if (await isLocked(folder)) return 'running';
  if (metrics === null) return 'incomplete';
  const suites = Object.values(metrics.suites);
  if (suites.some(({ missing }) => missing > 0)) return 'incomplete';
  return suites.some(({ invalid }) => invalid !== undefined) ? 'invalid' : 'complete';
}

async function rootOf(folder: string): Promise<string> {
  try {
    const root = await realpath(folder);
    if ((await lstat(root)).isDirectory()) return root;
  } catch (cause) {
    throw notFound(folder, (cause as NodeJS.ErrnoException).code ?? String(cause));
  }
  throw notFound(folder, 'a file');
}

async function isFile(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => undefined))?.isFile() ?? false;
}

async function staysInside(root: string, link: string): Promise<boolean> {
  const target = await realpath(link).catch(() => undefined);
  return target !== undefined && (target === root || target.startsWith(root + path.sep));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function notFound(folder: string, found: string): EvalrunError {
  return new EvalrunError('run/not-found', {
    what: `There is no folder of runs at ${folder}`,
    expected: 'a folder, such as the runs/ that "evalrun --suite mmlu" makes',
    found,
    todo: 'give the folder that was --out of your runs',
  });
}

function tooMany(folder: string): EvalrunError {
  return new EvalrunError('run/too-many-folders', {
    what: `${folder} has too many folders to look for runs in`,
    expected: `at most ${maxFolders}`,
    todo: 'give the folder that was --out of your runs',
  });
}
