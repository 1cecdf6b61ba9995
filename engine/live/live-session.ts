/** A running engine that takes requests at any time: computes step after step while there is something to compute. */
import { EvalrunError } from '../../errors.js';
import type { KvPages } from '../kv-pages.js';
import { cacheTooSmall, pagesFor } from '../kv-pages.js';
import type { NativeStepResult } from '../native.js';
import type { StepBuilder } from '../step-builder.js';
import type { LiveListener, LiveRequest } from './live-request.js';
import { LiveScheduler } from './live-scheduler.js';
import { LiveSequence, type LiveSequenceOptions } from './live-sequence.js';

export interface LiveSessionParts extends LiveSequenceOptions {
  readonly pages: KvPages;
  readonly batchTokens: number;
  readonly vocabSize: number;
  /** Throws for a request that the model cannot take. */
  readonly check: (request: LiveRequest) => void;
  readonly step: (
    builder: StepBuilder,
    stats: { readonly prefill: number; readonly decode: number; readonly pages: KvPages },
  ) => Promise<NativeStepResult>;
  /** Gives the cache back. */
  readonly release: () => void;
}

/**
 * Tokens and log-probabilities are those of the engine's other calls, bit for bit, whatever else is being computed.
 *
 * @example const session = await engine.openSession();
 *   session.add({ owner: 'me', context: [1, 2], maxTokens: 8 }, { onEnd: ({ text }) => console.log(text), onFailure: console.error });
 */
export class LiveSession {
  private readonly scheduler: LiveScheduler;
  private readonly loop: Promise<void>;
  private wake = () => {};
  private closed = false;
  private failure: unknown;

  constructor(private readonly parts: LiveSessionParts) {
    const { pages, batchTokens, vocabSize } = parts;
    this.scheduler = new LiveScheduler({ pages, batchTokens, vocabSize });
    this.loop = this.run();
  }

  /** Requests that have no pages yet. */
  get waiting(): number {
    return this.scheduler.waitingCount;
  }

  /** Requests that are being computed. */
  get running(): number {
    return this.scheduler.activeCount;
  }

  get kvPages(): { readonly used: number; readonly total: number } {
    return { used: this.scheduler.pagesInUse, total: this.parts.pages.total };
  }

  /** What broke the engine, if anything did; every request then fails with it. */
  get broken(): unknown {
    return this.failure;
  }

  /**
   * Takes a request and returns what cancels it; after that its listener is not called any more.
   *
   * @throws EvalrunError `engine/empty-prompt`, `engine/token-id`, `engine/context-length`, `memory/kv-cache` for a request that
   *   could never be computed, `engine/closed`
   */
  add(request: LiveRequest, listener: LiveListener): () => void {
    if (this.failure !== undefined) throw this.failure;
    if (this.closed) throw closedError();
    this.parts.check(request);
    const sequence = new LiveSequence(request, listener, this.parts);
    if (pagesFor(sequence.longest) > this.parts.pages.total) throw cacheTooSmall(sequence.longest, this.parts.pages);
    this.scheduler.add(sequence);
    this.wake();
    return () => this.scheduler.cancel(sequence);
  }

  /** Ends after the step that is being computed; what is left fails with `engine/closed`. */
  async close(): Promise<void> {
    this.closed = true;
    this.wake();
    await this.loop;
  }

  private async run(): Promise<void> {
    try {
      while (!this.closed) {
        if (this.scheduler.done) {
          await new Promise<void>((resolve) => {
            this.wake = resolve;
          });
          continue;
        }
        const { builder, prefillTokens, decodeTokens, finish } = this.scheduler.nextStep();
        if (builder.tokenCount > 0) {
          const stats = { prefill: prefillTokens, decode: decodeTokens, pages: this.parts.pages };
          finish(await this.parts.step(builder, stats));
        }
        // Requests, cancellations and writes have their turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
      this.failAll(closedError());
    } catch (error) {
      this.failure = error;
      this.failAll(error);
    } finally {
      this.parts.release();
    }
  }

  private failAll(error: unknown): void {
    for (const { listener, cancelled } of this.scheduler.takeAll()) if (!cancelled) listener.onFailure(error);
  }
}

function closedError(): EvalrunError {
  return new EvalrunError('engine/closed', { what: 'The engine was closed before this was computed' });
}
