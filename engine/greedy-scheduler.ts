/** Continuous batching for greedy generation: prompts are computed in chunks beside sequences that decode one token a step. */
import type { GenerateRequest } from './engine.js';
import { cacheTooSmall, type KvPages, pagesFor } from './kv-pages.js';
import type { NativeStepResult } from './native.js';
import { StepBuilder } from './step-builder.js';

interface Sequence {
  readonly request: GenerateRequest;
  readonly pages: readonly number[];
  readonly stopIds: ReadonlySet<number>;
  readonly ids: number[];
  /** Prompt tokens in the cache. */
  prefilled: number;
}

export interface CompletedSequence {
  readonly request: GenerateRequest;
  readonly ids: readonly number[];
  readonly end: 'eos' | 'truncated';
}

export interface GreedySchedulerOptions {
  readonly pages: KvPages;
  readonly batchTokens: number;
  readonly eosIds: readonly number[];
}

export class GreedyScheduler {
  private readonly waiting: GenerateRequest[];
  private active: Sequence[] = [];
  private completed: CompletedSequence[] = [];
  private readonly options: GreedySchedulerOptions;

  constructor(requests: readonly GenerateRequest[], options: GreedySchedulerOptions) {
    this.waiting = [...requests].reverse();
    this.options = options;
  }

  get done(): boolean {
    return this.waiting.length === 0 && this.active.length === 0;
  }

  takeCompleted(): CompletedSequence[] {
    const taken = this.completed;
    this.completed = [];
    return taken;
  }

  nextStep() {
    this.admit();
    const builder = new StepBuilder();
    builder.wantBest = true;
    const advanced: { sequence: Sequence; answer: number }[] = [];
    let prefillTokens = 0;
    let decodeTokens = 0;
    let answers = 0;
    for (const sequence of this.active) {
      if (sequence.prefilled < sequence.request.context.length) continue;
      const start = sequence.request.context.length + sequence.ids.length - 1;
      const row = builder.addSpan({
        tokens: sequence.ids.slice(-1),
        start,
        pages: sequence.pages.slice(0, pagesFor(start + 1)),
        decode: true,
      });
      builder.addQuery(row, []);
      advanced.push({ sequence, answer: answers++ });
      decodeTokens += 1;
    }
    for (const sequence of this.active) {
      const { context } = sequence.request;
      const count = Math.min(context.length - sequence.prefilled, this.options.batchTokens - builder.tokenCount);
      if (count <= 0) continue;
      const end = sequence.prefilled + count;
      const row = builder.addSpan({
        tokens: context.slice(sequence.prefilled, end),
        start: sequence.prefilled,
        pages: sequence.pages.slice(0, pagesFor(end)),
        decode: false,
      });
      sequence.prefilled = end;
      prefillTokens += count;
      if (end < context.length) continue;
      builder.addQuery(row + count - 1, []);
      advanced.push({ sequence, answer: answers++ });
    }
    const finish = (result: NativeStepResult) => {
      for (const { sequence, answer } of advanced) this.advance(sequence, result.best[answer] as number);
    };
    return { builder, prefillTokens, decodeTokens, finish };
  }

  /** Takes pages for a sequence's whole length at once, so that none has to be thrown out half way. */
  private admit(): void {
    while (this.waiting.length > 0 && this.active.length < this.options.batchTokens) {
      const request = this.waiting[this.waiting.length - 1] as GenerateRequest;
      const needed = pagesFor(request.context.length + request.maxTokens);
      if (needed > this.options.pages.available) {
        if (this.active.length > 0) return;
        throw cacheTooSmall(request.context.length + request.maxTokens, this.options.pages);
      }
      this.waiting.pop();
      if (request.maxTokens <= 0) {
        this.completed.push({ request, ids: [], end: 'truncated' });
        continue;
      }
      const stopIds = new Set(request.stopIds ?? this.options.eosIds);
      this.active.push({ request, pages: this.options.pages.take(needed), stopIds, ids: [], prefilled: 0 });
    }
  }

  private advance(sequence: Sequence, token: number): void {
    const ended = sequence.stopIds.has(token);
    if (!ended) sequence.ids.push(token);
    if (!ended && sequence.ids.length < sequence.request.maxTokens) return;
    this.active = this.active.filter((other) => other !== sequence);
    this.options.pages.release(sequence.pages);
    this.completed.push({ request: sequence.request, ids: sequence.ids, end: ended ? 'eos' : 'truncated' });
  }
}
