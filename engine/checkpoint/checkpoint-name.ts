/** What to call the checkpoint in a folder. */
import path from 'node:path';

/** `org/name` for a snapshot in the Hugging Face cache, whose own name is a commit; else the folder's name. */
export function checkpointName(folder: string): string {
  const [repository = '', snapshots, name = folder] = path.resolve(folder).split(path.sep).slice(-3);
  const inCache = snapshots === 'snapshots' && /^models--[^-].*[^-]$/.test(repository);
  return inCache ? repository.split('--').slice(1).join('/') : name;
}
