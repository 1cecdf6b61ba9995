/** Parses numbers as they are written: thousands, decimals, mixed numbers, scientific notation, digits in a base. */
import { divide, multiply, parseDecimal, rational } from './rational.js';
import { Refusal, type WorkBudget } from './refusal.js';
import { Scanner } from './scanner.js';
import type { Node } from './syntax.js';

export class NumberParser extends Scanner {
  protected readonly budget: WorkBudget;
  /** Commas group thousands only outside brackets. */
  protected brackets = 0;

  constructor(text: string, budget: WorkBudget) {
    super(text);
    this.budget = budget;
  }

  protected number(): Node {
    const thousands = this.brackets === 0 ? this.take(/[1-9]\d{0,2}(?:,\d{3})+(?!\d|,\d)(?:\.\d+)?/y) : undefined;
    if (thousands !== undefined) return this.literal(thousands.replace(/,/g, ''), 'thousands');
    const scientific = this.look(/(\d*\.?\d+)[eE]([+-]?\d{1,4})(?![\w.{])/y);
    if (scientific !== undefined && isScientific(scientific)) return this.scientific(scientific);
    const digits = this.take(/\d+(?:\.\d+)?|\.\d+/y) ?? this.fail();
    if (digits.includes('.')) return this.literal(digits, 'decimal');
    const part = this.take(/ ?\\frac ?(?:\{\d+\}|\d) ?(?:\{\d+\}|\d)/y) ?? this.take(/ \d+\/\d+(?![\d.])/y);
    return part === undefined ? this.based(digits) : this.mixed(digits, part);
  }

  /** 1.5e3 */
  private scientific([written, digits = '', exponent = '']: RegExpExecArray): Node {
    const power = Number(exponent);
    // A literal of so many digits would be refused as well.
    if (Math.abs(power) > 1000) throw new Refusal('too-large');
    this.at += written.length;
    const ten = rational(10n ** BigInt(Math.abs(power)), 1n, this.budget);
    const value = parseDecimal(digits, this.budget);
    return {
      kind: 'number',
      value: power < 0 ? divide(value, ten, this.budget) : multiply(value, ten, this.budget),
      form: 'decimal',
    };
  }

  /** 15\frac{39}{40} is 15 + 39/40, never a product. */
  private mixed(whole: string, part: string): Node {
    const [top = '', bottom = ''] = part.includes('/')
      ? part.trim().split('/')
      : (part.match(/\{\d+\}|\d/g) ?? []).map((piece) => piece.replace(/[{}]/g, ''));
    if (whole.length + part.length > 200) return this.fail();
    const below = BigInt(bottom);
    if (below === 0n) return this.fail();
    return { kind: 'number', value: rational(BigInt(whole) * below + BigInt(top), below, this.budget), form: 'mixed' };
  }

  /** Digits with a base as their index: 52_8, 4210_{5}. */
  private based(digits: string): Node {
    const index = this.take(/_(?:\d{1,2}|\{\d{1,2}\})/y);
    if (index === undefined) return this.next === '_' ? this.fail() : this.literal(digits, 'integer');
    const base = Number(index.replace(/\D/g, ''));
    if (base < 2 || base > 36 || [...digits].some((digit) => Number(digit) >= base)) return this.fail();
    return { kind: 'based', digits: digits.replace(/^0+(?=\d)/, ''), base };
  }

  protected literal(digits: string, form: 'integer' | 'decimal' | 'thousands'): Node {
    return { kind: 'number', value: parseDecimal(digits, this.budget), form };
  }
}

/** 1.5e-3, 1e5 and 1e-05, as programs print numbers; 2e-5 may be twice e, less five. */
function isScientific([, digits = '', exponent = '']: RegExpExecArray): boolean {
  return digits.includes('.') || /^\d|^[+-]\d\d/.test(exponent);
}
