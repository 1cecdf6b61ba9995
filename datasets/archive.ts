/** Opens an archive of either kind and finds a dataset's files in it. */
import { readFileSync } from 'node:fs';
import { EvalrunError } from '../errors.js';
import { tarMembers } from './tar-archive.js';
import { type ArchiveMember, zipMembers } from './zip-archive.js';

/** No file of a known dataset comes near this; it bounds what a hostile archive can make us hold. */
const MEMBER_LIMIT_BYTES = 64 * 2 ** 20;

/** Members of a `.zip` or `.tar` file. */
export function archiveMembers(file: string, format: 'zip' | 'tar'): ArchiveMember[] {
  return format === 'zip'
    ? zipMembers(readFileSync(file), { file, limit: MEMBER_LIMIT_BYTES })
    : tarMembers(file, { limit: MEMBER_LIMIT_BYTES });
}

/**
 * The kind of archive that a file name promises.
 *
 * @throws EvalrunError `usage/archive-kind` for any other name.
 */
export function archiveKind(file: string): 'zip' | 'tar' {
  const kind = /\.(zip|tar)$/i.exec(file)?.[1]?.toLowerCase();
  if (kind === 'zip' || kind === 'tar') return kind;
  throw new EvalrunError('usage/archive-kind', {
    what: `${file} is not a folder, and not an archive that can be read`,
    expected: 'a folder, a .zip or an uncompressed .tar',
    todo: 'unpack it and import the folder',
  });
}
