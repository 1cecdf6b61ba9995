/** Units: the names that measure something, brought to one spelling. */

/** Canonical name -> its spellings. */
const spellings: Readonly<Record<string, string>> = {
  degree: 'degree degrees deg 度',
  percent: 'percent pct percentage',
  dollar: 'dollar dollars usd buck bucks 美元',
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
  hour: 'hour hours hr hrs h 小时 时',
  day: 'day days 天 日',
  week: 'week weeks 周 星期',
  month: 'month months 月 个月',
  year: 'year years yr yrs 年 岁',
  ml: 'ml milliliter milliliters 毫升',
  l: 'l liter liters litre litres 升',
  gallon: 'gallon gallons gal 加仑',
  quart: 'quart quarts',
  pint: 'pint pints',
  radian: 'radian radians rad 弧度',
  mph: 'mph',
  kph: 'kph kmh',
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
  return word.length > 1 && (canonical.has(word) || multipliers.has(word));
}

/**
 * Reads the words after a number: `square inches` with exponent 1, `inches` with exponent 2, `万元`, `apples`.
 * Undefined for words that no unit has, such as ones with digits, signs or a negation.
 */
export function parseUnit(phrase: string, exponent: number): UnitPhrase | undefined {
  if (!/^[\p{L} /.-]{1,40}$/u.test(phrase) || /\b(not|no|non|less|more|base|or|and)\b|[不非少多余或和]/.test(phrase))
    return undefined;
  const chinese = /^(百万|千万|[百千万亿])?(平方|立方)?(.*)$/u.exec(phrase.trim()) ?? [];
  const isChinese = /[\u4e00-\u9fff]/.test(phrase) && !canonical.has(phrase.trim());
  const words = (isChinese ? chinese.slice(1) : phrase.toLowerCase().replace(/\./g, '').split(/[ -]+/)).filter(
    (word): word is string => word !== undefined && word !== '',
  );
  let multiplier = 1n;
  let power = exponent;
  const names: string[] = [];
  for (const [at, word] of words.entries()) {
    const factor = at === 0 ? multipliers.get(word) : undefined;
    if (factor !== undefined) multiplier = factor;
    else if (squares.has(word)) power = 2;
    else if (cubes.has(word)) power = 3;
    else if (word === 'per') names.push('/');
    else if (!idle.has(word)) names.push(canonical.get(word) ?? singular(word));
  }
  const name = names.join(' ').replace(/ ?\/ ?/g, '/');
  return { unit: name === '' ? '' : `${name}${power === 1 ? '' : `^${power}`}`, multiplier };
}

function singular(word: string): string {
  return word.length > 3 && word.endsWith('s') ? word.slice(0, -1) : word;
}
