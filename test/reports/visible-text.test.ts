import { describe, expect, test } from '@jest/globals';
import { clipText, visibleData, visibleText } from '../../reports/visible-text.js';

describe('visibleText', () => {
  const cases: [name: string, text: string, shown: string][] = [
    ['plain text', 'Größe 数学 🎲', 'Größe 数学 🎲'],
    ['lines and tabs', 'a\tb\nc', 'a\tb\nc'],
    ['line ends of Windows', 'a\r\nb', 'a\nb'],
    ['a lone carriage return', 'a\rb', 'a\\u000db'],
    ['NUL', 'a\0b', 'a\\u0000b'],
    ['an ANSI escape', '\x1b[31mred', '\\u001b[31mred'],
    ['a C1 control', 'a\x9bb', 'a\\u009bb'],
    ['a right-to-left override', 'exe\u202egpj', 'exe\\u202egpj'],
    ['isolates', '\u2066a\u2069', '\\u2066a\\u2069'],
    ['characters without width', 'a\u200bb\ufeff', 'a\\u200bb\\ufeff'],
    ['line separators of scripts', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
    ['the first half of a pair alone', 'a\ud83db', 'a\\ud83db'],
    ['the second half of a pair alone', 'a\ude00b', 'a\\ude00b'],
    ['halves in the wrong order', '\ude00\ud83d', '\\ude00\\ud83d'],
    ['a whole pair', '\ud83d\ude00', '\ud83d\ude00'],
  ];
  test.each(cases)('%s', (_, text, shown) => {
    expect(visibleText(text)).toBe(shown);
    expect(visibleText(shown)).toBe(shown);
  });
});

describe('clipText', () => {
  test('says how much is left and never cuts a pair in half', () => {
    expect(clipText('abc', 3)).toEqual({ text: 'abc', left: 0 });
    expect(clipText('abcd', 3)).toEqual({ text: 'abc', left: 1 });
    expect(clipText('ab😀d', 3)).toEqual({ text: 'ab', left: 3 });
    expect(clipText('', 0)).toEqual({ text: '', left: 0 });
  });
});

describe('visibleData', () => {
  test('reaches every string, names of properties too, and keeps the rest', () => {
    const data = { 'a\0': ['b\x1b', 1, null, true, { c: '\u202e' }], __proto__: null };
    expect(visibleData(data)).toEqual({ 'a\\u0000': ['b\\u001b', 1, null, true, { c: '\\u202e' }] });
  });

  test('keeps a property that is called __proto__', () => {
    const data = JSON.parse('{"__proto__": "x\\u0000"}') as object;
    expect(JSON.stringify(visibleData(data))).toBe('{"__proto__":"x\\\\u0000"}');
  });
});
