/** Continuous batching for generation: prompts are computed in chunks beside sequences that decode one token a step. */
import type { GenerateRequest } from './engine.js';
import { cacheTooSmall, type KvPages, pagesFor } from './kv-pages.js';
import type { NativeStepResult } from './native.js';
import { sampleKey } from './sample-key.js';
import { type RowSampling, StepBuilder } from './step-builder.js';
import { StopMatcher } from './stop-matcher.js';

interface Sequence {
  readonly request: GenerateRequest;
  readonly pages: readonly number[];
  readonly stopIds: ReadonlySet<number>;
  readonly ids: number[];
  readonly key: readonly [number, number];
  readonly matcher: StopMatcher;
  /** Prompt tokens in the cache. */
  prefilled: number;
}

export interface CompletedSequence {
  readonly request: GenerateRequest;
  readonly ids: readonly number[];
  readonly text: string;
  readonly end: 'stop' | 'eos' | 'truncated';
}

export interface GenerateSchedulerOptions {
  readonly pages: KvPages;
  readonly batchTokens: number;
  readonly eosIds: readonly number[];
  /** Text of ids, special tokens left out. */
  readonly decode: (ids: readonly number[]) => string;
}

export class GenerateScheduler {
  private readonly waiting: GenerateRequest[];
  private active: Sequence[] = [];
  private completed: CompletedSequence[];
  private readonly options: GenerateSchedulerOptions;

  constructor(requests: readonly GenerateRequest[], options: GenerateSchedulerOptions) {
    // A request for no tokens is done before any step.
    this.waiting = requests.filter(({ maxTokens }) => maxTokens > 0).reverse();
    this.completed = requests
      .filter(({ maxTokens }) => maxTokens <= 0)
      .map((request) => ({ request, ids: [], text: '', end: 'truncated' }));
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
    /** In the order of the step's answers. */
    const advanced: Sequence[] = [];
    let prefillTokens = 0;
    let decodeTokens = 0;
    const isSampled = this.active.some(({ request }) => (request.sampling?.temperature ?? 0) > 0);
    const ask = (sequence: Sequence, row: number) => {
      builder.addQuery(row, []);
      if (isSampled) builder.addSampling(rowSampling(sequence));
      advanced.push(sequence);
    };
    for (const sequence of this.active) {
      if (sequence.prefilled < sequence.request.context.length) continue;
      const start = sequence.request.context.length + sequence.ids.length - 1;
      const row = builder.addSpan({
        tokens: sequence.ids.slice(-1),
        start,
        pages: sequence.pages.slice(0, pagesFor(start + 1)),
        decode: true,
      });
      ask(sequence, row);
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
      ask(sequence, row + count - 1);
    }
    const finish = (result: NativeStepResult) => {
      for (const [answer, sequence] of advanced.entries()) this.advance(sequence, result.best[answer] as number);
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
      const stopIds = new Set(request.stopIds ?? this.options.eosIds);
      this.active.push({
        request,
        pages: this.options.pages.take(needed),
        stopIds,
        ids: [],
        key: sampleKey(request.sampling?.seed ?? 0, request.id, request.repeat ?? 0),
        matcher: new StopMatcher(request.stop ?? [], this.options.decode),
        prefilled: 0,
      });
    }
  }

  private advance(sequence: Sequence, token: number): void {
    const { request, ids, matcher } = sequence;
    const ended = sequence.stopIds.has(token);
    if (!ended) ids.push(token);
    const stopped = !ended && matcher.add(token);
    if (!ended && !stopped && ids.length < request.maxTokens) return;
    this.active = this.active.filter((other) => other !== sequence);
    this.options.pages.release(sequence.pages);
    this.completed.push({ request, ids, text: matcher.text(), end: ended ? 'eos' : stopped ? 'stop' : 'truncated' });
  }
}

function rowSampling({ request, ids, key }: Sequence): RowSampling {
  const { temperature = 0, topP = 1, topK = 0, minP = 0 } = request.sampling ?? {};
  return { temperature, topP, topK, minP, key, position: ids.length };
}
