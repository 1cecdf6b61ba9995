/** Checks the JSON header of a safetensors file: what each tensor is, and that they fill the data exactly. */
import { EvalrunError } from '../../errors.js';
import type { JsonObject, JsonValue } from './json.js';
import { isJsonObject, parseJsonObject } from './json-file.js';

/** The header follows its own length, a 64-bit number. */
export const HEADER_OFFSET = 8;

/** Bytes per element of every dtype that the format knows and that fills whole bytes. */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
  C64: 8,
} as const;

export type StoredDType = keyof typeof DTYPE_BYTES;

export interface StoredTensor {
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  /** First byte, from the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

export interface SafetensorsHeader {
  readonly path: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** Where the data begins, in bytes from the start of the file. */
  readonly dataStart: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their data; together they fill the file from dataStart to its end, without gap or overlap. */
  readonly tensors: readonly StoredTensor[];
}

/**
 * The checked header of the file at `path` of `size` bytes, from the header's own bytes. Pure; `path` names it in messages.
 *
 * @throws EvalrunError checkpoint/truncated, checkpoint/header, checkpoint/dtype, checkpoint/shape or checkpoint/layout
 */
export function parseSafetensorsHeader(path: string, size: number, bytes: Uint8Array): SafetensorsHeader {
  if (bytes[0] !== 0x7b) {
    throw new EvalrunError('checkpoint/header', {
      what: `${path} has a header that does not begin with "{"`,
      expected: 'a safetensors file',
      found: `byte 0x${bytes[0]?.toString(16).padStart(2, '0')}`,
    });
  }
  const object = parseJsonObject(bytes, `the header of ${path}`, 'checkpoint/header');
  const dataStart = HEADER_OFFSET + bytes.length;
  const tensors = Object.keys(object)
    .filter((name) => name !== '__metadata__')
    .map((name) => readEntry(path, name, object[name] as JsonValue, dataStart));
  tensors.sort((a, b) => a.offset - b.offset || a.bytes - b.bytes);
  checkLayout(path, size, dataStart, tensors);
  return { path, size, dataStart, metadata: readMetadata(path, object.__metadata__), tensors };
}

function readMetadata(path: string, value: JsonValue | undefined): Record<string, string> {
  const metadata = Object.create(null) as Record<string, string>;
  if (value === undefined) return metadata;
  if (!isJsonObject(value)) {
    throw new EvalrunError('checkpoint/header', {
      what: `${path}: __metadata__ is wrong`,
      expected: 'an object of strings',
    });
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw new EvalrunError('checkpoint/header', {
        what: `${path}: __metadata__ is wrong at ${JSON.stringify(key)}`,
        expected: 'a string',
        found: JSON.stringify(text),
      });
    }
    metadata[key] = text;
  }
  return metadata;
}

function readEntry(path: string, name: string, value: JsonValue, dataStart: number): StoredTensor {
  const where = `${path}: tensor ${JSON.stringify(name)}`;
  if (!isJsonObject(value)) {
    throw new EvalrunError('checkpoint/header', {
      what: `${where} is wrong`,
      expected: 'dtype, shape and data_offsets',
    });
  }
  const { dtype, shape, data_offsets: offsets } = value as JsonObject & { dtype?: JsonValue };
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype)) {
    throw new EvalrunError('checkpoint/dtype', {
      what: `${where} has an unknown dtype`,
      expected: `one of ${Object.keys(DTYPE_BYTES).join(', ')}`,
      found: JSON.stringify(dtype ?? null),
    });
  }
  if (!isSizes(shape)) {
    throw new EvalrunError('checkpoint/shape', {
      what: `${where} has a bad shape`,
      expected: 'a list of whole numbers, zero or more',
      found: JSON.stringify(shape ?? null),
    });
  }
  if (!isSizes(offsets) || offsets.length !== 2 || (offsets[0] as number) > (offsets[1] as number)) {
    throw new EvalrunError('checkpoint/layout', {
      what: `${where} has bad data_offsets`,
      expected: '[begin, end] with begin <= end',
      found: JSON.stringify(offsets ?? null),
    });
  }
  const [begin, end] = offsets as [number, number];
  const bytes = byteSize(shape, DTYPE_BYTES[dtype as StoredDType]);
  if (bytes !== end - begin) {
    throw new EvalrunError('checkpoint/shape', {
      what: `${where} is ${dtype} [${shape.join(', ')}] but its data_offsets disagree`,
      expected: bytes === undefined ? 'a size below 2^53 bytes' : `${bytes} bytes`,
      found: `${end - begin} bytes`,
    });
  }
  return { name, dtype: dtype as StoredDType, shape, offset: dataStart + begin, bytes };
}

function isSizes(value: JsonValue | undefined): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

/** shape's product times the element size, or undefined where that leaves the exact integers. */
function byteSize(shape: readonly number[], elementBytes: number): number | undefined {
  let bytes = elementBytes;
  for (const size of shape) {
    bytes *= size;
    if (!Number.isSafeInteger(bytes)) return undefined;
  }
  return bytes;
}

function checkLayout(path: string, size: number, dataStart: number, tensors: readonly StoredTensor[]): void {
  let cursor = dataStart;
  let previous = 'the header';
  const end = tensors.reduce((last, tensor) => Math.max(last, tensor.offset + tensor.bytes), dataStart);
  if (end > size) {
    throw new EvalrunError('checkpoint/truncated', {
      what: `${path} is truncated`,
      expected: `${end} bytes, as its header says`,
      found: `${size}`,
      todo: 'fetch the file again',
    });
  }
  for (const tensor of tensors) {
    const name = JSON.stringify(tensor.name);
    if (tensor.offset < cursor) {
      throw new EvalrunError('checkpoint/layout', { what: `${path}: tensor ${name} overlaps ${previous}` });
    }
    if (tensor.offset > cursor) {
      throw new EvalrunError('checkpoint/layout', {
        what: `${path} has ${tensor.offset - cursor} bytes between ${previous} and tensor ${name} that belong to none`,
      });
    }
    cursor = tensor.offset + tensor.bytes;
    previous = `tensor ${name}`;
  }
  if (cursor < size) {
    throw new EvalrunError('checkpoint/layout', {
      what: `${path} goes on after its last tensor`,
      expected: `${cursor} bytes, as its header says`,
      found: `${size}`,
    });
  }
}
