/** Walks over normalised text, one construct at a time, and limits how deep constructs nest. */
import { NotAFormula, Refusal } from './refusal.js';

const MAX_DEPTH = 60;

export class Scanner {
  protected readonly text: string;
  protected at = 0;
  #depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  protected get next(): string {
    return this.text[this.at] ?? '';
  }

  protected get done(): boolean {
    this.skipSpace();
    return this.at >= this.text.length;
  }

  protected skipSpace(): void {
    while (this.text[this.at] === ' ') this.at += 1;
  }

  /** Steps over `part` if it comes next. */
  protected eat(part: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(part, this.at)) return false;
    this.at += part.length;
    return true;
  }

  protected expect(part: string): void {
    if (!this.eat(part)) this.fail();
  }

  /** What the sticky pattern matches here, without stepping over it. */
  protected look(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.at;
    return sticky.exec(this.text) ?? undefined;
  }

  protected take(sticky: RegExp): string | undefined {
    const found = this.look(sticky)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  protected command(): string {
    return this.look(/\\([a-zA-Z]+)/y)?.[1] ?? '';
  }

  protected fail(): never {
    throw new NotAFormula();
  }

  /** @throws Refusal `too-large` where constructs nest deeper than any answer does. */
  protected nested<T>(parse: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new Refusal('too-large');
    const result = parse();
    this.#depth -= 1;
    return result;
  }
}
