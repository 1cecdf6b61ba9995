/** Finds a dataset's files among files that lie somewhere else, by their names. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { sha256Hex } from '../sha256.js';
import type { ManifestFile } from './manifest.js';
import type { ArchiveMember } from './zip-archive.js';

/** Every file below a folder, with `/` in names; links are not followed. */
export function folderMembers(folder: string): ArchiveMember[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const full = path.join(entry.parentPath, entry.name);
      const name = path.relative(folder, full).split(path.sep).join('/');
      return { name, read: () => readFileSync(full) };
    });
}

export interface FoundFile {
  readonly content: Buffer;
  readonly sha256: string;
  /** Where it was found. */
  readonly name: string;
}

/**
 * The member that is `file`: one with the published content, under its path (`dev/agronomy.csv`) at any depth or
 * under its bare name; else the only one under its path, whatever its content.
 */
export function findFile(file: ManifestFile, members: readonly ArchiveMember[]): FoundFile | undefined {
  const byPath = members.filter(({ name }) => name === file.path || name.endsWith(`/${file.path}`)).map(open);
  const published = byPath.find((found) => found.sha256 === file.sha256);
  if (published !== undefined) return published;
  const base = path.posix.basename(file.path);
  const byName = members.filter(({ name }) => path.posix.basename(name) === base).map(open);
  const renamed = byName.find((found) => found.sha256 === file.sha256);
  return renamed ?? (byPath.length === 1 ? byPath[0] : undefined);
}

function open(member: ArchiveMember): FoundFile {
  const content = member.read();
  return { content, sha256: sha256Hex(content), name: member.name };
}
