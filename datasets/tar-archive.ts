/** Reads members of a tar file on disk without loading the whole of it: enough of the format for published datasets. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { EvalrunError } from '../errors.js';
import type { ArchiveMember } from './zip-archive.js';

const BLOCK = 512;

/**
 * Regular members of an uncompressed tar file (POSIX ustar; long names are not needed here). A member's content is
 * read from `file` when asked for; callers check it by hash. `limit` bounds the size of a member that is read.
 *
 * @throws EvalrunError `dataset/archive` when a header's checksum is wrong or a member ends beyond the file.
 */
export function tarMembers(file: string, { limit }: { limit: number }): ArchiveMember[] {
  const handle = openSync(file, 'r');
  try {
    const total = fstatSync(handle).size;
    const header = Buffer.alloc(BLOCK);
    const members: ArchiveMember[] = [];
    for (let at = 0; at + BLOCK <= total; ) {
      readSync(handle, header, 0, BLOCK, at);
      if (header.every((byte) => byte === 0)) break;
      if (octal(header, 148, 8) !== checksum(header)) throw broken(file, `a damaged header at byte ${at}`);
      const size = octal(header, 124, 12);
      const start = at + BLOCK;
      const name = [text(header, 345, 155), text(header, 0, 100)].filter((part) => part !== '').join('/');
      if (start + size > total) throw broken(file, `${name} ends beyond the file`);
      const type = header[156];
      if (type === 0 || type === 0x30)
        members.push({ name, read: () => readMember({ file, name, start, size, limit }) });
      at = start + Math.ceil(size / BLOCK) * BLOCK;
    }
    return members;
  } finally {
    closeSync(handle);
  }
}

interface TarEntry {
  readonly file: string;
  readonly name: string;
  readonly start: number;
  readonly size: number;
  readonly limit: number;
}

function readMember({ file, name, start, size, limit }: TarEntry): Buffer {
  if (size > limit) throw broken(file, `${name} claims ${size} bytes`);
  const content = Buffer.alloc(size);
  const handle = openSync(file, 'r');
  try {
    if (readSync(handle, content, 0, size, start) !== size) throw broken(file, `${name} ends beyond the file`);
    return content;
  } finally {
    closeSync(handle);
  }
}

function text(header: Buffer, start: number, length: number): string {
  // Before ustar, the bytes that hold the prefix were not defined.
  if (start === 345 && header.toString('latin1', 257, 262) !== 'ustar') return '';
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

function octal(header: Buffer, start: number, length: number): number {
  const digits = header
    .toString('latin1', start, start + length)
    .replace(/[\0 ]+$/, '')
    .trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

/** Sum of the header's bytes with the checksum field itself taken as spaces. */
function checksum(header: Buffer): number {
  return header.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 0x20 : byte), 0);
}

function broken(file: string, found: string): EvalrunError {
  return new EvalrunError('dataset/archive', {
    what: `${file} is not a readable tar file`,
    found,
    todo: 'fetch it again',
  });
}
