/** The Engine interface: what a task runner may ask of a model, wherever it runs. */

/** Text to token ids and back. Implementations never add a BOS twice. */
export interface Tokenizer {
  /** Token ids of `text`. `addSpecialTokens` (default true) adds what the checkpoint's own rules add, e.g. one BOS. */
  encode(text: string, options?: { readonly addSpecialTokens?: boolean }): number[];
  /** Text of `ids`; `skipSpecialTokens` defaults to false. */
  decode(ids: readonly number[], options?: { readonly skipSpecialTokens?: boolean }): string;
  /** The token's own string as the vocabulary holds it, or undefined when the id is not in the vocabulary. */
  tokenOf(id: number): string | undefined;
  readonly vocabSize: number;
  readonly bosId: number | undefined;
  readonly eosIds: readonly number[];
  /** The chat template's Jinja source, if the checkpoint has one. */
  readonly chatTemplate: string | undefined;
  /** SHA-256 over tokenizer.json and tokenizer_config.json, hex. */
  readonly sha256: string;
}

export type DType = 'f32' | 'bf16' | 'fp8';

/** Log-probabilities of given continuations after a context. */
export interface ScoreRequest {
  readonly id: string;
  /** Token ids of the context, BOS included where the protocol has one; at least one token. */
  readonly context: readonly number[];
  /** Token ids of each continuation, each at least one token; single-token ones share one row of logits. */
  readonly continuations: readonly (readonly number[])[];
  /** What its tokens count for in records of expert load, e.g. `mmlu/anatomy`. */
  readonly group?: string;
}

export interface ScoreResult {
  readonly id: string;
  /** Natural log-probability of each continuation (sum over its tokens), in the order asked. */
  readonly logProbs: readonly number[];
  readonly promptTokens: number;
  /** Prompt tokens whose keys and values came from another request's computation. */
  readonly sharedTokens: number;
}

/** How the next token is drawn; nothing given is greedy. */
export interface SamplingOptions {
  /** 0 is greedy. Default 0. */
  readonly temperature?: number;
  /** Keep the fewest most probable tokens whose probabilities reach this sum. Default 1. */
  readonly topP?: number;
  /** Keep this many most probable tokens; 0 keeps all. Default 0. */
  readonly topK?: number;
  /** Keep tokens at least this share as probable as the most probable one. Default 0. */
  readonly minP?: number;
  /** Draws are a function of seed, request id, repeat and position alone. Default 0. */
  readonly seed?: number;
}

export interface GenerateRequest {
  readonly id: string;
  /** Which of several samples of the same request this is. Default 0. */
  readonly repeat?: number;
  readonly context: readonly number[];
  readonly maxTokens: number;
  readonly sampling?: SamplingOptions;
  /** Strings that end the text, matched on decoded text; neither they nor what follows is in the result's text. */
  readonly stop?: readonly string[];
  /** Ids that end the text; default the model's end-of-sequence ids. */
  readonly stopIds?: readonly number[];
  /** What its tokens count for in records of expert load. */
  readonly group?: string;
}

export interface GenerateResult {
  readonly id: string;
  readonly repeat: number;
  /** Generated ids, those of a stop string included, without the id that ended the text. */
  readonly ids: readonly number[];
  readonly text: string;
  readonly end: 'stop' | 'eos' | 'truncated';
  readonly promptTokens: number;
}

/** What one step of the engine did; the runner turns these into telemetry. */
export interface StepStats {
  readonly prefillTokens: number;
  readonly decodeTokens: number;
  readonly sequences: number;
  readonly latencyMs: number;
  readonly kvPagesUsed: number;
  readonly kvPagesTotal: number;
  /** Where `recordRouting` is set and the model has routed experts. */
  readonly routing?: StepRouting;
}

/** Which experts a step's tokens went to. */
export interface StepRouting {
  /** Indices of the mixture-of-experts layers, L of them, ascending. */
  readonly layers: readonly number[];
  /** E of a layer. */
  readonly experts: number;
  /** K of a token. */
  readonly expertsPerToken: number;
  /** [L, T, K] */
  readonly chosen: Uint16Array;
  /** The T tokens in order: how many count for which group. A token that several requests share counts once. */
  readonly groups: readonly { readonly group: string; readonly count: number }[];
  /** Tokens after which an answer is read: `id` as in the request, with `#repeat` where that is not 0. */
  readonly probes: readonly { readonly row: number; readonly id: string }[];
}

export interface MemoryUse {
  readonly weightBytes: number;
  readonly kvBytes: number;
  readonly workspaceBytes: number;
  readonly residentBytes: number;
}

/** Everything about the engine that determines a result, written into run.json. */
export interface EngineInfo {
  readonly kind: 'local' | 'remote';
  readonly model: string;
  readonly modelType: string;
  /** True for a seeded random checkpoint: its scores mean nothing. */
  readonly random: boolean;
  readonly weightFingerprint: string;
  readonly tokenizerSha256: string;
  readonly dtype: DType;
  readonly device: string;
  /** Why this device was taken. */
  readonly deviceReason: string;
  readonly threads: number;
  readonly kernels: Readonly<Record<string, string>>;
  readonly numerics: Readonly<Record<string, string | number | boolean>>;
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly totalParameters: number;
  readonly activeParameters: number;
  /** What one token leaves in the KV cache; absent where the engine does not know. */
  readonly kvCache?: KvCacheInfo;
}

export interface KvCacheInfo {
  /** Bytes over all main layers, in the precision of this engine's cache. */
  readonly bytesPerToken: number;
  /** The same, had every query head of this model keys and values of its own. */
  readonly mhaBytesPerToken: number;
}

export interface ScoreOptions {
  /** False computes every request on its own, for `--verify-prefix`. Default true. */
  readonly sharePrefixes?: boolean;
}

export interface Engine {
  readonly info: EngineInfo;
  readonly tokenizer: Tokenizer;
  /** Results in the order in which they complete; every request yields exactly one. */
  score(requests: readonly ScoreRequest[], options?: ScoreOptions): AsyncIterable<ScoreResult>;
  /** A continuation of each context, in the order in which they complete. */
  generate(requests: readonly GenerateRequest[]): AsyncIterable<GenerateResult>;
  memory(): MemoryUse;
  /** Called after each step; at most one listener. It may throw, which ends the call in progress with that error. */
  onStep: ((stats: StepStats) => void) | undefined;
  /** Tells `onStep` which experts were chosen, where the model has any. No effect on results. */
  recordRouting?: boolean;
  close(): Promise<void>;
}
