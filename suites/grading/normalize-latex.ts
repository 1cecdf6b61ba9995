/** Brings the many spellings of one formula (LaTeX, plain text, full-width Chinese) to a single one. */

import { readChineseNumber } from './chinese-number.js';
import { isUnitWord } from './unit.js';
import { reservedWords } from './words.js';

/** Longest text that is read as a formula; longer ones are equal only to themselves. */
export const MAX_FORMULA_LENGTH = 2000;

const characters: Readonly<Record<string, string>> = {
  '−': '-',
  '–': '-',
  '—': '-',
  '﹣': '-',
  '×': '*',
  '⋅': '*',
  '·': '*',
  '∗': '*',
  '∙': '*',
  '÷': '/',
  '∕': '/',
  '⁄': '/',
  '≦': '≤',
  '⩽': '≤',
  '≧': '≥',
  '⩾': '≥',
  '，': ',',
  '、': ',',
  '；': ';',
  '：': ':',
  '∶': ':',
  '。': '.',
  '．': '.',
  '％': '%',
  '￥': '¥',
  '＄': '\\$',
  '（': '(',
  '）': ')',
  '【': '[',
  '】': ']',
  '｛': '⦃',
  '｝': '⦄',
  '“': '"',
  '”': '"',
  '’': "'",
  '‘': "'",
  '′': "'",
  '˚': '°',
  º: '°',
  '½': '\\frac{1}{2}',
  '⅓': '\\frac{1}{3}',
  '⅔': '\\frac{2}{3}',
  '¼': '\\frac{1}{4}',
  '¾': '\\frac{3}{4}',
  '√': '\\sqrt',
  '∛': '\\sqrt[3]',
  '∅': '\\emptyset',
  Ø: '\\emptyset',
};
const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const subscripts = '₀₁₂₃₄₅₆₇₈₉';

/** Commands that stand for one character here. */
const symbols: Readonly<Record<string, string>> = {
  cdot: '*',
  times: '*',
  ast: '*',
  bullet: '*',
  div: '/',
  le: '≤',
  leq: '≤',
  leqslant: '≤',
  ge: '≥',
  geq: '≥',
  geqslant: '≥',
  lt: '<',
  gt: '>',
  ne: '≠',
  neq: '≠',
  cup: '∪',
  cap: '∩',
  setminus: '∖',
  backslash: '∖',
  in: '∈',
  pm: '±',
  mp: '∓',
  infty: '∞',
  infin: '∞',
  pi: 'π',
  degree: '°',
  lbrace: '⦃',
  rbrace: '⦄',
  lbrack: '[',
  rbrack: ']',
  mid: '∣',
  vert: '|',
  lvert: '|',
  rvert: '|',
  langle: '(',
  rangle: ')',
  land: ',',
  lor: ',',
  colon: ':',
  dots: '…',
  ldots: '…',
  cdots: '…',
  varnothing: '\\emptyset',
  reals: '\\mathbb{R}',
  R: '\\mathbb{R}',
  dfrac: '\\frac',
  tfrac: '\\frac',
  cfrac: '\\frac',
  dbinom: '\\binom',
  tbinom: '\\binom',
  to: '→',
  rightarrow: '→',
  prime: "'",
  minus: '-',
  lparen: '(',
  rparen: ')',
  percnt: '%',
  // Layout that carries no meaning.
  left: '',
  right: '',
  big: '',
  Big: '',
  bigg: '',
  Bigg: '',
  bigl: '',
  bigr: '',
  Bigl: '',
  Bigr: '',
  displaystyle: '',
  textstyle: '',
  quad: ' ',
  qquad: ' ',
  limits: '',
  nolimits: '',
  space: ' ',
  mathstrut: '',
  hfill: '',
  centering: '',
  boldmath: '',
};

/** Fonts that make words, and fonts that only dress mathematics. */
const wordFonts =
  /\\(?:text|textbf|textit|textrm|textsf|texttt|textnormal|mbox|hbox|mathrm|rm|operatorname\*?|emph|mathsf)\s*\{/g;
const dressFonts =
  /\\(?:mathbf|mathit|boldsymbol|bm|mathcal|mathnormal|vec|overrightarrow|bar|overline|hat|underline)\s*(?=\{?[A-Za-z])/g;

/**
 * The normal spelling of a formula: no layout, one character per operator, words in `\text{...}`, spaces only where they
 * separate. Equal results mean the same answer; different ones mean nothing yet.
 */
export function normalizeLatex(source: string): string {
  let text = source
    .replace(new RegExp(`[${superscripts}]+`, 'g'), (run) => `^{${digitsOf(run, superscripts)}}`)
    .replace(new RegExp(`[${subscripts}]+`, 'g'), (run) => `_{${digitsOf(run, subscripts)}}`)
    .replace(/[^\x20-\x7e\u4e00-\u9fff]/g, replaceCharacter);
  // ½ becomes eleven characters: what is too long by now is left as it is.
  if (text.length > 2 * MAX_FORMULA_LENGTH) return text;
  text = stripWrapping(text);
  text = text
    .replace(/\\(?:begin|end)\{(?:equation|align|aligned|gathered|math|displaymath|center)\*?\}/g, '')
    .replace(/\\\$/g, '＄')
    .replace(/\$/g, '')
    .replace(/\\[%#&_]/g, (escaped) => (escaped === '\\&' ? '&' : escaped.slice(1)))
    .replace(/\\\{/g, '⦃')
    .replace(/\\\}/g, '⦄')
    .replace(/\\\|/g, '|')
    // Digit groups: 10,\!080 and 14{,}916 and 10\,080.
    .replace(/(\d),\\! ?(?=\d{3}(?!\d))/g, '$1')
    .replace(/(\d)\{,\}(?=\d{3}(?!\d))/g, '$1')
    .replace(/(\d)\\[,;: ](?=\d{3}(?!\d))/g, '$1')
    .replace(/\\\\\[[^\]\\]{0,20}\]/g, '\\\\')
    // A line break of a matrix is kept apart from the backslash of the command after it.
    .replace(/\\\\/g, '⏎')
    .replace(/\\cr(?![a-zA-Z])/g, '⏎')
    .replace(/\\!/g, '')
    .replace(/\\[,;:> ]|~/g, ' ')
    .replace(/\\[()[\]]/g, '')
    .replace(/\\(?:hspace|vspace|phantom|tag)\*?\{[^{}]{0,40}\}/g, '')
    .replace(/(\d{0,40})\.(\d{0,40})\\(?:overline|bar|dot) ?(?:\{(\d{1,40})\}|(\d))/g, repeatingDecimal)
    .replace(wordFonts, '\\text{')
    .replace(dressFonts, '')
    .replace(/\\(?:mathbf|mathit|boldsymbol|bm|mathnormal)\s*(?=\{[-\d.]+\})/g, '')
    .replace(/\\(?:left|right)\s*\.(?!\d)/g, '')
    .replace(/\{([^{}\\]{1,20})\\choose([^{}\\]{1,20})\}/g, '\\binom{$1}{$2}')
    .replace(/\\([a-zA-Z]+)/g, (command, name: string) => {
      const symbol = Object.hasOwn(symbols, name) ? symbols[name] : undefined;
      return symbol ?? command;
    });
  text = text.replace(/\^\s*(?:\{\s*(?:\\circ|°|o)\s*\}|\\circ(?![a-zA-Z])|°)/g, '°');
  // \mathrm{i}, \text{x}: one letter is a symbol, whatever its font; (C) and the like stay words.
  text = text.replace(/(?<![\d}] ?)\\text\{\s*([a-z])\s*\}(?=\s*(?:$|[-+*/^=]))/g, ' $1 ');
  text = text.replace(/(?<=[\d}] ?)\\text\{\s*([a-fi-kn-ru-z])\s*\}(?=\s*(?:$|[-+*/^=]))/g, ' $1 ');
  text = stripEnd(tidySpaces(text));
  // "odd and even" is one answer in words, "x and y" are two.
  const isProse = /^[A-Za-z]{2,}(?: [A-Za-z]{2,})*$/.test(text);
  text = text
    .replace(/<=/g, '≤')
    .replace(/>=/g, '≥')
    .replace(/!=/g, '≠')
    .replace(/([)\]⦄]) ?U ?(?=[([⦃])/g, '$1∪')
    .replace(/\\text\{[^{}]*\}|(?<![A-Za-z\\{])(?:and|or)(?![A-Za-z}])/g, (word) =>
      isProse || word.startsWith('\\') ? word : `\\text{${word}}`,
    )
    .replace(/(?<=[\d)}]) ?(?:to|\\text\{ ?to ?\}) ?(?=[\d(\\])/g, '\\text{to}')
    // 1.5 x 10^3 in plain text.
    .replace(/(\d) ?[xX] ?(?=10\^)/g, '$1*');
  return wrapUnit(readChineseNumber(text));
}

const unitAtEnd = /([\d)}π])( ?)([A-Za-z]{2,}(?:\/[A-Za-z]{1,9})?(?: [A-Za-z]+){0,6})(\^\{?[23]\}?)?$/;

/** Words after a number, as plain text writes them, become \text: 5cm, 12 apples, 24 square units. */
function wrapUnit(text: string): string {
  const rate = /[\d)}] ?(\/ ?([A-Za-z]{2,12}))$/.exec(text);
  if (rate !== null && isUnitWord(rate[2] ?? '')) return `${text.slice(0, -(rate[1] ?? '').length)}\\text{/${rate[2]}}`;
  const found = unitAtEnd.exec(text);
  if (found === null) return text;
  const [all, before = '', space = '', words = '', exponent = ''] = found;
  const first = words.split(/[ /]/)[0] ?? '';
  const isUnit = isUnitWord(first) || (space !== '' && first.length > 2 && !reservedWords.has(first));
  return isUnit ? `${text.slice(0, -all.length)}${before}\\text{${words}}${exponent}` : text;
}

function replaceCharacter(character: string): string {
  const known = Object.hasOwn(characters, character) ? characters[character] : undefined;
  if (known !== undefined) return known;
  const code = character.charCodeAt(0);
  if (code >= 0xff01 && code <= 0xff5e) return String.fromCharCode(code - 0xfee0);
  // Zero-width characters: space, joiners, word joiner, byte-order mark.
  if ([0x200b, 0x200c, 0x200d, 0x2060, 0xfeff].includes(code)) return '';
  return /\s/.test(character) ? ' ' : character;
}

/** 0.1\overline{6} = (16 - 1) / 90 */
function repeatingDecimal(_: string, whole: string, once: string, group?: string, digit?: string): string {
  const again = group ?? digit ?? '';
  const top = BigInt(`0${whole}${once}${again}`) - BigInt(`0${whole}${once}`);
  return `\\frac{${top}}{${'9'.repeat(again.length)}${'0'.repeat(once.length)}}`;
}

function digitsOf(run: string, digits: string): string {
  return Array.from(run, (digit) => digits.indexOf(digit)).join('');
}

/** Dollars as delimiters, Markdown emphasis and code marks around the whole. */
function stripWrapping(source: string): string {
  let text = source.trim();
  for (const mark of ['**', '`', '__', '*']) {
    if (text.length > 2 * mark.length && text.startsWith(mark) && text.endsWith(mark)) {
      text = text.slice(mark.length, -mark.length).trim();
    }
  }
  const dollars = text.match(/(?<!\\)\$/g)?.length ?? 0;
  // One bare dollar before a digit is money, not a delimiter: $18.90.
  return dollars === 1 ? text.replace(/^(-?)\s*\$(?=\s*[\d.])/, '$1\\$$') : text;
}

function tidySpaces(text: string): string {
  const single = text
    .replace(/\s+/g, ' ')
    .replace(/ ?([{}]) ?/g, (all, brace: string) => (all.endsWith('} ') ? '} ' : brace));
  return single.replace(/ /g, (_, at: number) => {
    const [before = '', after = ''] = [single[at - 1], single[at + 1]];
    // "1, 234" is a list, "1,234" a number.
    if (before === ',' && /^\d{3}(?!\d)/.test(single.slice(at + 1, at + 5))) return ' ';
    return /[\p{L}\p{N}.}]/u.test(before) && /[\p{L}\p{N}.\\]/u.test(after) ? ' ' : '';
  });
}

function stripEnd(text: string): string {
  return text
    .replace(/^[,;:]+/, '')
    .replace(/[.,;:]+$/, '')
    .trim();
}
