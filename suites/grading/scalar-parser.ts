/** Parses sums, products, powers and functions: the formulas that have one value. */

import { NumberParser } from './number-parser.js';
import { NotAFormula } from './refusal.js';
import type { Node } from './syntax.js';
import { circleFunctions, functionNames, greekNames, infinityNames, inverseFunctions } from './words.js';

/** Commands that end a product instead of continuing it. */
const stops = new Set(['text', 'end', 'rfloor', 'rceil', 'emptyset', 'rvert']);

export abstract class ScalarParser extends NumberParser {
  protected bars = 0;
  /** How many circle functions the place is inside of: there, a degree is an angle; elsewhere it is a unit. */
  #angles = 0;
  protected sawDegrees = false;

  /** A tuple, an interval, a set, a matrix, or a formula in brackets. */
  protected abstract bracketed(): Node;

  protected sum(): Node {
    return this.nested(() => {
      const terms = [this.signed(() => this.product())];
      for (this.skipSpace(); '+-±∓'.includes(this.next || ' '); this.skipSpace()) {
        terms.push(this.signed(() => this.product()));
      }
      return terms.length === 1 && terms[0] !== undefined ? terms[0] : { kind: 'sum', of: terms };
    });
  }

  private signed(parse: () => Node): Node {
    if (this.eat('+')) return parse();
    if (this.eat('-')) return { kind: 'negative', of: this.nested(() => this.signed(parse)) };
    if (this.eat('±')) return { kind: 'either-sign', of: parse(), flip: false };
    if (this.eat('∓')) return { kind: 'either-sign', of: parse(), flip: true };
    return parse();
  }

  private product(): Node {
    let factors = [this.factor()];
    for (;;) {
      if (this.eat('*')) factors.push(this.signed(() => this.factor()));
      else if (this.eat('/')) {
        factors = [{ kind: 'quotient', top: productOf(factors), bottom: this.signed(() => this.factor()) }];
      } else if (this.continues()) factors.push(this.factor());
      else return productOf(factors);
    }
  }

  /** Whether a factor follows without a sign between. */
  private continues(): boolean {
    this.skipSpace();
    const { next } = this;
    if (next === '\\') return !stops.has(this.command());
    if (next === '|') return this.bars === 0;
    // 2{3} is printed as 23: neither a product nor surely that number.
    if (next === '{' && /\d/.test(this.text[this.at + 1] ?? '')) this.fail();
    return next === '(' || next === '{' || /[A-Za-zπ∞\u0370-\u03ff]/.test(next);
  }

  private factor(): Node {
    let node = this.nested(() => this.atom());
    for (;;) {
      if (this.eat('^')) node = { kind: 'power', base: node, exponent: this.exponent() };
      else if (this.eat('!')) node = { kind: 'factorial', of: node };
      else if (this.eat('°')) {
        if (this.#angles > 0) node = { kind: 'degrees', of: node };
        else this.sawDegrees = true;
      } else return node;
    }
  }

  private exponent(): Node {
    return this.nested(() => {
      if (this.next === '{') return this.group();
      if (this.eat('-')) return { kind: 'negative', of: this.exponent() };
      const digits = this.take(/\d+(?:\.\d+)?/y);
      const base =
        digits === undefined ? this.argument() : this.literal(digits, digits.includes('.') ? 'decimal' : 'integer');
      return this.eat('^') ? { kind: 'power', base, exponent: this.exponent() } : base;
    });
  }

  private group(): Node {
    this.expect('{');
    const inside = this.sum();
    this.expect('}');
    return inside;
  }

  /** What a command such as \frac takes: a group, one digit, one letter or one command. */
  private argument(): Node {
    this.skipSpace();
    if (this.next === '{') return this.group();
    const digit = this.take(/\d/y);
    if (digit !== undefined) return this.literal(digit, 'integer');
    if (/[A-Za-z]/.test(this.next)) return this.letter();
    return this.atom();
  }

  private atom(): Node {
    this.skipSpace();
    const { next } = this;
    if (/[\d.]/.test(next)) return this.number();
    if (next === '\\') return this.named();
    if (next === '(' || next === '[' || next === '⦃' || next === '{') return this.bracketed();
    if (next === '|') return this.bar();
    if (next === 'π' || next === '∞') {
      this.at += 1;
      return { kind: 'constant', name: next };
    }
    const word = this.look(/[A-Za-z]+/y)?.[0];
    if (word === undefined) {
      const other = this.take(/[\u0370-\u03ff]/y);
      return other === undefined ? this.fail() : { kind: 'variable', name: other };
    }
    const name = functionNames.get(word);
    if (name !== undefined) {
      this.at += word.length;
      return this.call(name, word);
    }
    if (word === 'pi' || infinityNames.has(word)) {
      this.at += word.length;
      return { kind: 'constant', name: word === 'pi' ? 'π' : '∞' };
    }
    if (word === 'sqrt') {
      this.at += word.length;
      return this.root();
    }
    if (greekNames.has(word)) return this.variable(word);
    // A run this long is a word, and a word is no product of letters.
    return word.length > 4 ? this.fail() : this.letter();
  }

  private letter(): Node {
    const { next } = this;
    if ((next === 'e' || next === 'i') && this.text[this.at + 1] !== '_') {
      this.at += 1;
      return { kind: 'constant', name: next };
    }
    return this.variable(next);
  }

  private variable(name: string): Node {
    this.at += name.length;
    const index = this.take(/_(?:\{(?:\\text\{)?[A-Za-z0-9+,-]{1,10}\}{1,2}|[A-Za-z0-9])/y);
    return { kind: 'variable', name: index === undefined ? name : name + index.replace(/\\text|[{}]/g, '') };
  }

  private named(): Node {
    const name = this.command();
    const step = (length = name.length) => {
      this.at += 1 + length;
    };
    const called = functionNames.get(name);
    if (called !== undefined) {
      step();
      return this.call(called, name);
    }
    if (greekNames.has(name)) {
      step(0);
      return this.variable(name);
    }
    switch (name) {
      case 'frac':
        step();
        return { kind: 'quotient', top: this.argument(), bottom: this.argument() };
      case 'binom':
        step();
        return { kind: 'binomial', top: this.argument(), bottom: this.argument() };
      case 'sqrt':
        step();
        return this.root();
      case 'lfloor':
      case 'lceil': {
        step();
        const of = this.sum();
        this.expect(name === 'lfloor' ? '\\rfloor' : '\\rceil');
        return { kind: 'call', name: name === 'lfloor' ? 'floor' : 'ceil', of };
      }
      case 'begin':
      case 'emptyset':
      case 'mathbb':
        return this.bracketed();
      default:
        throw new NotAFormula();
    }
  }

  private root(): Node {
    this.skipSpace();
    const index = this.take(/\[\d{1,2}\]/y);
    const degree = index === undefined ? 2 : Number(index.slice(1, -1));
    // \sqrt13 is the root of 1, times 3, to TeX and the root of 13 to people.
    if (degree < 2 || this.look(/\d\d/y)) return this.fail();
    return { kind: 'root', of: this.argument(), degree };
  }

  private bar(): Node {
    this.expect('|');
    this.bars += 1;
    const of = this.sum();
    this.bars -= 1;
    this.expect('|');
    return { kind: 'call', name: 'abs', of };
  }

  private call(name: NonNullable<ReturnType<typeof functionNames.get>>, written: string): Node {
    let base: Node | undefined;
    let exponent: Node | undefined;
    for (;;) {
      if (name === 'log' && this.eat('_')) base = this.exponent();
      else if (this.eat('^')) exponent = this.exponent();
      else break;
    }
    const inverse =
      exponent?.kind === 'negative' && exponent.of.kind === 'number' && exponent.of.value.n === exponent.of.value.d;
    const called = inverse ? inverseFunctions[name] : name;
    if (called === undefined) return this.fail();
    const angle = circleFunctions.has(called) ? 1 : 0;
    this.#angles += angle;
    const of = this.callArgument();
    this.#angles -= angle;
    const node: Node = { kind: 'call', name: called, of, ...(base !== undefined && written !== 'lg' && { base }) };
    return exponent === undefined || inverse ? node : { kind: 'power', base: node, exponent };
  }

  /** \sin(x), \sin{x}, or \sin 2x: the factors up to a sign or the next function. */
  private callArgument(): Node {
    this.skipSpace();
    if (this.next === '(') return this.bracketed();
    if (this.next === '{') return this.group();
    const factors = [this.factor()];
    while (this.continues() && !this.atFunction() && this.next !== '(') factors.push(this.factor());
    return productOf(factors);
  }

  private atFunction(): boolean {
    return functionNames.has(this.command() || (this.look(/[A-Za-z]+/y)?.[0] ?? ''));
  }
}

function productOf(factors: readonly Node[]): Node {
  return factors.length === 1 && factors[0] !== undefined ? factors[0] : { kind: 'product', of: factors };
}
