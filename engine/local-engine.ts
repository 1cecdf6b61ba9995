/** The built-in engine: prompts to steps, steps to the native graph, results back. */
import { EvalrunError } from '../errors.js';
import type { ArchSpec } from './arch-spec.js';
import type {
  DType,
  Engine,
  EngineInfo,
  GenerateOptions,
  GenerateRequest,
  GenerateResult,
  GpuSample,
  MemoryUse,
  ScoreOptions,
  ScoreRequest,
  ScoreResult,
  StepStats,
  Tokenizer,
} from './engine.js';
import { GenerateScheduler } from './generate-scheduler.js';
import { KvPages } from './kv-pages.js';
import { LiveSession } from './live/live-session.js';
import { checkMtp } from './mtp-check.js';
import { type NativeModel, type NativeStepResult, sampleGpu } from './native.js';
import { PrefixScheduler } from './prefix-scheduler.js';
import { PrefixTree } from './prefix-tree.js';
import { checkSampling } from './sampling-check.js';
import { ScoreCollector } from './score-collector.js';
import { type LogitsOptions, type SequenceLogits, sequenceLogits } from './sequence-logits.js';
import type { StepBuilder } from './step-builder.js';
import { routingOf } from './step-routing.js';
import type { TokenIds } from './token-ids.js';

/** What is known of a model that runs here. */
export type LocalEngineInfo = EngineInfo & { readonly dtype: DType };

/** What of a memory plan is needed while the engine runs. */
export interface EnginePlan {
  readonly kvPages: number;
  /** Weights in memory besides those that the native side counts. */
  readonly mappedBytes: number;
}

export interface LocalEngineParts {
  readonly info: LocalEngineInfo;
  readonly tokenizer: Tokenizer;
  readonly arch: ArchSpec;
  readonly model: NativeModel;
  readonly plan: EnginePlan;
  readonly batchTokens: number;
  /** PCI bus id of the GPU that computes, where one does. */
  readonly gpuBusId?: string;
}

export class LocalEngine implements Engine {
  readonly info: LocalEngineInfo;
  readonly tokenizer: Tokenizer;
  readonly arch: ArchSpec;
  onStep: ((stats: StepStats) => void) | undefined;
  recordRouting = false;
  private readonly model: NativeModel;
  /** Counters of the GPU that computes; only where one does. Throws an Error with the reason where it does not tell. */
  readonly sampleGpu?: () => GpuSample;
  private readonly plan: EnginePlan;
  private readonly batchTokens: number;
  /** One call at a time owns the cache; the next waits for it. */
  private turn: Promise<void> = Promise.resolve();

  constructor(parts: LocalEngineParts) {
    this.info = parts.info;
    this.tokenizer = parts.tokenizer;
    this.arch = parts.arch;
    this.model = parts.model;
    this.plan = parts.plan;
    this.batchTokens = parts.batchTokens;
    const { gpuBusId } = parts;
    if (gpuBusId !== undefined) this.sampleGpu = () => sampleGpu(gpuBusId);
  }

  async *score(requests: readonly ScoreRequest[], options: ScoreOptions = {}): AsyncIterable<ScoreResult> {
    const release = await this.takeTurn();
    const collector = new ScoreCollector();
    let running: Promise<unknown> | undefined;
    try {
      const tree = new PrefixTree({ share: options.sharePrefixes ?? true });
      for (const request of requests) {
        this.checkTokens(request.id, request.context, longestContinuation(request));
        collector.add(tree, request);
      }
      const pages = new KvPages(this.plan.kvPages);
      const scheduler = new PrefixScheduler(tree, pages, this.batchTokens);
      while (!scheduler.done) {
        if (options.signal?.aborted) yield* collector.takeCompleted();
        const { builder, finish } = scheduler.nextStep();
        const step = this.step(builder, { prefill: builder.tokenCount, decode: 0, pages });
        // It fails where it is waited for, which may be after it has.
        running = step.catch(() => {});
        // What the step before has answered is graded and written while this one computes.
        yield* collector.takeCompleted();
        finish(await step);
      }
      yield* collector.takeCompleted();
    } catch (error) {
      // What was answered before a step that cannot be made, or fails, is not lost.
      yield* collector.takeCompleted();
      throw error;
    } finally {
      await running;
      release();
    }
  }

  async *generate(requests: readonly GenerateRequest[], options: GenerateOptions = {}): AsyncIterable<GenerateResult> {
    const { mtp = false, sharePrefixes = true } = options;
    if (mtp) checkMtp(this.info);
    const release = await this.takeTurn();
    try {
      for (const request of requests) {
        this.checkTokens(request.id, request.context, Math.max(1, request.maxTokens));
        checkSampling(request.sampling);
      }
      const pages = new KvPages(this.plan.kvPages);
      const scheduler = new GenerateScheduler(requests, {
        pages,
        batchTokens: this.batchTokens,
        mtp,
        sharePrefixes,
        eosIds: this.arch.eosIds,
        decode: (ids) => this.tokenizer.decode(ids, { skipSpecialTokens: true }),
        decodePrompt: (ids) => this.tokenizer.decode(ids),
      });
      for (;;) {
        yield* scheduler.takeCompleted();
        if (scheduler.done) return;
        const { builder, prefillTokens, decodeTokens, finish } = scheduler.nextStep();
        const stats = { prefill: prefillTokens, decode: decodeTokens, pages };
        await this.step(builder, stats, (result) => {
          const { taken, drafted, accepted } = finish(result);
          return { takenTokens: taken, ...(mtp && { draftedTokens: drafted, acceptedTokens: accepted }) };
        });
      }
    } finally {
      release();
    }
  }

  /**
   * Logits of every position of one sequence, through the cache, `chunk` tokens at a time.
   *
   * @yields rows in order: `logits` f32 [rows, V], and `mtpLogits` f32 [rows with a next token, V] where the checkpoint has
   *   a multi-token-prediction module
   */
  async *logits(ids: readonly number[], options: LogitsOptions = {}): AsyncIterable<SequenceLogits> {
    const release = await this.takeTurn();
    try {
      this.checkTokens('the sequence', ids, 0);
      const pages = new KvPages(this.plan.kvPages);
      yield* sequenceLogits(ids, {
        pages,
        chunk: options.chunk ?? this.batchTokens,
        decode: options.decode ?? false,
        mtp: this.arch.mtpLayers > 0,
        step: (builder) => this.step(builder, { prefill: builder.tokenCount, decode: 0, pages }),
      });
    } finally {
      release();
    }
  }

  /** Takes the cache until the session is closed; requests then come and go at any time. */
  async openSession(): Promise<LiveSession> {
    const release = await this.takeTurn();
    return new LiveSession({
      pages: new KvPages(this.plan.kvPages),
      batchTokens: this.batchTokens,
      vocabSize: this.arch.vocabSize,
      eosIds: this.arch.eosIds,
      decode: (ids) => this.tokenizer.decode(ids, { skipSpecialTokens: true }),
      decodePrompt: (ids) => this.tokenizer.decode(ids),
      check: ({ context, maxTokens, sampling }) => {
        this.checkTokens('the prompt', context, maxTokens);
        checkSampling(sampling);
      },
      step: (builder, stats) => this.step(builder, stats),
      release,
    });
  }

  memory(): MemoryUse {
    const { convertedBytes, cacheBytes, workspaceBytes } = this.model.memory();
    return {
      weightBytes: this.plan.mappedBytes + convertedBytes,
      kvBytes: cacheBytes,
      workspaceBytes,
      residentBytes: process.memoryUsage.rss(),
    };
  }

  async close(): Promise<void> {
    await this.turn;
    this.model.close();
  }

  private async step(
    builder: StepBuilder,
    stats: { readonly prefill: number; readonly decode: number; readonly pages: KvPages },
    finish: (result: NativeStepResult) => Partial<StepStats> = () => ({}),
  ): Promise<NativeStepResult> {
    builder.wantExperts = this.recordRouting && this.arch.moe !== null;
    const begin = performance.now();
    const result = await this.forward(builder);
    const latencyMs = performance.now() - begin;
    const more = finish(result);
    this.onStep?.({
      prefillTokens: stats.prefill,
      decodeTokens: stats.decode,
      ...more,
      sequences: builder.spanCount,
      latencyMs,
      kvPagesUsed: stats.pages.used,
      kvPagesTotal: stats.pages.total,
      ...(builder.wantExperts && { routing: routingOf(this.arch, builder, result) }),
    });
    return result;
  }

  private async forward(builder: StepBuilder): Promise<NativeStepResult> {
    try {
      return await this.model.forward(builder.build());
    } catch (cause) {
      // In the words of native/cuda/context.cpp. Anything else that fails in a step is a defect, and reported as one.
      if (!(cause instanceof Error && cause.message.startsWith('GPU memory for '))) throw cause;
      throw new EvalrunError('memory/gpu', {
        what: `The memory of ${this.info.device} ran out in a step of ${builder.tokenCount} tokens`,
        found: cause.message,
        todo: 'see with nvidia-smi who else uses the GPU, or use a smaller --batch-tokens; a run can be resumed',
        cause,
      });
    }
  }

  private async takeTurn(): Promise<() => void> {
    const before = this.turn;
    let release = () => {};
    this.turn = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    return release;
  }

  /** The first id that the model does not have. */
  private unknownToken(tokens: TokenIds): number | undefined {
    for (let at = 0; at < tokens.length; ++at) {
      const token = tokens.at(at) as number;
      if (!Number.isInteger(token) || token < 0 || token >= this.arch.vocabSize) return token;
    }
    return undefined;
  }

  private checkTokens(id: string, tokens: TokenIds, extra: number): void {
    if (tokens.length === 0) {
      throw new EvalrunError('engine/empty-prompt', { what: `${id} has no tokens`, expected: 'at least one token' });
    }
    const bad = this.unknownToken(tokens);
    if (bad !== undefined) {
      throw new EvalrunError('engine/token-id', {
        what: `${id} holds a token id outside the model's vocabulary`,
        expected: `0 to ${this.arch.vocabSize - 1}`,
        found: String(bad),
        todo: 'check that the tokenizer belongs to this checkpoint',
      });
    }
    if (tokens.length + extra > this.arch.contextLength) {
      throw new EvalrunError('engine/context-length', {
        what: `${id} is longer than the model's context`,
        expected: `at most ${this.arch.contextLength} tokens`,
        found: `${tokens.length}${extra > 0 ? ` and ${extra} to follow` : ''}`,
        todo: 'use fewer shots',
      });
    }
  }
}

/** Tokens that follow the context in the cache: all of a continuation but its last one. */
function longestContinuation({ continuations }: ScoreRequest): number {
  return Math.max(0, ...continuations.map((continuation) => continuation.length - 1));
}
