/** Watches generated text for stop strings, on decoded text: a token may hold a stop string's beginning, or more than its end. */
import { answerStart } from './thinking.js';

/** What a byte-level decoder prints for bytes that are no whole character yet. */
const INCOMPLETE = '\ufffd';
/** A character is at most four bytes, so after this many tokens an incomplete one is a broken one. */
const MAX_PENDING_TOKENS = 8;

export interface StopMatcherOptions {
  readonly decode: (ids: readonly number[]) => string;
  /** Whether the prompt ended inside a thought. Default false. */
  readonly thinking?: boolean;
}

export class StopMatcher {
  private readonly stop: readonly string[];
  private readonly decode: (ids: readonly number[]) => string;
  private readonly thinking: boolean;
  /** All ids; those before `settled` are in `done`. */
  private readonly ids: number[] = [];
  private settled = 0;
  private done = '';
  /** Where stop strings count from; undefined while a thought may go on. */
  private from: number | undefined;
  private end: number | undefined;

  constructor(stop: readonly string[], { decode, thinking = false }: StopMatcherOptions) {
    this.stop = stop.filter((text) => text !== '');
    this.decode = decode;
    this.thinking = thinking;
  }

  /** Takes the next token; true when the text now holds a stop string, outside of a thought before the answer. */
  add(id: number): boolean {
    this.ids.push(id);
    if (this.stop.length === 0) return false;
    const pending = this.tail();
    if (pending.endsWith(INCOMPLETE) && this.ids.length - this.settled < MAX_PENDING_TOKENS) return false;
    const longest = Math.max(...this.stop.map((text) => text.length));
    const before = Math.max(0, this.done.length - longest + 1);
    this.done += pending;
    this.settled = this.ids.length;
    const start = this.from ?? answerStart(this.done, this.thinking);
    if (start === undefined) return false;
    // Behind a first letter that begins no tag, no thought can come any more.
    if (
      /[^\s<]/.test(
        this.done
          .slice(start, start + 64)
          .trimStart()
          .charAt(0),
      )
    )
      this.from = start;
    const from = Math.max(start, before);
    const found = this.stop.map((text) => this.done.indexOf(text, from)).filter((index) => index >= 0);
    if (found.length === 0) return false;
    this.end = Math.min(...found);
    return true;
  }

  /** The text so far, thoughts included, up to the first stop string. */
  text(): string {
    return this.end === undefined ? this.decode(this.ids) : this.done.slice(0, this.end);
  }

  /** Text of the unsettled ids; decoded behind the last settled one, because a decoder may treat the first id specially. */
  private tail(): string {
    if (this.settled === 0) return this.decode(this.ids);
    const before = this.decode(this.ids.slice(this.settled - 1, this.settled));
    return this.decode(this.ids.slice(this.settled - 1)).slice(before.length);
  }
}
