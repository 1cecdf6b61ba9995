/** Parses JSON from untrusted files: duplicate keys, NaN, Infinity and bottomless nesting are errors, and no key reaches a prototype. */

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
/** Has no prototype, so "__proto__" is a key like any other. */
export interface JsonObject {
  [key: string]: JsonValue;
}

/** What is wrong with a text that should be JSON, and where. */
export class JsonError extends Error {
  /** Offset in UTF-16 units. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const MAX_DEPTH = 64;
const MAX_NUMBER_LENGTH = 64;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const PYTHON_CONSTANTS = ['NaN', 'Infinity', '-Infinity'];

/**
 * The value of a JSON text (RFC 8259), objects without a prototype. JSON.parse keeps the last of two equal keys in
 * silence; here the second one throws.
 *
 * @throws JsonError with the offset of the defect
 */
export function parseJson(text: string): JsonValue {
  const parser = new Parser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

class Parser {
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw this.#error(`nested deeper than ${MAX_DEPTH} levels`);
    this.#skipSpace();
    const text = this.#text;
    switch (text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case undefined:
        throw this.#error('the text ends where a value should be');
      default:
    }
    for (const constant of PYTHON_CONSTANTS) {
      if (text.startsWith(constant, this.#at)) {
        throw this.#error(`${constant} is not JSON (Python writes it for a number that is not finite)`);
      }
    }
    if (this.#take('true')) return true;
    if (this.#take('false')) return false;
    if (this.#take('null')) return null;
    return this.#number();
  }

  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#error('text after the end of the value');
  }

  #object(depth: number): JsonObject {
    const object = Object.create(null) as JsonObject;
    this.#at++;
    this.#skipSpace();
    if (this.#take('}')) return object;
    for (;;) {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') throw this.#error('expected a key in double quotes');
      const keyOffset = this.#at;
      const key = this.#string();
      if (key in object) throw new JsonError(`the key ${JSON.stringify(key)} appears twice`, keyOffset);
      this.#skipSpace();
      if (!this.#take(':')) throw this.#error('expected ":" after a key');
      object[key] = this.value(depth + 1);
      this.#skipSpace();
      if (this.#take('}')) return object;
      if (!this.#take(',')) throw this.#error('expected "," or "}"');
    }
  }

  #array(depth: number): JsonValue[] {
    const array: JsonValue[] = [];
    this.#at++;
    this.#skipSpace();
    if (this.#take(']')) return array;
    for (;;) {
      array.push(this.value(depth + 1));
      this.#skipSpace();
      if (this.#take(']')) return array;
      if (!this.#take(',')) throw this.#error('expected "," or "]"');
    }
  }

  #string(): string {
    const start = this.#at;
    let escaped = false;
    for (let at = start + 1; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === 0x22) {
        this.#at = at + 1;
        if (!escaped) return this.#text.slice(start + 1, at);
        try {
          return JSON.parse(this.#text.slice(start, at + 1)) as string;
        } catch (cause) {
          throw new JsonError(`a string with a bad escape (${(cause as Error).message})`, start);
        }
      }
      if (code === 0x5c) {
        escaped = true;
        at++;
      } else if (code < 0x20) throw new JsonError('a control character inside a string', at);
    }
    throw new JsonError('a string without its closing quote', start);
  }

  #number(): number {
    const start = this.#at;
    let end = start;
    while (end - start <= MAX_NUMBER_LENGTH && /[-+.\deE]/.test(this.#text[end] ?? '')) end++;
    if (end - start > MAX_NUMBER_LENGTH) throw this.#error(`a number of more than ${MAX_NUMBER_LENGTH} characters`);
    const literal = this.#text.slice(start, end);
    if (!NUMBER.test(literal))
      throw this.#error(`expected a value, found ${JSON.stringify(this.#text.slice(start, start + 12))}`);
    const number = Number(literal);
    if (!Number.isFinite(number)) throw this.#error(`the number ${literal} is out of range`);
    this.#at = end;
    return number;
  }

  #take(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #error(message: string): JsonError {
    return new JsonError(message, this.#at);
  }
}
