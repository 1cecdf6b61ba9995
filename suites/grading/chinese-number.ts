/** Reads numbers that are written in Chinese: 二十四, 三点五, 3万5千, 二分之一, 百分之五十, 一又二分之一. */
import { parseUnit } from './unit.js';

const digits = '零一二三四五六七八九';
const small: Readonly<Record<string, bigint>> = { 十: 10n, 百: 100n, 千: 1000n };
const large: Readonly<Record<string, bigint>> = { 万: 10_000n, 亿: 100_000_000n };

const numeral = '[0-9零〇一二两三四五六七八九十百千万亿]{1,24}(?:[点.][0-9零〇一二两三四五六七八九]{1,24})?';
const leading = new RegExp(
  `^(负|-)?(?:百分之(?<percent>${numeral})|(?:(?<whole>${numeral})又)?(?<bottom>${numeral})分之(?<top>${numeral})|(?<plain>${numeral}))`,
  'u',
);

/**
 * The text with the Chinese number at its start written in digits, where nothing but a unit follows: 二十四元 -> 24元. Other
 * texts come back as they are: 三角形 is a word.
 */
export function readChineseNumber(text: string): string {
  if (!/^[-负]?[0-9零〇一二两三四五六七八九十百千万亿.]*[\u4e00-\u9fff]/u.test(text)) return text;
  const found = leading.exec(text);
  if (found === null) return text;
  const rest = text.slice(found[0].length);
  const written = render(found.groups ?? {});
  if (written === undefined || !(rest === '' || parseUnit(rest, 1) !== undefined)) return text;
  return `${found[1] === undefined ? '' : '-'}${written}${rest}`;
}

function render({ percent, whole, bottom, top, plain }: Record<string, string | undefined>): string | undefined {
  if (percent !== undefined) return withDigits(percent, (value) => `${value}%`);
  if (plain !== undefined) return withDigits(plain, (value) => value);
  const [a, b] = [decimalOf(top ?? ''), decimalOf(bottom ?? '')];
  const before = whole === undefined ? '' : decimalOf(whole);
  return a === undefined || b === undefined || before === undefined ? undefined : `${before}\\frac{${a}}{${b}}`;
}

function withDigits(text: string, put: (value: string) => string): string | undefined {
  const value = decimalOf(text);
  return value === undefined ? undefined : put(value);
}

/** Decimal digits of a numeral; undefined where it is none, such as 十百 or 3五. */
function decimalOf(numeralText: string): string | undefined {
  const [whole = '', part] = numeralText.split(/[点.]/u);
  if (part === undefined) return wholeValue(whole)?.toString();
  // 3.5万: the factor belongs to the whole number, and the parser of units knows it.
  const before = wholeValue(whole);
  return before === undefined ? undefined : `${before}.${Array.from(part, digitOf).join('')}`;
}

function wholeValue(text: string): bigint | undefined {
  if (/^[0-9零〇一二两三四五六七八九]+$/u.test(text)) {
    // 二〇二四 is read digit by digit; 3五 is a slip.
    return /[0-9]/.test(text) && /[^0-9]/.test(text) ? undefined : BigInt(Array.from(text, digitOf).join(''));
  }
  let [total, section] = [0n, 0n];
  let current: bigint | undefined;
  // The unit before the digit: 三千五 is 3500 to some and 3005 to nobody, who would write 三千零五.
  let above = 1n;
  for (const piece of text.match(/[0-9]+|[^0-9]/gu) ?? []) {
    const [factor, unit] = [small[piece], large[piece]];
    if (factor !== undefined) {
      // 十二 is 一十二, but 百 alone is no number.
      if (current === undefined && piece !== '十') return undefined;
      section += (current ?? 1n) * factor;
      [current, above] = [undefined, factor];
    } else if (unit !== undefined) {
      section += current ?? 0n;
      if (total + section === 0n) return undefined;
      total = piece === '亿' ? (total + section) * unit : total + section * unit;
      [section, current, above] = [0n, undefined, unit];
    } else if (current !== undefined) return undefined;
    else if (/[零〇]/u.test(piece)) above = 1n;
    else current = /[0-9]/.test(piece) ? BigInt(piece) : BigInt(digitOf(piece));
  }
  return current !== undefined && above > 10n ? undefined : total + section + (current ?? 0n);
}

function digitOf(character: string): string {
  if (/[0-9]/.test(character)) return character;
  return String(digits.indexOf(character === '〇' ? '零' : character === '两' ? '二' : character));
}
