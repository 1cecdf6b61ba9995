/** Turns tokens into pieces of text that can be sent: whole characters, and nothing that may turn out to be a stop string. */

const BROKEN = '\ufffd';
/** What one incomplete character may decode to. */
const MAX_BROKEN = 3;

export class TextStream {
  private readonly ids: number[] = [];
  /** Ids before it are decoded for good. */
  private settled = 0;
  /** Text of the settled ids and what follows them, as far as it is known. */
  private text = '';
  private sent = 0;

  /** `decode` leaves special tokens out. */
  constructor(
    private readonly stop: readonly string[],
    private readonly decode: (ids: readonly number[]) => string,
  ) {}

  /** Takes a token and returns what can be sent now. */
  push(id: number): string {
    this.ids.push(id);
    const tail = this.tail();
    let whole = tail.length;
    while (whole > 0 && tail.length - whole < MAX_BROKEN && tail[whole - 1] === BROKEN) whole -= 1;
    const known = this.text + tail.slice(0, whole);
    if (whole === tail.length) {
      this.text = known;
      this.settled = this.ids.length;
    }
    const end = known.length - heldBack(known, this.stop);
    const piece = known.slice(this.sent, Math.max(this.sent, end));
    this.sent += piece.length;
    return piece;
  }

  /** What is left to be sent of the whole text. */
  finish(whole: string): string {
    return whole.slice(this.sent);
  }

  /** Decoded behind the last settled id, because a decoder may treat the first id specially. */
  private tail(): string {
    if (this.settled === 0) return this.decode(this.ids);
    const before = this.decode(this.ids.slice(this.settled - 1, this.settled));
    return this.decode(this.ids.slice(this.settled - 1)).slice(before.length);
  }
}

/** Length of the end of `text` that may be the beginning of a stop string, or of what begins with a whole one. */
function heldBack(text: string, stop: readonly string[]): number {
  let held = 0;
  for (const string of stop) {
    const found = text.indexOf(string, Math.max(0, text.length - 2 * string.length));
    if (found >= 0) held = Math.max(held, text.length - found);
    for (let length = Math.min(string.length - 1, text.length); length > held; --length) {
      if (text.endsWith(string.slice(0, length))) held = length;
    }
  }
  return held;
}
