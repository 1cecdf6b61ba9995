/** Reads Oniguruma's escapes and [character classes] into sets of Unicode 16.0 code points. */
import { type CodePointSet, complement, intersection, propertySet, setOf, sizeOf, union } from './code-point-set.js';

/** A position in a pattern; the readers here advance `at`. */
export interface Cursor {
  readonly pattern: string;
  at: number;
  /** Nesting of classes and groups so far, bounded so that a hostile pattern cannot exhaust the stack. */
  depth: number;
}

/** What is wrong with a pattern; compilePattern turns it into an EvalrunError. */
export class PatternDefect extends Error {}

export const maxDepth = 64;

const property = (name: string): CodePointSet => propertySet(name) ?? [];
const hexDigits = setOf([0x30, 0x39], [0x41, 0x46], [0x61, 0x66]);
export const wordInClass = union(...['Alphabetic', 'M', 'Nd', 'Pc'].map(property));
/** Outside a class Oniguruma's \w also takes the Latin-1 superscript digits and fractions. */
export const word = union(wordInClass, [0xb2, 0xb3, 0xb9, 0xb9, 0xbc, 0xbe]);

const posix: Readonly<Record<string, () => CodePointSet>> = {
  alpha: () => property('Alphabetic'),
  alnum: () => union(property('Alphabetic'), property('Nd')),
  digit: () => property('Nd'),
  space: () => property('White_Space'),
  blank: () => union(property('Zs'), [9, 9]),
  punct: () => union(property('P'), property('S')),
  cntrl: () => property('Cc'),
  xdigit: () => hexDigits,
  word: () => wordInClass,
};

const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, a: 7, e: 27 };

/**
 * Reads an escape that stands for one code point or a set of them; the cursor is on the backslash.
 *
 * @throws PatternDefect for escapes that are neither (anchors, back references) and for unknown properties.
 */
export function readEscape(cursor: Cursor, inClass: boolean): CodePointSet {
  const { pattern } = cursor;
  const rest = pattern.slice(cursor.at, cursor.at + 64);
  const take = (length: number) => {
    cursor.at += length;
  };
  const braced = /^\\([pP])\{(\^?)([A-Za-z_ ]+)\}/.exec(rest);
  if (braced) {
    const found = propertySet(braced[3] ?? '');
    if (found === undefined) throw new PatternDefect(`unknown character property ${braced[0]}`);
    take(braced[0].length);
    return (braced[1] === 'P') !== (braced[2] === '^') ? complement(found) : found;
  }
  const coded = /^\\(?:x\{([0-9A-Fa-f]{1,8})\}|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4}))/.exec(rest);
  if (coded) {
    const codePoint = Number.parseInt(coded[1] ?? coded[2] ?? coded[3] ?? '', 16);
    if (codePoint > 0x10ffff) throw new PatternDefect(`${coded[0]} is beyond U+10FFFF`);
    take(coded[0].length);
    return [codePoint, codePoint];
  }
  const letter = String.fromCodePoint(pattern.codePointAt(cursor.at + 1) ?? 0);
  if (cursor.at + 1 >= pattern.length) throw new PatternDefect('it ends in a backslash');
  take(1 + letter.length);
  const control = Object.hasOwn(controls, letter) ? controls[letter] : undefined;
  if (control !== undefined) return [control, control];
  switch (letter) {
    case 's':
      return property('White_Space');
    case 'S':
      return complement(property('White_Space'));
    case 'd':
      return property('Nd');
    case 'D':
      return complement(property('Nd'));
    case 'w':
      return inClass ? wordInClass : word;
    case 'W':
      return complement(inClass ? wordInClass : word);
    case 'h':
      return hexDigits;
    case 'H':
      return complement(hexDigits);
  }
  if (/[A-Za-z0-9]/.test(letter))
    throw new PatternDefect(`\\${letter} is not supported${inClass ? ' in a class' : ''}`);
  const codePoint = letter.codePointAt(0) ?? 0;
  return [codePoint, codePoint];
}

/** Reads a class with ranges, nested classes, POSIX brackets and `&&`; the cursor is on its opening bracket. */
export function readClass(cursor: Cursor): CodePointSet {
  if (++cursor.depth > maxDepth) throw new PatternDefect(`classes and groups nest deeper than ${maxDepth}`);
  const { pattern } = cursor;
  const start = cursor.at++;
  const negated = pattern[cursor.at] === '^';
  if (negated) cursor.at++;
  const first = cursor.at;
  let intersected: CodePointSet | undefined;
  let items: CodePointSet[] = [];
  const closeOperand = () => {
    if (items.length === 0) throw new PatternDefect(`the character class at ${start} is empty`);
    const set = union(...items);
    intersected = intersected === undefined ? set : intersection(intersected, set);
    items = [];
  };
  for (;;) {
    if (cursor.at >= pattern.length) throw new PatternDefect(`the character class at ${start} does not end`);
    if (pattern[cursor.at] === ']' && cursor.at > first) break;
    if (pattern.startsWith('&&', cursor.at)) {
      closeOperand();
      cursor.at += 2;
      continue;
    }
    const item = readItem(cursor);
    const next = pattern[cursor.at + 1];
    if (pattern[cursor.at] === '-' && next !== ']' && next !== undefined && !pattern.startsWith('&&', cursor.at + 1)) {
      cursor.at++;
      const end = readItem(cursor);
      const [lo, hi] = [item[0] ?? 0, end[0] ?? 0];
      if (sizeOf(item) !== 1 || sizeOf(end) !== 1) throw new PatternDefect(`a range ends in a set at ${cursor.at}`);
      if (lo > hi) throw new PatternDefect(`a range runs backwards before ${cursor.at}`);
      items.push([lo, hi]);
    } else items.push(item);
  }
  closeOperand();
  cursor.at++;
  cursor.depth--;
  const set = intersected ?? [];
  return negated ? complement(set) : set;
}

function readItem(cursor: Cursor): CodePointSet {
  const { pattern } = cursor;
  const char = pattern[cursor.at];
  if (char === '\\') return readEscape(cursor, true);
  if (char === '[') {
    const bracket = /^\[:(\^?)([a-z]+):\]/.exec(pattern.slice(cursor.at, cursor.at + 16));
    if (bracket === null) return readClass(cursor);
    const name = bracket[2] ?? '';
    const set = Object.hasOwn(posix, name) ? posix[name]?.() : undefined;
    if (set === undefined) throw new PatternDefect(`unknown class ${bracket[0]}`);
    cursor.at += bracket[0].length;
    return bracket[1] === '^' ? complement(set) : set;
  }
  const codePoint = pattern.codePointAt(cursor.at) ?? 0;
  cursor.at += codePoint > 0xffff ? 2 : 1;
  return [codePoint, codePoint];
}
