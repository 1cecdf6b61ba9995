/** One text of a live session: what is asked, what is computed, and when it has ended. */
import type { RowSampling } from '../step-builder.js';
import { StopMatcher } from '../stop-matcher.js';
import { endsInThought } from '../thinking.js';
import type { LiveListener, LiveRequest, LiveResult, TokenLogProbs } from './live-request.js';
import type { SharedPage } from './prompt-cache.js';

export interface LiveSequenceOptions {
  readonly eosIds: readonly number[];
  /** Text of ids, special tokens left out. */
  readonly decode: (ids: readonly number[]) => string;
  /** Text of ids, special tokens as they are. */
  readonly decodePrompt: (ids: readonly number[]) => string;
}

/** Enough for a template's last words. */
const PROMPT_END_TOKENS = 16;

export class LiveSequence {
  readonly request: LiveRequest;
  readonly listener: LiveListener;
  readonly ids: number[] = [];
  /** Pages of all its positions; the first ones are those of `shared`. */
  pages: readonly number[] = [];
  /** Pages that others may read, too. */
  shared: SharedPage[] = [];
  /** Prompt tokens in the cache. */
  prefilled = 0;
  cancelled = false;
  private readonly promptLogProbs: TokenLogProbs[] = [];
  private readonly stopIds: ReadonlySet<number>;
  private readonly matcher: StopMatcher;
  private readonly decode: (ids: readonly number[]) => string;
  private end: LiveResult['end'] | undefined;

  constructor(request: LiveRequest, listener: LiveListener, { eosIds, decode, decodePrompt }: LiveSequenceOptions) {
    this.request = request;
    this.listener = listener;
    this.stopIds = new Set(request.stopIds ?? eosIds);
    this.decode = decode;
    const thinking = endsInThought(decodePrompt(request.context.slice(-PROMPT_END_TOKENS)));
    this.matcher = new StopMatcher(request.stop ?? [], { decode, thinking });
  }

  /** Positions in the cache when everything asked is generated. */
  get longest(): number {
    return this.request.context.length + this.request.maxTokens;
  }

  get isDecoding(): boolean {
    return this.prefilled === this.request.context.length;
  }

  takePrompt(logProbs: TokenLogProbs): void {
    this.promptLogProbs.push(logProbs);
  }

  /** The whole prompt is computed; false when nothing more was asked. */
  finishPrompt(): boolean {
    if (this.request.promptLogProbs !== undefined) this.listener.onPrompt?.(this.promptLogProbs);
    if (this.request.maxTokens > 0) return true;
    this.end = 'truncated';
    return false;
  }

  /** Takes the next token; false when it has ended the text. */
  take(token: number, logProbs: TokenLogProbs | undefined): boolean {
    if (this.stopIds.has(token)) {
      this.end = 'eos';
      this.listener.onEndToken?.(token, logProbs);
      return false;
    }
    this.ids.push(token);
    if (this.matcher.add(token)) this.end = 'stop';
    else if (this.ids.length >= this.request.maxTokens) this.end = 'truncated';
    this.listener.onToken?.(token, logProbs);
    return this.end === undefined;
  }

  sampling(): RowSampling {
    const { temperature = 0, topP = 1, topK = 0, minP = 0 } = this.request.sampling ?? {};
    return { temperature, topP, topK, minP, key: this.request.key ?? [0, 0], position: this.ids.length };
  }

  result(): LiveResult {
    const text = this.matcher.text();
    const stopped = this.end === 'stop' ? this.stopString(text) : undefined;
    return { ids: this.ids, text, end: this.end ?? 'truncated', ...(stopped !== undefined && { stopped }) };
  }

  private stopString(text: string): string | undefined {
    const whole = this.decode(this.ids);
    return this.request.stop?.find((string) => string !== '' && whole.startsWith(string, text.length));
  }
}
