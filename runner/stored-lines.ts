/** Reads JSONL files of a run folder line by line, in memory for one line, and never writes. */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { EvalrunError } from '../errors.js';

/** Read at once. */
const portionBytes = 2 ** 18;
/** Longer than any answer: a file without newlines is not read into memory as a whole. */
const longestLine = 64 * 2 ** 20;

export interface StoredLine {
  /** From 1. */
  readonly number: number;
  /** Without its newline. */
  readonly text: string;
  /** False for a last line that a crash tore. */
  readonly isWhole: boolean;
  /** Its bytes in the file, newline included. */
  readonly start: number;
  readonly end: number;
}

/**
 * The lines of `file`; none where there is no file. Throws `run/read` for what is no regular file, a line over 64 MiB, and what the
 * operating system refuses.
 */
export async function* readLines(file: string): AsyncGenerator<StoredLine> {
  if (!(await isRegularFile(file))) return;
  let parts: Buffer[] = [];
  let length = 0;
  let number = 0;
  let end = 0;
  const take = (isWhole: boolean): StoredLine => {
    const [only, ...others] = parts;
    const bytes = only !== undefined && others.length === 0 ? only : Buffer.concat(parts);
    const start = end;
    end += bytes.length + (isWhole ? 1 : 0);
    number += 1;
    [parts, length] = [[], 0];
    return { number, text: bytes.toString('utf8'), isWhole, start, end };
  };
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'r');
    // One for all portions: the buffers of a stream are garbage that nobody hurries to collect.
    const portion = Buffer.allocUnsafeSlow(portionBytes);
    for (;;) {
      const { bytesRead } = await handle.read(portion, 0, portion.length, null);
      if (bytesRead === 0) break;
      const chunk = portion.subarray(0, bytesRead);
      let at = 0;
      for (let newline = chunk.indexOf(10, at); newline !== -1; newline = chunk.indexOf(10, at)) {
        parts.push(chunk.subarray(at, newline));
        yield take(true);
        at = newline + 1;
      }
      if (at < chunk.length) parts.push(Buffer.from(chunk.subarray(at)));
      length += chunk.length - at;
      if (length > longestLine) throw tooLong(file, number + 1);
    }
  } catch (cause) {
    throw fileError(file, cause);
  } finally {
    await handle?.close();
  }
  if (length > 0) yield take(false);
}

/** False where there is nothing. Throws `run/read` for folders, pipes and devices, which would be read for ever. */
export async function isRegularFile(file: string): Promise<boolean> {
  try {
    const { isFile } = await stat(file).then((found) => ({ isFile: found.isFile() }));
    if (isFile) return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw fileError(file, cause);
  }
  throw new EvalrunError('run/read', {
    what: `${file} cannot be read as a part of a run`,
    expected: 'a regular file',
    found: 'a folder, a pipe or a device',
    todo: 'give the folder of a run as evalrun left it',
  });
}

function tooLong(file: string, number: number): EvalrunError {
  return new EvalrunError('run/read', {
    what: `Line ${number} of ${file} is longer than any line of a run`,
    expected: `at most ${longestLine / 2 ** 20} MiB`,
    todo: 'give the folder of a run as evalrun left it',
  });
}

function fileError(file: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (cause instanceof EvalrunError || typeof code !== 'string') return cause;
  return new EvalrunError('run/read', {
    what: `Cannot read ${file}`,
    found: code,
    todo: 'check the folder and its permissions',
    cause,
  });
}
