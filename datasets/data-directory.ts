/** Decides which folder a dataset's files are read from. */
import { existsSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EvalrunError } from '../errors.js';
import { packageRoot } from '../package-root.js';

/** Value of `--data` that asks for the questions in the box even where a dataset is installed. */
export const EMBEDDED = 'embedded';

export interface DatasetLocation {
  /** `embedded` for the questions in the box, else `installed`. */
  readonly kind: 'embedded' | 'installed';
  /** The folder that holds the dataset's own folders (`dev`, `test`, ...). */
  readonly folder: string;
  /** The data directory, or `embedded`. */
  readonly source: string;
  /** Why this place was taken, for people. */
  readonly reason: string;
}

export interface LocateOptions {
  /** What the user gave as `--data`, if anything. */
  readonly dataDir?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** Where the questions in the box are; tests point it elsewhere. */
  readonly embeddedRoot?: string;
}

/** Where evalrun keeps what it fetches and makes: `~/.cache/evalrun`. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return path.join(env.HOME || os.homedir(), '.cache', 'evalrun');
}

/** The data directory that is used when the user names none: `~/.cache/evalrun/datasets`. */
export function defaultDataDir(env: NodeJS.ProcessEnv = process.env): string {
  return path.join(cacheFolder(env), 'datasets');
}

/** The data directory that `data pull` writes to: `--data`, else EVALRUN_DATA, else the default. */
export function writableDataDir({ dataDir, env = process.env }: LocateOptions = {}): string {
  const named = dataDir || env.EVALRUN_DATA;
  return path.resolve(named && named !== EMBEDDED ? named : defaultDataDir(env));
}

/**
 * Where dataset `id` is read from: `--data`, else EVALRUN_DATA, else the default data directory if the dataset is
 * there, else the questions in the box.
 *
 * @throws EvalrunError `dataset/not-installed` when the user named a folder that does not hold the dataset. Another
 *   set of questions is never taken in its place.
 */
export function locateDataset(id: string, options: LocateOptions = {}): DatasetLocation {
  const { dataDir, env = process.env } = options;
  const embeddedRoot = options.embeddedRoot ?? path.join(packageRoot, 'datasets', 'samples');
  const named = dataDir || env.EVALRUN_DATA;
  const why = dataDir ? '--data' : 'EVALRUN_DATA';
  if (named && named !== EMBEDDED) {
    const root = path.resolve(named);
    const folder = path.join(root, id);
    if (isFolder(folder)) return { kind: 'installed', folder, source: root, reason: `${why} names it` };
    throw new EvalrunError('dataset/not-installed', {
      what: `${why} is ${named}, but ${id} is not there`,
      expected: `the folder ${folder}`,
      found: existsSync(root) ? `no ${id} in ${root}` : `no folder ${root}`,
      todo: `run "evalrun data pull ${id} --data ${named}", or leave ${why} out to use what is installed or in the box`,
    });
  }
  const installed = path.join(defaultDataDir(env), id);
  if (!named && isFolder(installed)) {
    return { kind: 'installed', folder: installed, source: defaultDataDir(env), reason: `${id} is installed there` };
  }
  const embedded = path.join(embeddedRoot, id);
  if (isFolder(embedded)) {
    const reason = named ? `${why} asks for the questions in the box` : `${id} is not installed`;
    return { kind: 'embedded', folder: embedded, source: EMBEDDED, reason };
  }
  throw new EvalrunError('dataset/not-installed', {
    what: `${id} is not installed, and there are no questions in the box for it`,
    expected: `the folder ${installed}`,
    todo: `run "evalrun data pull ${id}", or name your copy with --data`,
  });
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
