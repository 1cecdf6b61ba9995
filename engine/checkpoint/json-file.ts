/** Reads a JSON file that must hold one object, and says by file, line and column what is wrong with it. */
import { readFileSync, statSync } from 'node:fs';
import { type ErrorCode, EvalrunError } from '../../errors.js';
import { JsonError, type JsonObject, type JsonValue, parseJson } from './json.js';

/** Larger than any published index of a checkpoint (DeepSeek-V3's is 9 MB). */
const MAX_JSON_BYTES = 256 * 2 ** 20;

/**
 * The object in `file`.
 *
 * @throws EvalrunError with `code` when the file is unreadable, too large, not UTF-8, not JSON or not an object
 */
export function readJsonObject(file: string, code: ErrorCode): JsonObject {
  let bytes: Buffer;
  try {
    const size = statSync(file).size;
    if (size > MAX_JSON_BYTES) {
      throw new EvalrunError(code, {
        what: `${file} is too large for JSON`,
        expected: `at most ${MAX_JSON_BYTES} bytes`,
        found: `${size}`,
      });
    }
    bytes = readFileSync(file);
  } catch (cause) {
    if (cause instanceof EvalrunError) throw cause;
    throw new EvalrunError(code, { what: `${file} cannot be read (${(cause as Error).message})`, cause });
  }
  return parseJsonObject(bytes, file, code);
}

/** As readJsonObject, for bytes already read; `place` names them in messages. */
export function parseJsonObject(bytes: Uint8Array, place: string, code: ErrorCode): JsonObject {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new EvalrunError(code, { what: `${place} is not valid UTF-8`, cause });
  }
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    const before = text.slice(0, cause.offset).split('\n');
    const where = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
    throw new EvalrunError(code, { what: `${place} is not valid JSON: ${cause.message}, at ${where}`, cause });
  }
  if (!isJsonObject(value)) {
    const found = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
    throw new EvalrunError(code, { what: `${place} does not hold a JSON object`, expected: 'an object', found });
  }
  return value;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
