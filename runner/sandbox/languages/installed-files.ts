/** Which files of this machine a toolchain consists of: programs, the shared libraries that they load, folders. */
import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Mount } from './language.js';

/** A program on PATH as its real file, or undefined. */
export function findProgram(name: string, folders = process.env.PATH ?? '/usr/bin:/bin'): string | undefined {
  for (const folder of folders.split(':')) {
    const file = path.join(folder, name);
    if (path.isAbsolute(folder) && existsSync(file)) return file;
  }
  return undefined;
}

/** What a command prints, both streams; undefined when it cannot be started or fails. */
export async function outputOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, { timeout: 30_000, cwd: '/' });
    return `${stdout}${stderr}`;
  } catch {
    return undefined;
  }
}

/** Programs at their own paths, each with its libraries. */
export async function programMounts(programs: readonly string[]): Promise<Mount[]> {
  return uniqueMounts([...programs.map(mountFile), ...(await libraryMounts(programs))]);
}

/** The shared libraries of programs and of other libraries, at the paths that the loader finds them at, and the loader. */
export async function libraryMounts(files: readonly string[]): Promise<Mount[]> {
  const args = files.map((file) => realpathSync(file));
  // One call for all; it also fails for a script among them, having listed the others.
  const text = await promisify(execFile)('ldd', args, { timeout: 30_000, cwd: '/' }).then(
    ({ stdout }) => stdout,
    (error: { stdout?: string }) => error.stdout ?? '',
  );
  const found = text.split('\n').flatMap((line) => /(?:=> |^\s*)(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  return uniqueMounts(found.filter((file) => existsSync(file)).map(mountFile));
}

/** A file or folder at its own path, whatever links lead there. */
export function mountFile(file: string): Mount {
  return { from: realpathSync(file), at: file };
}

/** Those that are there. */
export function mountFolders(folders: readonly string[]): Mount[] {
  return folders.filter((folder) => existsSync(folder)).map(mountFile);
}

/** Each place once; the order says what is put over what. */
export function uniqueMounts(mounts: readonly Mount[]): Mount[] {
  return [...new Map(mounts.map((mount) => [mount.at, mount])).values()];
}

/** `LD_LIBRARY_PATH` for a root in which there is no list of libraries. */
export function libraryPath(mounts: readonly Mount[]): string {
  const folders = mounts.filter(({ at }) => at.includes('.so')).map(({ at }) => path.dirname(at));
  return [...new Set(folders)].join(':');
}
