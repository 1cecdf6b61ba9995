/** Reads members of a zip file held in memory: enough of the format for published datasets. */
import { inflateRawSync } from 'node:zlib';
import { EvalrunError } from '../errors.js';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;

/** A member whose content is read when asked for. */
export interface ArchiveMember {
  readonly name: string;
  read(): Buffer;
}

/**
 * Members of a zip file (APPNOTE.TXT 4.3: central directory; stored or deflated, no zip64, no encryption). Callers
 * check the content by hash. `limit` bounds the unpacked size of a member.
 *
 * @throws EvalrunError `dataset/archive` when the file is not such a zip.
 */
export function zipMembers(zip: Buffer, { file, limit }: { file: string; limit: number }): ArchiveMember[] {
  const broken = (found: string) =>
    new EvalrunError('dataset/archive', { what: `${file} is not a readable zip file`, found, todo: 'fetch it again' });
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || end + 22 > zip.length || zip.readUInt32LE(end) !== END_OF_DIRECTORY)
    throw broken('no directory at its end');
  const members: ArchiveMember[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (at + 46 > end || zip.readUInt32LE(at) !== DIRECTORY_ENTRY) throw broken(`no directory entry at byte ${at}`);
    const entry = {
      flags: zip.readUInt16LE(at + 8),
      method: zip.readUInt16LE(at + 10),
      packed: zip.readUInt32LE(at + 20),
      size: zip.readUInt32LE(at + 24),
      header: zip.readUInt32LE(at + 42),
    };
    const nameEnd = at + 46 + zip.readUInt16LE(at + 28);
    const name = zip.toString('utf8', at + 46, nameEnd);
    members.push({ name, read: () => readMember(zip, { ...entry, name, limit, broken }) });
    at = nameEnd + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return members;
}

interface ZipEntry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly header: number;
  readonly limit: number;
  readonly broken: (found: string) => EvalrunError;
}

function readMember(zip: Buffer, { name, flags, method, packed, size, header, limit, broken }: ZipEntry): Buffer {
  if ((flags & 1) !== 0) throw broken(`${name} is encrypted`);
  if (size > limit) throw broken(`${name} claims ${size} bytes`);
  if (header + 30 > zip.length || zip.readUInt32LE(header) !== LOCAL_ENTRY) throw broken(`no content for ${name}`);
  const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  if (start + packed > zip.length) throw broken(`${name} ends beyond the file`);
  const content = zip.subarray(start, start + packed);
  if (method === STORED) return content;
  if (method !== DEFLATED) throw broken(`${name} is packed by method ${method}`);
  try {
    return inflateRawSync(content, { maxOutputLength: limit });
  } catch (cause) {
    throw broken(`${name} does not unpack: ${String(cause)}`);
  }
}
