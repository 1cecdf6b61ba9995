/** Seeded random texts that stress a tokenizer: every script, white space, broken Unicode, code, and special tokens in pieces. */

/** A small seeded generator of numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const snippets = [
  'Answer:',
  ' A',
  'The following are multiple choice questions (with answers) about  abstract algebra.\n\n',
  '答案：',
  '以下是中国关于计算机网络考试的单项选择题，请选出其中的正确答案。',
  "it's WE'RE 'LL 'Ve don\u2019t IT'\u017f 'K\u212a",
  'def f(x):\n    return x+1\n\n\nclass A:\n\tpass\r\n',
  '$\\frac{1}{2}$ \\boxed{\\sqrt{3}} \\begin{align*}x^2&=4\\\\\\end{align*}',
  'for (let i = 0; i < n; ++i) { a[i] ??= `#{b}`; } // ok',
  '12345 3.14159 1,234,567 \u0661\u0662\u0663 \u0967\u0968 \u2167 \u00bd \u00b2 \uff11\uff12 \u3007 \u{1d7d8}\u{1d7d9} \u{11de0}\u{16ff4}',
  '日本語カタカナ ひらがな 한국어 العربية हिन्दी ไทย עברית ქართული',
  'e\u0301 a\u0308\u0323 \u1e9b\u0323 \u0344 \u0958 \u212b \u0061\u0345\u0301 \u1100\u1161\u11a8 \u{105d2}\u0307 \u07fd\u0301',
  '🙂👩‍👩‍👧‍👦🇨🇳🏳️‍🌈👍🏽\ufe0f\u20e3',
  '<0x0A><0xE2>▁▁ ▁a',
  '\u0085\u00a0\u2028\u2029\ufeff\u3000\u200b\u180e\u1680\u202f',
  '\r\n\r\n\n\r \r\n\t\n  \n',
  '\u0000\u0001\u0007\u001b\u007f\u009f\ufffd\ufffe\uffff\u{10ffff}\ue000',
  'ø ö ÿ À Á þ Đ ß ſ ﬁ ŉ İ ı',
];

const spaces = [
  ' ',
  '  ',
  '   ',
  '\n',
  '\n\n',
  '\r\n',
  '\t',
  '\u00a0',
  '\u3000',
  '\u0085',
  '\u2028',
  '\v',
  '\f',
  '\u2003',
];

/** One random text; `special` are token texts to mix in whole and in fragments. */
export function fuzzText(random: () => number, special: readonly string[]): string {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const point = (lo: number, hi: number) => String.fromCodePoint(lo + Math.floor(random() * (hi - lo + 1)));
  const parts: (() => string)[] = [
    () => pick(snippets),
    () => pick([...pick(snippets)]),
    () => pick(spaces).repeat(1 + Math.floor(random() * 4)),
    () => point(0x20, 0x7e),
    () => Array.from({ length: 1 + Math.floor(random() * 12) }, () => point(0x61, 0x7a)).join(''),
    () => point(0, 0xff),
    () => point(0x4e00, 0x9fff) + point(0x3000, 0x30ff),
    () => point(0x300, 0x36f),
    () => point(0x100, 0xd7ff),
    () => point(0xe000, 0xffff),
    () => point(0x10000, 0x1ffff),
    () => point(0x10000, 0x10ffff),
    () => String.fromCharCode(0xd800 + Math.floor(random() * 0x800)),
    () => point(0x30, 0x39).repeat(1 + Math.floor(random() * 7)),
    () => pick(["'s", "'T", "'\u017f", "'ll", "'rE", ' ', '-', '...', '"""\n', '):\n', '.\n\n']),
    () => (special.length > 0 ? pick(special) : ''),
    () => {
      const token = special.length > 0 ? pick(special) : '<s>';
      const cut = Math.floor(random() * token.length);
      return random() < 0.5 ? token.slice(0, cut) : token.slice(cut);
    },
    () => point(0x21, 0x2ff).repeat(random() < 0.1 ? 300 : 5),
  ];
  let text = '';
  const length = 1 + Math.floor(random() * 12);
  for (let count = 0; count < length; count++) text += pick(parts)();
  return text;
}
