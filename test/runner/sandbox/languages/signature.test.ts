/** The signature that a stand-in of the function gets. */
import { expect, test } from '@jest/globals';
import { parseSignature } from '../../../../runner/sandbox/languages/signature.js';

test.each([
  ['long add(long x, long y) {', 'add', 'long', ['x', 'y']],
  [
    'std::vector<long> f(std::map<std::string,long> m, std::vector<std::tuple<long, long>> v) {',
    'f',
    'std::vector<long>',
    ['m', 'v'],
  ],
  ['    public static HashMap<String,Long> f(String text) {', 'f', 'HashMap<String,Long>', ['text']],
  ['    public static long F() {', 'F', 'long', []],
  ['Union_a_b f(Union_a_b a) {', 'f', 'Union_a_b', ['a']],
])('of %s', (line, name, returns, parameters) => {
  expect(parseSignature(`// f(x) {\n${line}\n`, name)).toEqual({ returns, parameters });
});

test('of another function, or of none, is an error', () => {
  for (const prompt of ['long g(long x) {\n', 'class Problem {\n', '']) {
    expect(() => parseSignature(prompt, 'f')).toThrow(expect.objectContaining({ code: 'suite/signature' }));
  }
});
