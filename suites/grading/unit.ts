/** Units: the names that measure something, brought to one spelling. */

/** Canonical name -> its spellings. */
const spellings: Readonly<Record<string, string>> = {
  degree: 'degree degrees deg 度',
  percent: 'percent pct percentage',
  dollar: 'dollar dollars usd buck bucks 美元 美金',
  cent: 'cent cents 美分',
  yuan: 'yuan rmb 元 块 块钱 元钱 人民币',
  jiao: '角',
  fen: '分',
  inch: 'inch inches in 英寸',
  foot: 'foot feet ft 英尺',
  yard: 'yard yards yd yds 码',
  mile: 'mile miles mi 英里',
  mm: 'mm millimeter millimeters millimetre millimetres 毫米',
  cm: 'cm centimeter centimeters centimetre centimetres 厘米',
  dm: 'dm decimeter decimeters 分米',
  m: 'm meter meters metre metres 米',
  km: 'km kilometer kilometers kilometre kilometres 千米 公里',
  mg: 'mg milligram milligrams 毫克',
  g: 'g gram grams 克',
  kg: 'kg kilogram kilograms 千克 公斤',
  t: 'ton tons tonne tonnes 吨',
  pound: 'pound pounds lb lbs 磅',
  ounce: 'ounce ounces oz 盎司',
  second: 'second seconds sec secs s 秒',
  minute: 'minute minutes min mins 分钟',
  hour: 'hour hours hr hrs h 小时 时 个小时 钟头',
  day: 'day days 天 日',
  week: 'week weeks 周 星期 个星期',
  month: 'month months 月 个月',
  year: 'year years yr yrs 年 岁',
  ml: 'ml milliliter milliliters 毫升',
  l: 'l liter liters litre litres 升',
  gallon: 'gallon gallons gal 加仑',
  quart: 'quart quarts',
  pint: 'pint pints',
  radian: 'radian radians rad 弧度',
  hectare: 'hectare hectares 公顷',
  'mile/hour': 'mph',
  'km/hour': 'kph kmh',
};

/** Words that count without measuring: a number of units is a number. */
const idle = new Set('unit units 个 单位 of in a an the total'.split(' '));
const squares = new Set('square sq 平方'.split(' '));
const cubes = new Set('cubic cu 立方'.split(' '));

const multipliers: ReadonlyMap<string, bigint> = new Map([
  ['hundred', 100n],
  ['thousand', 1000n],
  ['million', 1_000_000n],
  ['billion', 1_000_000_000n],
  ['trillion', 1_000_000_000_000n],
  ['dozen', 12n],
  ['百', 100n],
  ['千', 1000n],
  ['万', 10_000n],
  ['百万', 1_000_000n],
  ['千万', 10_000_000n],
  ['亿', 100_000_000n],
  ['万亿', 1_000_000_000_000n],
]);

const canonical = new Map(
  Object.entries(spellings).flatMap(([name, list]) =>
    list.split(' ').map((spelling): [string, string] => [spelling, name]),
  ),
);

export interface UnitPhrase {
  /** Canonical, e.g. `inch^2` or `mile/hour`; empty where the words only count. */
  readonly unit: string;
  /** 1,000,000 for "million dollars". */
  readonly multiplier: bigint;
}

/** Whether a run of letters right after a number (5cm, 30 degrees) is a unit rather than variables. */
export function isUnitWord(word: string): boolean {
  return word.length > 1 && isUnit(word);
}

/** A measure word, and perhaps the noun that it counts: 个, 个苹果, 名学生. */
const counted =
  /^(?:个|只|条|本|张|名|人|位|辆|棵|朵|头|匹|件|套|双|支|枝|把|颗|粒|瓶|杯|碗|盘|盒|箱|包|袋|篮|筐|桶|次|遍|种|组|排|行|列|层|页|道|题|场|局|班|家|座|栋|间|台|部|架|艘|根|段|面|圈|步|份|滴|盆|盏|株|口|副|篇|句|字|对|幅|所|户|节|倍|格|点|级|罐|串|捆|堆|车|片)(?:[\u4e00-\u9fff]{0,6})$/u;

/** Words of which a number is not simply that number: about 5, 5 or more, 5 halves. Also plurals that are none. */
const altering = new Set(
  (
    'not no non less more base or and about approximately roughly nearly almost over under above below least most up down than to ' +
    'minus plus times by mod squared cubed halves thirds quarters fourths fifths sixths eighths tenths hundredths thousandths tens ' +
    'hundreds thousands millions billions dozens if is was are were has does equals this thus its unless versus perhaps always ' +
    'sometimes plus-minus factors powers roots except without half double twice if when where only'
  ).split(' '),
);
const irregular = new Set(
  'people men women children feet mice geese fish sheep deer series species dice total left remaining altogether each apiece'.split(
    ' ',
  ),
);

/**
 * Reads the words after a number: `square inches` with exponent 1, `inches` with exponent 2, `万元`, `apples`, `个苹果`.
 * Words that no list here knows count only where they can be a counted noun: an English plural, or a Chinese measure word.
 * Undefined for other words, and for ones that alter the number, such as a negation or "5 halves".
 */
export function parseUnit(phrase: string, exponent: number): UnitPhrase | undefined {
  if (!/^[\p{L} /.-]{1,60}$/u.test(phrase)) return undefined;
  return /[\u4e00-\u9fff]/.test(phrase) ? chineseUnit(phrase.trim(), exponent) : englishUnit(phrase, exponent);
}

function chineseUnit(phrase: string, exponent: number): UnitPhrase | undefined {
  const known = canonical.get(phrase);
  if (known !== undefined) return named(known, exponent);
  const whole = chineseRate(phrase, exponent);
  if (whole !== undefined) return { unit: whole, multiplier: 1n };
  // 千 of 千米 belongs to the unit, 千 of 千人 counts.
  const [, factor = '', rest = ''] = /^(百万|千万|万亿|[百千万亿])(.*)$/u.exec(phrase) ?? [];
  const [multiplier, unit] = [multipliers.get(factor), chineseRate(rest, exponent)];
  return multiplier === undefined || unit === undefined ? undefined : { unit, multiplier };
}

/** 元/千克, 千米每小时, and names without "per". */
function chineseRate(phrase: string, exponent: number): string | undefined {
  const [top = '', bottom, ...more] = phrase.split(/\/|每/u);
  const above = chineseName(top, exponent);
  if (bottom === undefined || above === undefined) return above;
  const below = chineseName(bottom, 1);
  return more.length > 0 || below === undefined || below === '' ? undefined : `${above}/${below}`;
}

/** 平方厘米 -> cm^2, 个苹果 -> 个苹果, 个 -> nothing. */
function chineseName(words: string, exponent: number): string | undefined {
  if (idle.has(words) || words === '') return '';
  const [, shape = '', plain = ''] = /^(平方|立方)?(.*)$/u.exec(words) ?? [];
  const power = shape === '平方' ? 2 : shape === '立方' ? 3 : exponent;
  const known = canonical.get(plain);
  if (known !== undefined) return named(known, power).unit;
  if (shape !== '' || !counted.test(plain) || /[多少余不非或和半左右以上下约近超几数]/u.test(plain)) return undefined;
  return plain;
}

function englishUnit(phrase: string, exponent: number): UnitPhrase | undefined {
  const words = phrase
    .toLowerCase()
    .replace(/\./g, '')
    .split(/[ -]+/)
    .filter((word) => word !== '');
  const only = words.length === 1 ? canonical.get(words[0] ?? '') : undefined;
  if (only !== undefined) return named(only, exponent);
  if (words.some((word) => altering.has(word)) || !isCounted(words)) return undefined;
  let multiplier = 1n;
  let power = exponent;
  const names: string[] = [];
  for (const [at, word] of words.entries()) {
    const factor = at === 0 ? multipliers.get(word) : undefined;
    if (factor !== undefined) multiplier = factor;
    else if (squares.has(word)) power = 2;
    else if (cubes.has(word)) power = 3;
    else if (word === 'per') names.push('/');
    else if (!idle.has(word))
      names.push(...word.split('/').flatMap((part, i) => (i > 0 ? ['/', unitName(part)] : [unitName(part)])));
  }
  const name = names.join(' ').replace(/ ?\/ ?/g, '/');
  return { unit: name === '' ? '' : named(name, power).unit, multiplier };
}

/** The unit that a letter right behind a number may be: m, s, L. */
export function unitOfLetter(letter: string): string | undefined {
  return /^[mgtshlL]$/.test(letter) ? canonical.get(letter.toLowerCase()) : undefined;
}

/** Whether one of the words before "of", "in" or "per" is a unit or a plural, so that the rest describe what is counted. */
function isCounted(words: readonly string[]): boolean {
  const end = words.findIndex((word) => ['of', 'in', 'per', 'for', 'on', 'at'].includes(word));
  // "per day" and "/day" say of what the number is, and count nothing.
  if (words[0] === 'per' || words[0]?.startsWith('/')) return words.length > 1 || words[0] !== 'per';
  const counted = end < 0 ? words : words.slice(0, Math.max(end, 1));
  return counted.some((word) => isUnit(word) || irregular.has(word) || /[^su]s$/.test(word));
}

function isUnit(word: string): boolean {
  const [first = ''] = word.split('/');
  return canonical.has(first) || multipliers.has(first) || idle.has(first) || squares.has(first) || cubes.has(first);
}

/** The power of a unit of area goes to what is measured: inch^2, mile^2/hour. */
function named(name: string, power: number): UnitPhrase {
  if (power === 1) return { unit: name, multiplier: 1n };
  const [top = '', ...rest] = name.split('/');
  return { unit: [`${top}^${power}`, ...rest].join('/'), multiplier: 1n };
}

function unitName(word: string): string {
  return canonical.get(word) ?? singular(word);
}

function singular(word: string): string {
  return word.length > 3 && word.endsWith('s') ? word.slice(0, -1) : word;
}
