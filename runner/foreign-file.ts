/** Files in folders that somebody else wrote: regular files only, of bounded size, never through a symbolic link. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * Opens a regular file for reading. A named pipe, which would wait for ever, a device, a folder and a symbolic link are
 * refused as missing files are: undefined.
 */
export async function openForeign(file: string): Promise<FileHandle | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  return undefined;
}

/** The text of a regular file; undefined where there is none or it holds more than `maxBytes`. */
export async function readForeign(file: string, maxBytes: number): Promise<string | undefined> {
  const handle = await openForeign(file);
  if (handle === undefined) return undefined;
  try {
    if ((await handle.stat()).size > maxBytes) return undefined;
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
