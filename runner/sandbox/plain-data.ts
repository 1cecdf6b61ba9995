/** The part of the frames' data format that the parent itself writes and reads; python/codec.py has all of it. */

export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [name: string]: Plain };

/** Numbers must be integers; arrays become lists. */
export function encodePlain(value: Plain): Buffer {
  if (value === null) return Buffer.from('N');
  if (typeof value === 'boolean') return Buffer.from(value ? 'T' : 'F');
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(BigInt(value));
    return block('i', bytes);
  }
  if (typeof value === 'string') return block('s', Buffer.from(value, 'utf8'));
  if (Array.isArray(value)) return Buffer.concat([count('l', value.length), ...value.map(encodePlain)]);
  const items = Object.entries(value);
  return Buffer.concat([
    count('d', items.length),
    ...items.flatMap(([name, item]) => [encodePlain(name), encodePlain(item)]),
  ]);
}

function block(tag: string, data: Buffer): Buffer {
  return Buffer.concat([count(tag, data.length), data]);
}

function count(tag: string, size: number): Buffer {
  const head = Buffer.alloc(5);
  head.write(tag);
  head.writeUInt32BE(size, 1);
  return head;
}

/** A tuple or list of strings and integers, as the Python side announces its state; undefined for anything else. */
export function decodeWords(data: Buffer): (string | number)[] | undefined {
  const tag = data.toString('latin1', 0, 1);
  if (data.length < 5 || (tag !== 't' && tag !== 'l')) return undefined;
  const words: (string | number)[] = [];
  let at = 5;
  for (let left = data.readUInt32BE(1); left > 0; left--) {
    if (data.length < at + 5) return undefined;
    const kind = data.toString('latin1', at, at + 1);
    const end = at + 5 + data.readUInt32BE(at + 1);
    if (end > data.length) return undefined;
    const part = data.subarray(at + 5, end);
    if (kind === 's') words.push(part.toString('utf8'));
    else if (kind === 'i' && part.length > 0 && part.length <= 6) words.push(part.readIntBE(0, part.length));
    else return undefined;
    at = end;
  }
  return at === data.length ? words : undefined;
}
