/** One text as it is generated: pieces that can be sent, with the tokens that belong to them. */
import type { LiveListener, LiveResult, TokenLogProbs } from '../engine/live/live-request.js';
import { TextStream } from './text-stream.js';
import { OffsetCounter, type TokenText } from './token-text.js';

export interface LoggedToken {
  readonly id: number;
  readonly token: TokenText;
  /** Where it begins in the text, in characters. */
  readonly offset: number;
  /** Null for the first token of a prompt. */
  readonly logProb: number | null;
  readonly top: readonly { readonly id: number; readonly token: TokenText; readonly logProb: number }[];
}

export interface TextDelta {
  readonly text: string;
  /** Only where log-probabilities were asked for. */
  readonly tokens: readonly LoggedToken[];
  /** With the last piece. */
  readonly result?: LiveResult;
}

export interface LiveTextOptions {
  readonly tokenText: (id: number) => TokenText;
  /** Text of ids, special tokens left out. */
  readonly decode: (ids: readonly number[]) => string;
  readonly stop: readonly string[];
  /** The prompt, where it is to be sent as well. */
  readonly echo?: {
    readonly text: string;
    readonly ids: readonly number[];
    /** Ids at the beginning that are not in the text, e.g. a BOS. */
    readonly special: number;
  };
  /** Whether lists of tokens are wanted, for `echo` too. */
  readonly logged: boolean;
  /** Whether the id that ends a text is in those lists. */
  readonly logsEnd: boolean;
  readonly onDelta: (delta: TextDelta) => void;
}

export class LiveText implements LiveListener {
  /** Settled when the text has ended; rejects when the engine failed. */
  readonly ended: Promise<void>;
  /** Generated tokens so far. */
  tokenCount = 0;
  private readonly stream: TextStream;
  private readonly offsets = new OffsetCounter();
  private pending: LoggedToken[] = [];
  private readonly promptCharacters: number;
  private settle: { resolve: () => void; reject: (error: unknown) => void } = { resolve() {}, reject() {} };

  constructor(private readonly options: LiveTextOptions) {
    this.stream = new TextStream(options.stop, options.decode);
    this.promptCharacters = options.echo === undefined ? 0 : [...options.echo.text].length;
    this.ended = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    // Seen by whoever waits for it; until then it is nobody's unhandled rejection.
    this.ended.catch(() => {});
    if (options.echo !== undefined && !options.logged) options.onDelta({ text: options.echo.text, tokens: [] });
  }

  onPrompt(logProbs: readonly TokenLogProbs[]): void {
    const { echo, onDelta } = this.options;
    if (echo === undefined) return;
    const tokens = echo.ids.map((id, place) => this.logged(id, logProbs[place - 1], place >= echo.special));
    onDelta({ text: echo.text, tokens });
  }

  onToken(id: number, logProbs: TokenLogProbs | undefined): void {
    this.tokenCount += 1;
    if (logProbs !== undefined) this.pending.push(this.logged(id, logProbs));
    const text = this.stream.push(id);
    if (text !== '') this.options.onDelta({ text, tokens: this.takePending() });
  }

  onEndToken(id: number, logProbs: TokenLogProbs | undefined): void {
    if (logProbs !== undefined && this.options.logsEnd) this.pending.push(this.logged(id, logProbs, false));
  }

  onEnd(result: LiveResult): void {
    const end = this.promptCharacters + [...result.text].length;
    // Tokens of the stop string and behind it are not part of the answer.
    const tokens = this.takePending().filter(({ offset }) => result.end !== 'stop' || offset < end);
    this.options.onDelta({ text: this.stream.finish(result.text), tokens, result });
    this.settle.resolve();
  }

  onFailure(error: unknown): void {
    this.settle.reject(error);
  }

  private takePending(): LoggedToken[] {
    const taken = this.pending;
    this.pending = [];
    return taken;
  }

  private logged(id: number, logProbs: TokenLogProbs | undefined, isInText = true): LoggedToken {
    const token = this.options.tokenText(id);
    return {
      id,
      token,
      offset: this.offsets.next(token, isInText),
      logProb: logProbs?.logProb ?? null,
      top: (logProbs?.top ?? []).map((one) => ({ ...one, token: this.options.tokenText(one.id) })),
    };
  }
}
