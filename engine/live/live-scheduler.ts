/** Continuous batching of requests that come and go: who has pages, and what the next step computes. */
import { type KvPages, PAGE_TOKENS, pagesFor } from '../kv-pages.js';
import type { NativeStepResult } from '../native.js';
import { type RowSampling, StepBuilder } from '../step-builder.js';
import type { TokenLogProbs } from './live-request.js';
import type { LiveSequence } from './live-sequence.js';
import { PromptCache } from './prompt-cache.js';
import { anchorIds, logProbOf, logSumOf, topTokens } from './row-log-probs.js';
import { WaitingLine } from './waiting-line.js';

export interface LiveSchedulerOptions {
  readonly pages: KvPages;
  readonly batchTokens: number;
  readonly vocabSize: number;
}

export interface LiveStep {
  readonly builder: StepBuilder;
  readonly prefillTokens: number;
  readonly decodeTokens: number;
  /** Hands the results out and frees the pages of what has ended. */
  finish(result: NativeStepResult): void;
}

/** What a row of the step is asked for. */
interface Asked {
  readonly sequence: LiveSequence;
  /** The token of the prompt whose log-probability is asked; undefined: the next token of the sequence is chosen here. */
  readonly promptToken: number | undefined;
  /** Where the row's log-probabilities begin in the result. */
  readonly first: number;
  /** Most probable tokens to tell; undefined: no log-probabilities. */
  readonly top: number | undefined;
}

/** Bytes of logits that one step may bring out of the native side. */
const LOGIT_BYTES = 64 * 2 ** 20;
/** Prompt rows with logits that a step takes however large the vocabulary is. */
const LEAST_LOGIT_ROWS = 16;
/** Draws nothing: for rows of which only log-probabilities are asked. */
const GREEDY: RowSampling = { temperature: 0, topP: 1, topK: 0, minP: 0, key: [0, 0], position: 0 };

export class LiveScheduler {
  private readonly waiting = new WaitingLine<LiveSequence>();
  private active: LiveSequence[] = [];
  private readonly anchors: readonly number[];
  private readonly prompts: PromptCache;

  constructor(private readonly options: LiveSchedulerOptions) {
    this.anchors = anchorIds(options.vocabSize);
    this.prompts = new PromptCache(options.pages);
  }

  get waitingCount(): number {
    return this.waiting.length;
  }

  get activeCount(): number {
    return this.active.length;
  }

  /** Pages that sequences hold; those of prompts which nobody reads are as good as free. */
  get pagesInUse(): number {
    return this.options.pages.used - this.prompts.idle;
  }

  get done(): boolean {
    return this.waiting.length === 0 && this.active.length === 0;
  }

  add(sequence: LiveSequence): void {
    this.waiting.add(sequence.request.owner, sequence);
  }

  /** Gives the sequence up; its pages are free before the next step, because the present one may still write them. */
  cancel(sequence: LiveSequence): void {
    sequence.cancelled = true;
    this.waiting.remove(sequence.request.owner, sequence);
  }

  /** All that has not ended, which is then nobody's any more. */
  takeAll(): LiveSequence[] {
    const all = [...this.active, ...this.waiting.takeAll()];
    for (const sequence of this.active) this.release(sequence);
    this.active = [];
    return all;
  }

  /** The next step; it has no tokens when everything was cancelled. */
  nextStep(): LiveStep {
    this.dropCancelled();
    this.admit();
    const builder = new StepBuilder();
    builder.wantBest = true;
    const asked: Asked[] = [];
    const decodeTokens = this.addDecoding(builder, asked);
    const prefillTokens = this.addPrompts(builder, asked);
    builder.wantLogits = asked.some(needsLogits);
    if (asked.some(({ sequence }) => (sequence.request.sampling?.temperature ?? 0) > 0)) {
      for (const { sequence, promptToken } of asked) {
        builder.addSampling(promptToken === undefined ? sequence.sampling() : GREEDY);
      }
    }
    return { builder, prefillTokens, decodeTokens, finish: (result) => this.finish(asked, result) };
  }

  private addDecoding(builder: StepBuilder, asked: Asked[]): number {
    for (const sequence of this.active) {
      if (!sequence.isDecoding) continue;
      const start = sequence.request.context.length + sequence.ids.length - 1;
      const row = builder.addSpan({
        tokens: sequence.ids.slice(-1),
        start,
        pages: sequence.pages.slice(0, pagesFor(start + 1)),
        decode: true,
      });
      asked.push(this.askNext(builder, sequence, row));
    }
    return builder.tokenCount;
  }

  /** Prompts in the order of admission, in chunks to the token budget. */
  private addPrompts(builder: StepBuilder, asked: Asked[]): number {
    const before = builder.tokenCount;
    for (const sequence of this.active) {
      if (sequence.isDecoding) continue;
      const { context, promptLogProbs } = sequence.request;
      const room = Math.min(this.options.batchTokens - builder.tokenCount, this.promptRoom(sequence, asked.length));
      const count = Math.min(context.length - sequence.prefilled, room);
      if (count <= 0) continue;
      const start = sequence.prefilled;
      const end = start + count;
      const row = builder.addSpan({
        tokens: context.slice(start, end),
        start,
        pages: sequence.pages.slice(0, pagesFor(end)),
        decode: false,
      });
      sequence.prefilled = end;
      // Read by others from the next step on, when it is computed.
      if (end === context.length) {
        sequence.shared.push(...this.prompts.keep(context, sequence.pages, sequence.shared));
      }
      if (promptLogProbs !== undefined) {
        // The row of a token says what the next one is expected to be.
        for (let place = start; place < Math.min(end, context.length - 1); ++place) {
          asked.push(
            this.askPrompt(builder, sequence, { row: row + place - start, token: context[place + 1] as number }),
          );
        }
      }
      if (end === context.length) asked.push(this.askNext(builder, sequence, row + count - 1));
    }
    return builder.tokenCount - before;
  }

  private promptRoom({ request }: LiveSequence, rows: number): number {
    if ((request.promptLogProbs ?? 0) === 0) return Number.POSITIVE_INFINITY;
    return Math.max(LEAST_LOGIT_ROWS, Math.floor(LOGIT_BYTES / (4 * this.options.vocabSize)) - rows);
  }

  private askPrompt(builder: StepBuilder, sequence: LiveSequence, at: { row: number; token: number }): Asked {
    const top = sequence.request.promptLogProbs ?? 0;
    const first = builder.addQuery(at.row, top > 0 ? this.anchors : [at.token]);
    return { sequence, promptToken: at.token, first, top };
  }

  private askNext(builder: StepBuilder, sequence: LiveSequence, row: number): Asked {
    const top = sequence.request.logProbs;
    const first = builder.addQuery(row, top === undefined ? [] : this.anchors);
    return { sequence, promptToken: undefined, first, top };
  }

  private finish(asked: readonly Asked[], result: NativeStepResult): void {
    const ended = new Set<LiveSequence>();
    for (const [answer, { sequence, promptToken, first, top }] of asked.entries()) {
      if (sequence.cancelled || ended.has(sequence)) continue;
      const tell = (id: number): TokenLogProbs | undefined =>
        top === undefined ? undefined : this.logProbsOf(result, { answer, first, id, top });
      if (promptToken !== undefined) {
        const logProb = result.logProbs[first] as number;
        sequence.takePrompt(top === 0 ? { id: promptToken, logProb, top: [] } : (tell(promptToken) as TokenLogProbs));
        continue;
      }
      if (sequence.ids.length === 0 && !sequence.finishPrompt()) ended.add(sequence);
      else {
        const token = result.best[answer] as number;
        if (!sequence.take(token, tell(token))) ended.add(sequence);
      }
    }
    this.active = this.active.filter((sequence) => !ended.has(sequence));
    for (const sequence of ended) {
      this.release(sequence);
      sequence.listener.onEnd(sequence.result());
    }
  }

  private logProbsOf(
    { logits, logProbs }: NativeStepResult,
    { answer, first, id, top }: { answer: number; first: number; id: number; top: number },
  ): TokenLogProbs {
    const { vocabSize } = this.options;
    const row = logits.subarray(answer * vocabSize, (answer + 1) * vocabSize);
    const logSum = logSumOf(row, this.anchors, logProbs.subarray(first, first + this.anchors.length));
    return { id, logProb: logProbOf(row, logSum, id), top: topTokens(row, logSum, top) };
  }

  private dropCancelled(): void {
    for (const sequence of this.active) if (sequence.cancelled) this.release(sequence);
    this.active = this.active.filter(({ cancelled }) => !cancelled);
  }

  /** Takes pages for a sequence's whole length at once, so that none has to be thrown out half way. */
  private admit(): void {
    for (;;) {
      const next = this.waiting.peek();
      if (next === undefined || this.active.length >= this.options.batchTokens) return;
      // Log-probabilities of a prompt need every row of it.
      const shared = next.request.promptLogProbs === undefined ? this.prompts.take(next.request.context) : [];
      const needed = pagesFor(next.longest) - shared.length;
      // The first in line waits for its pages and everybody behind it waits too: no text is so long that it never gets them.
      if (!this.prompts.makeRoom(needed)) {
        this.prompts.release(shared);
        return;
      }
      this.waiting.take();
      next.shared = shared;
      next.pages = [...shared.map(({ page }) => page), ...this.options.pages.take(needed)];
      next.prefilled = shared.length * PAGE_TOKENS;
      this.active.push(next);
    }
  }

  private release({ pages, shared }: LiveSequence): void {
    this.prompts.release(shared);
    this.options.pages.release(pages.slice(shared.length));
  }
}

function needsLogits({ promptToken, top }: Asked): boolean {
  return top !== undefined && (promptToken === undefined || top > 0);
}
