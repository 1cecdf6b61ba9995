/** Finds the last number of a text: what is left where arithmetic is answered without announcing the answer. */

/** Characters looked at around the last digit. */
const WINDOW = 200;

/** 3.5万, 3万5千, 2 million: words that multiply belong to the number, 千 of 千米 does not. */
const multiplier =
  /(?:(?:百万|千万|万亿|[万亿])(?:\d{1,4}千?(?![\d米克]))?|百|千(?![米克瓦卡])| (?:hundred|thousand|million|billion)(?![a-z]))/;
const number = new RegExp(
  String.raw`(?<![\w.,\\])-?(?:\\?\$|¥|￥)?(?:\d{1,4} \d{1,4}\/\d{1,4}(?![\d.,])|(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:${multiplier.source}|(?:\/\d+)?(?:\\?%)?))|(?<![\w.])\.\d+`,
  'g',
);
const fraction = /-?\\[dt]?frac\{-?\d+\}\{\d+\}/g;

/** The last number, with its sign, its thousands, its fraction and its percent sign; full-width digits count. */
export function extractLastNumber(text: string): string | undefined {
  let end = text.length;
  while (end > 0 && !isDigit(text.charCodeAt(end - 1))) end -= 1;
  if (end === 0) return undefined;
  const window = text
    .slice(Math.max(0, end - WINDOW), end + 10)
    .replace(/[０-９．％，－]/g, (character) => String.fromCharCode(character.charCodeAt(0) - 0xfee0));
  const last = window.match(number)?.at(-1) ?? window.match(/\d+/g)?.at(-1);
  const lastFraction = [...window.matchAll(fraction)].at(-1);
  // A fraction whose denominator is the last number is one number.
  const inFraction =
    lastFraction !== undefined && !/\d/.test(window.slice(lastFraction.index + lastFraction[0].length));
  return inFraction ? lastFraction[0] : last;
}

/**
 * The one number that an announced answer to arithmetic holds, or the one after its last equals sign: "18 dollars every
 * day", "3 x 4 = 12". The text itself where that is not clear.
 */
export function onlyNumber(announced: string): string {
  if (announced.includes('\\')) return announced;
  const result = announced.slice(announced.lastIndexOf('=') + 1);
  const [first, ...others] = result.match(number) ?? [];
  return first !== undefined && others.length === 0 ? first : announced;
}

function isDigit(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 0xff10 && code <= 0xff19);
}
