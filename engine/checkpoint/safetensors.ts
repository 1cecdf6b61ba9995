/** Reads the header of one safetensors file without touching its data. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { EvalrunError } from '../../errors.js';
import { HEADER_OFFSET, parseSafetensorsHeader, type SafetensorsHeader } from './safetensors-header.js';

/** The format's own limit (safetensors README, "Format"). */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * The checked header of a safetensors file.
 *
 * @throws EvalrunError checkpoint/truncated, checkpoint/header, checkpoint/dtype, checkpoint/shape or checkpoint/layout
 * @see https://github.com/huggingface/safetensors#format
 */
export function readSafetensorsHeader(path: string): SafetensorsHeader {
  let descriptor: number;
  try {
    // Before opening, because opening a named pipe waits for its writer.
    if (!statSync(path).isFile()) throw new Error('it is not a regular file');
    descriptor = openSync(path, 'r');
  } catch (cause) {
    throw new EvalrunError('checkpoint/not-found', {
      what: `${path} cannot be opened (${(cause as Error).message})`,
      cause,
    });
  }
  try {
    const { size } = fstatSync(descriptor);
    const headerBytes = readHeaderLength(descriptor, path, size);
    return parseSafetensorsHeader(path, size, readExactly(descriptor, path, HEADER_OFFSET, headerBytes));
  } finally {
    closeSync(descriptor);
  }
}

function readHeaderLength(descriptor: number, path: string, size: number): number {
  if (size < HEADER_OFFSET) {
    throw new EvalrunError('checkpoint/truncated', {
      what: `${path} is truncated`,
      expected: 'at least 8 bytes that give the length of the header',
      found: `${size} bytes`,
      todo: 'fetch the file again',
    });
  }
  const prefix = readExactly(descriptor, path, 0, HEADER_OFFSET);
  if (prefix.toString('latin1') === 'version ') {
    throw new EvalrunError('checkpoint/header', {
      what: `${path} is a Git LFS pointer, not the weights`,
      todo: 'run "git lfs pull" in the repository it came from, or download the file itself',
    });
  }
  const claimed = prefix.readBigUInt64LE();
  const room = size - HEADER_OFFSET;
  if (claimed > BigInt(MAX_HEADER_BYTES)) {
    throw new EvalrunError('checkpoint/header', {
      what: `${path} claims a header of ${claimed} bytes`,
      expected: `at most ${MAX_HEADER_BYTES}, and no more than the ${room} that follow in the file`,
      todo: 'check that it is a safetensors file, or fetch it again',
    });
  }
  if (claimed > BigInt(room)) {
    throw new EvalrunError('checkpoint/truncated', {
      what: `${path} is truncated inside its header`,
      expected: `${BigInt(HEADER_OFFSET) + claimed} bytes up to the end of the header`,
      found: `${size} bytes in the file`,
      todo: 'fetch the file again',
    });
  }
  if (claimed < 2n) {
    throw new EvalrunError('checkpoint/header', {
      what: `${path} has no header`,
      expected: 'a JSON object',
      found: `${claimed} bytes`,
    });
  }
  return Number(claimed);
}

function readExactly(descriptor: number, path: string, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  for (let filled = 0; filled < length; ) {
    const read = readSync(descriptor, buffer, filled, length - filled, position + filled);
    if (read === 0) {
      throw new EvalrunError('checkpoint/truncated', {
        what: `${path} became shorter while it was read`,
        expected: `${length} bytes at offset ${position}`,
        found: `${filled}`,
      });
    }
    filled += read;
  }
  return buffer;
}
