import { describe, expect, test } from '@jest/globals';
import { JsonError, parseJson } from '../../../engine/checkpoint/json.js';

function errorAt(text: string): string {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof JsonError) return `${error.message} @${error.offset}`;
    throw error;
  }
  throw new Error('parsed');
}

describe('parseJson', () => {
  test.each([
    '{"a":[1,-2.5e3,0,true,false,null,"x"],"b":{}}',
    ' [ ] ',
    '"\\u00e9\\n\\"\\\\ \u{1f600}"',
    '-0',
    '{"1":1,"":2,"\\u0061":3}',
    '[[[[]]]]',
  ])('reads %s as JSON.parse does', (text) => {
    expect(JSON.stringify(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)));
  });

  test.each([
    ['{"a":1,"a":2}', 'the key "a" appears twice @7'],
    ['{"a":1,"\\u0061":2}', 'the key "a" appears twice @7'],
    ['{"__proto__":1,"__proto__":2}', 'the key "__proto__" appears twice @15'],
    ['{"x":{"b":1,"b":1}}', 'the key "b" appears twice @12'],
    ['[NaN]', 'NaN is not JSON (Python writes it for a number that is not finite) @1'],
    ['-Infinity', '-Infinity is not JSON (Python writes it for a number that is not finite) @0'],
    ['1e999', 'the number 1e999 is out of range @0'],
    ['', 'the text ends where a value should be @0'],
    ['{"a":', 'the text ends where a value should be @5'],
    ['{"a":1', 'expected "," or "}" @6'],
    ['{a:1}', 'expected a key in double quotes @1'],
    ['[1,]', 'expected a value, found "]" @3'],
    ['{"a":1,}', 'expected a key in double quotes @7'],
    ['01', 'expected a value, found "01" @0'],
    ['+1', 'expected a value, found "+1" @0'],
    ['"abc', 'a string without its closing quote @0'],
    ['"a\nb"', 'a control character inside a string @2'],
    ['{} x', 'text after the end of the value @3'],
    ['\ufeff{}', 'expected a value, found "\ufeff{}" @0'],
  ])('refuses %j: %s', (text, message) => {
    expect(errorAt(text)).toBe(message);
  });

  test('refuses a string with a bad escape', () => {
    expect(errorAt('["\\x41"]')).toMatch(/bad escape/);
  });

  test('refuses bottomless nesting instead of overflowing the stack', () => {
    expect(errorAt('['.repeat(1_000_000))).toMatch(/nested deeper than 64/);
  });

  test('refuses an endless number instead of scanning it', () => {
    expect(errorAt('1'.repeat(1_000_000))).toBe('a number of more than 64 characters @0');
  });

  test('keeps "__proto__" an ordinary key that changes no prototype', () => {
    const value = parseJson('{"__proto__":{"polluted":1}}') as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(null);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
