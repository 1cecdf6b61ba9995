/** One model's folder in the cache, in the layout of Hugging Face's tools: blobs by hash, snapshots of links, refs. */
import { lstat, mkdir, readdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hashOf } from '../../datasets/file-hash.js';
import { cacheError } from './hub-error.js';
import type { RemoteFile } from './list-repository.js';
import { cacheFolderName, isCommit } from './model-name.js';

export class CacheRepository {
  readonly folder: string;
  readonly blobs: string;

  constructor(cache: string, repository: string) {
    this.folder = path.join(cache, cacheFolderName(repository));
    this.blobs = path.join(this.folder, 'blobs');
  }

  blob({ hash }: RemoteFile): string {
    return path.join(this.blobs, hash);
  }

  snapshot(commit: string): string {
    return path.join(this.folder, 'snapshots', commit);
  }

  /** The commit that a branch or tag was when it was pulled last; a commit is itself. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (isCommit(revision)) return revision;
    const text = await readFile(path.join(this.folder, 'refs', revision), 'utf8').catch(() => '');
    return isCommit(text.trim()) ? text.trim() : undefined;
  }

  async makeFolders(): Promise<void> {
    await mkdir(this.blobs, { recursive: true }).catch((cause) => {
      throw cacheError(this.blobs, cause);
    });
  }

  /** Makes `name` in the snapshot a link to the blob. What is there already and has the content stays. */
  async link(commit: string, file: RemoteFile): Promise<void> {
    const place = path.join(this.snapshot(commit), file.name);
    try {
      await mkdir(path.dirname(place), { recursive: true });
      if (await this.holds(place, file)) return;
      const temporary = temporaryName(place);
      await symlink(path.relative(path.dirname(place), this.blob(file)), temporary);
      await rename(temporary, place);
    } catch (cause) {
      throw cacheError(place, cause);
    }
  }

  private async holds(place: string, file: RemoteFile): Promise<boolean> {
    const there = await lstat(place).catch(() => undefined);
    if (there === undefined) return false;
    if (!there.isSymbolicLink()) return (await hashOf(place, { kind: file.hashKind })) === file.hash;
    const [target, blob] = [await realpath(place).catch(() => ''), await realpath(this.blob(file))];
    return target === blob;
  }

  /** Says that the revision is this commit, for every tool that asks the cache. */
  async writeRef(revision: string, commit: string): Promise<void> {
    if (revision === commit || (await this.commitOf(revision)) === commit) return;
    const place = path.join(this.folder, 'refs', revision);
    try {
      await mkdir(path.dirname(place), { recursive: true });
      const temporary = temporaryName(place);
      await writeFile(temporary, commit, { flush: true });
      await rename(temporary, place);
    } catch (cause) {
      throw cacheError(place, cause);
    }
  }

  /** Parts of files that no pull will go on with: other commits', once one is complete. */
  async removeParts(): Promise<void> {
    for (const name of await readdir(this.blobs)) {
      if (name.endsWith('.part')) await rm(path.join(this.blobs, name), { force: true });
    }
  }
}

function temporaryName(place: string): string {
  return `${place}.${process.pid}-${Date.now().toString(36)}.tmp`;
}
