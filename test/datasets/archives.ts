/** Writes zip and tar files for tests of the readers. */
import { deflateRawSync } from 'node:zlib';

type Files = Readonly<Record<string, string>>;

/** A zip file; every second member is stored, the others are deflated. */
export function zipOf(files: Files): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  Object.entries(files).forEach(([name, text], index) => {
    const content = Buffer.from(text);
    const packed = index % 2 === 0 ? deflateRawSync(content) : content;
    const method = index % 2 === 0 ? 8 : 0;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(Buffer.byteLength(name), 26);
    local.writeUInt16LE(4, 28);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(Buffer.byteLength(name), 28);
    entry.writeUInt32LE(offset, 42);
    const parts = [local, Buffer.from(name), Buffer.from('more'), packed];
    locals.push(...parts);
    directory.push(entry, Buffer.from(name));
    offset += parts.reduce((total, part) => total + part.length, 0);
  });
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...directory, end]);
}

/** A tar file with a folder entry first; long paths go into the ustar prefix. */
export function tarOf(files: Files): Buffer {
  const blocks = [tarHeader('data/', 0, '5')];
  for (const [name, text] of Object.entries(files)) {
    const content = Buffer.from(text);
    blocks.push(tarHeader(name, content.length, '0'), content, Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function tarHeader(name: string, size: number, type: string): Buffer {
  const cut = name.length > 100 ? name.indexOf('/', name.length - 101) : -1;
  const header = Buffer.alloc(512);
  header.write(name.slice(cut + 1), 0);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write(type, 156);
  header.write('ustar\u000000', 257);
  if (cut > 0) header.write(name.slice(0, cut), 345);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
