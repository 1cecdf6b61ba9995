/** Parses an answer of any form: numbers with units, lists, points, intervals, sets, matrices, equations, words. */
import { normalizeLatex } from './normalize-latex.js';
import { NotAFormula, type WorkBudget } from './refusal.js';
import { ScalarParser } from './scalar-parser.js';
import type { Comparison, Node } from './syntax.js';
import { parseUnit } from './unit.js';
import { reservedWords } from './words.js';

const comparisons = '=≠<>≤≥∈';
const setSigns = '∪∩∖';
const currencies: Readonly<Record<string, string>> = {
  '＄': 'dollar',
  $: 'dollar',
  '¥': 'yuan',
  '€': 'euro',
  '£': 'pound sterling',
};

/**
 * The tree of an answer; words where it is no formula.
 *
 * @param text as `normalizeLatex` returns it
 * @throws Refusal `too-large`
 */
export function parseAnswer(text: string, budget: WorkBudget): Node {
  const inside = /^\\text\{([^{}]*)\}$/.exec(text)?.[1];
  if (inside !== undefined)
    return isPlainWords(inside) ? textNode(inside) : parseAnswer(normalizeLatex(inside), budget);
  if (/^\([A-Za-z]\)$/.test(text) || /^[A-Z]\)$/.test(text)) return textNode(text);
  if (isPlainWords(text) && !isReserved(text) && /\p{L}{3}|[\u4e00-\u9fff]/u.test(text)) return textNode(text);
  try {
    return new AnswerParser(text, budget).answer();
  } catch (error) {
    if (error instanceof NotAFormula) return { kind: 'text', words: text };
    throw error;
  }
}

/** Sets that are said in words. */
const spoken: Readonly<Record<string, '∅' | 'ℝ'>> = {
  'no solution': '∅',
  'no solutions': '∅',
  'empty set': '∅',
  'the empty set': '∅',
  无解: '∅',
  空集: '∅',
  'all real numbers': 'ℝ',
  'all reals': 'ℝ',
  全体实数: 'ℝ',
};

function isPlainWords(text: string): boolean {
  return /^\(?[\p{L}][\p{L}' -]*\)?$/u.test(text);
}

function isReserved(text: string): boolean {
  return reservedWords.has(text.split(' ')[0] ?? '');
}

function textNode(text: string): Node {
  const words = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  const name = Object.hasOwn(spoken, words) ? spoken[words] : undefined;
  return name === undefined ? { kind: 'text', words } : { kind: 'named-set', name };
}

class AnswerParser extends ScalarParser {
  answer(): Node {
    const items = [this.item()];
    while (!this.done) {
      if (!this.separator()) this.fail();
      items.push(this.item());
    }
    return items.length === 1 && items[0] !== undefined ? items[0] : { kind: 'list', of: items };
  }

  private separator(): boolean {
    const comma = this.eat(',') || this.eat(';');
    const word = this.take(/\\text\{(?:and|or|或|和|与|或者)\} ?|[或和与及]/y) !== undefined;
    return comma || word;
  }

  /** One answer: a side, or sides with comparisons between. */
  private item(): Node {
    return this.nested(() => {
      const sides = [this.ratio()];
      const signs: Comparison[] = [];
      for (this.skipSpace(); comparisons.includes(this.next || ' '); this.skipSpace()) {
        signs.push(this.next as Comparison);
        this.at += 1;
        sides.push(this.ratio());
      }
      return signs.length === 0 && sides[0] !== undefined ? sides[0] : { kind: 'relation', signs, of: sides };
    });
  }

  /** 3:2, 1:2:3, 3 to 2, 6:00 p.m.; inside braces a colon means "such that". */
  private ratio(): Node {
    const clock = this.brackets === 0 ? this.clock() : undefined;
    if (clock !== undefined) return clock;
    const first = this.side();
    const parts = [first];
    const sign = this.look(/ ?:/y) === undefined ? 'to' : ':';
    const spoken = / ?\\text\{to\}/y;
    while (this.brackets === 0 && (sign === 'to' ? this.take(spoken) !== undefined : this.eat(':')))
      parts.push(this.side());
    return parts.length > 1 ? { kind: 'ratio', sign, of: parts } : first;
  }

  private clock(): Node | undefined {
    const time =
      / ?([01]?\d|2[0-4]):([0-5]\d)(?: ?(?:\\text\{ ?)?([ap])\.?m\.?(?: ?\})?(?![A-Za-z])|(?![\w:.]| ?\\text))/iy;
    const found = this.look(time);
    if (found === undefined) return undefined;
    this.at += found[0].length;
    const [, hours = '', minutes = '', half] = found;
    const of = [this.literal(hours, 'integer'), this.literal(minutes, 'integer')];
    if (half === undefined) return { kind: 'ratio', sign: 'clock', of };
    return { kind: 'ratio', sign: 'clock', half: half.toLowerCase() === 'a' ? 'am' : 'pm', of };
  }

  /** A quantity, or sets joined by set operations. */
  private side(): Node {
    let node = this.quantity();
    for (this.skipSpace(); setSigns.includes(this.next || ' '); this.skipSpace()) {
      const sign = this.next as '∪' | '∩' | '∖';
      this.at += 1;
      node = { kind: 'set-operation', sign, of: [node, this.quantity()] };
    }
    return node;
  }

  private quantity(): Node {
    const words = this.take(/\\text\{[^{}]*\}/y);
    if (words !== undefined) return textNode(words.slice(6, -1));
    const outer = this.sawDegrees;
    this.sawDegrees = false;
    const sign = this.look(/-?[＄$¥€£]/y)?.[0];
    if (sign !== undefined) this.at += sign.length;
    const parsed = this.sum();
    const of: Node = sign?.startsWith('-') ? { kind: 'negative', of: parsed } : parsed;
    const currency = sign === undefined ? undefined : currencies[sign.slice(-1)];
    const degrees = this.sawDegrees;
    this.sawDegrees = outer;
    return this.withUnit(of, currency ?? (degrees ? 'degree' : undefined));
  }

  private withUnit(of: Node, known: string | undefined): Node {
    if (this.eat('%')) return { kind: 'quantity', of, unit: 'percent' };
    if (this.eat('"')) return { kind: 'quantity', of, unit: 'inch' };
    const phrase = this.unitPhrase();
    if (phrase === undefined) return known === undefined ? of : { kind: 'quantity', of, unit: known };
    const base = /^ ?\(?(?:in )?base (\d{1,2})\)?$/.exec(phrase.words)?.[1];
    if (base !== undefined && of.kind === 'number' && of.form === 'integer') {
      return { kind: 'based', digits: of.value.n.toString(), base: Number(base) };
    }
    const parsed = parseUnit(phrase.words, phrase.exponent);
    if (parsed === undefined) return this.fail();
    const { unit, multiplier } = parsed;
    // \$5 \text{ million}, 5°\text{ C}: what follows a sign must be that sign's own word or only count.
    if (known !== undefined && unit !== '' && unit !== known && !unit.startsWith('/')) this.fail();
    const value: Node =
      multiplier === 1n
        ? of
        : { kind: 'product', of: [of, { kind: 'number', value: { n: multiplier, d: 1n }, form: 'integer' }] };
    const name = known !== undefined && unit.startsWith('/') ? known + unit : (known ?? unit);
    return name === '' ? value : { kind: 'quantity', of: value, unit: name };
  }

  /** Words after a number, with `^2` of square units; not the words that separate answers. */
  private unitPhrase(): { words: string; exponent: number } | undefined {
    if (this.look(/ ?(?:\\text\{ ?(?:and|or|to|或|和|与|或者) ?\}|[或和与及])/y)) return undefined;
    const written = this.take(/ ?\\text\{[^{}]{1,60}\}/y);
    const words =
      written === undefined
        ? this.take(/ ?[\u4e00-\u9fff]{1,10}(?:\/[\u4e00-\u9fff]{1,6})?/y)?.trim()
        : written.trim().slice(6, -1).trim();
    if (words === undefined) return undefined;
    const exponent = this.take(/\^(?:\d|\{\d\})/y);
    const rest = this.take(/\/\\text\{[^{}]{1,30}\}/y);
    return {
      words: rest === undefined ? words : `${words}/${rest.slice(7, -1).trim()}`,
      exponent: exponent === undefined ? 1 : Number(exponent.replace(/\D/g, '')),
    };
  }

  protected override bracketed(): Node {
    this.skipSpace();
    if (this.next === '\\') return this.namedSet() ?? this.matrix();
    const { sawDegrees, bars } = this;
    this.brackets += 1;
    const open = this.next;
    this.at += 1;
    // Inside { | } a bar is "such that", not the start of an absolute value.
    this.bars = open === '⦃' ? 1 : 0;
    const node = this.closed(open);
    this.brackets -= 1;
    this.bars = bars;
    this.sawDegrees ||= sawDegrees;
    return node;
  }

  private closed(open: string): Node {
    if (open === '⦃' && this.eat('⦄')) return { kind: 'named-set', name: '∅' };
    const items = [this.item()];
    if (open === '⦃' && (this.eat('|') || this.eat('∣') || this.eat(':'))) {
      const condition = this.item();
      this.expect('⦄');
      return { kind: 'set-builder', variable: items[0] as Node, condition };
    }
    while (this.eat(',') || this.eat(';')) items.push(this.item());
    const only = items.length === 1 ? items[0] : undefined;
    if (open === '⦃' || open === '{') {
      this.expect(open === '⦃' ? '⦄' : '}');
      return only !== undefined && open === '{' ? only : { kind: 'set', of: items };
    }
    const close = this.eat(')') ? ')' : this.eat(']') ? ']' : this.fail();
    if (only === undefined) return { kind: 'tuple', open: open as '(' | '[', close, of: items };
    return (open === '(') === (close === ')') ? only : this.fail();
  }

  private namedSet(): Node | undefined {
    if (this.eat('\\emptyset')) return { kind: 'named-set', name: '∅' };
    return this.eat('\\mathbb{R}') || this.eat('\\mathbb R') ? { kind: 'named-set', name: 'ℝ' } : undefined;
  }

  private matrix(): Node {
    const name = this.take(/\\begin\{(?:[pbB]?matrix|smallmatrix|array)\}/y) ?? this.fail();
    this.take(/\{[lcr|]*\}/y);
    const end = name.replace('begin', 'end');
    this.brackets += 1;
    const rows: Node[][] = [];
    while (!this.eat(end)) {
      const row = [this.item()];
      while (this.eat('&')) row.push(this.item());
      rows.push(row);
      if (!this.eat('⏎')) {
        this.expect(end);
        break;
      }
    }
    this.brackets -= 1;
    const width = rows[0]?.length;
    return rows.length > 0 && rows.every((row) => row.length === width) ? { kind: 'matrix', rows } : this.fail();
  }
}
