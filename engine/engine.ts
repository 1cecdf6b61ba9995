/** The Engine interface: what a task runner may ask of a model, wherever it runs. */
import type { ChatMessage } from './chat-template.js';
import type { GpuSample } from './native.js';
import type { DType } from './numerics.js';
import type { TokenIds } from './token-ids.js';

export type { DType, GpuSample, TokenIds };

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

/** What the requests to an engine must hold besides token ids, or instead of them. */
export interface PromptForms {
  /** Token ids. */
  readonly ids: boolean;
  /** The prompts' text, for a server that tokenises. */
  readonly text: boolean;
  /** Whether a chat can be given as messages, to which the server applies the model's template. */
  readonly chat: boolean;
}

/** Log-probabilities of given continuations after a context. */
export interface ScoreRequest {
  readonly id: string;
  /** Token ids of the context, BOS included where the protocol has one; at least one token. An array will do. */
  readonly context: TokenIds;
  /** Token ids of each continuation, each at least one token; single-token ones share one row of logits. */
  readonly continuations: readonly (readonly number[])[];
  /** What its tokens count for in records of expert load, e.g. `mmlu/anatomy`. */
  readonly group?: string;
  /** The same as text, where the engine wants it; ids are then empty unless it wants both. */
  readonly text?: { readonly context: string; readonly continuations: readonly string[] };
}

export interface ScoreResult {
  readonly id: string;
  /** Natural log-probability of each continuation (sum over its tokens), in the order asked. */
  readonly logProbs: readonly number[];
  readonly promptTokens: number;
  /** Prompt tokens whose keys and values came from another request's computation. */
  readonly sharedTokens: number;
  /**
   * Where a server told only its most probable tokens: for each continuation whose log-probability is missing (NaN in `logProbs`)
   * the value that it cannot exceed, null for the others.
   */
  readonly bounds?: readonly (number | null)[];
  /** Why there is no result; log-probabilities are then NaN. */
  readonly error?: string;
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
  /** Token ids of the prompt; an array will do. */
  readonly context: TokenIds;
  readonly maxTokens: number;
  readonly sampling?: SamplingOptions;
  /**
   * Strings that end the text, matched on decoded text, but not inside a thought before the answer; neither they nor what follows is
   * in the result's text.
   */
  readonly stop?: readonly string[];
  /** Ids that end the text; default the model's end-of-sequence ids. */
  readonly stopIds?: readonly number[];
  /** What its tokens count for in records of expert load. */
  readonly group?: string;
  /** The prompt as text, where the engine wants it; `context` is then empty unless it wants both. */
  readonly text?: string;
  /** The prompt as a chat, for the server's own template; instead of `text`. */
  readonly messages?: readonly ChatMessage[];
}

export interface GenerateResult {
  readonly id: string;
  readonly repeat: number;
  /** Generated ids, those of a stop string included, without the id that ended the text. */
  readonly ids: readonly number[];
  /** What the model thought before its answer, without `<think>` and `</think>`; absent where it did not think. */
  readonly thinking?: string;
  /** The answer; empty where a thought was not finished. */
  readonly text: string;
  readonly end: 'stop' | 'eos' | 'truncated';
  readonly promptTokens: number;
  /** Prompt tokens whose keys and values came from another request's computation; absent where the engine does not know. */
  readonly sharedTokens?: number;
  /** Where it is not the number of `ids`, because a server told no ids. */
  readonly completionTokens?: number;
  /** Why there is no result. */
  readonly error?: string;
}

/** What one step of the engine did; the runner turns these into telemetry. */
export interface StepStats {
  readonly prefillTokens: number;
  readonly decodeTokens: number;
  readonly sequences: number;
  /** Tokens that decoding sequences were given: one each without MTP, up to two with it. */
  readonly takenTokens?: number;
  /** With MTP: drafts among `decodeTokens`, and how many of them were the token that the main model takes. */
  readonly draftedTokens?: number;
  readonly acceptedTokens?: number;
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
  /** `unknown` where a server does not say. */
  readonly dtype: DType | 'unknown';
  readonly device: string;
  /** Why this device was taken. */
  readonly deviceReason: string;
  readonly threads: number;
  readonly kernels: Readonly<Record<string, string>>;
  readonly numerics: Readonly<Record<string, string | number | boolean>>;
  /** 0 where a server does not say, as for the next three. */
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly totalParameters: number;
  readonly activeParameters: number;
  /** Whether the model has a multi-token-prediction module that can draft; default false. */
  readonly mtp?: boolean;
  /** What is known of a server; only of one. */
  readonly remote?: RemoteInfo;
  /** What one token leaves in the KV cache; absent where the engine does not know. */
  readonly kvCache?: KvCacheInfo;
}

/** What is known of an engine before its weights are there. */
export type OpeningInfo = Omit<EngineInfo, 'weightFingerprint' | 'kernels'>;

export interface KvCacheInfo {
  /** Bytes over all main layers, in the precision of this engine's cache. */
  readonly bytesPerToken: number;
  /** The same, had every query head of this model keys and values of its own. */
  readonly mhaBytesPerToken: number;
}

/** What a server says it is, and how it was found to behave. */
export interface RemoteInfo {
  readonly baseUrl: string;
  /** Its entry of /v1/models, as JSON of bounded length. */
  readonly entry: string | null;
  /** Its `server` header. */
  readonly server: string | null;
  /** Of the engine, where it tells it outside OpenAI's endpoints (vLLM, SGLang). */
  readonly version: string | null;
  readonly systemFingerprint: string | null;
  /** What its endpoints can do. */
  readonly abilities: Readonly<Record<string, string | number | boolean>>;
  /** The same question alone and in a crowd; null where it could not be asked. */
  readonly determinism: Determinism | null;
}

export interface Determinism {
  /** Times that the question was asked in the crowd. */
  readonly asked: number;
  /** Whether every text was the one of the question asked alone. */
  readonly equal: boolean;
  /** Of log-probabilities of the same tokens, in nats; null where none were told. */
  readonly largestDifference: number | null;
}

export interface ScoreOptions {
  /** False computes every request on its own, for `--verify-prefix`. Default true. */
  readonly sharePrefixes?: boolean;
  /** Of one who will stop reading: once it is aborted, nothing more is begun before what is known has been handed out. */
  readonly signal?: AbortSignal | undefined;
}

export interface GenerateOptions {
  /**
   * Drafts tokens with the model's own MTP module and checks them two rows at a time. Results have the same bits. Default false;
   * throws `engine/mtp` where there is no module.
   */
  readonly mtp?: boolean;
  /** False computes every prompt on its own. Default true. */
  readonly sharePrefixes?: boolean;
}

export interface Engine {
  readonly info: EngineInfo;
  readonly tokenizer: Tokenizer;
  /** What requests must hold; default token ids alone. */
  readonly prompts?: PromptForms;
  /** Results in the order in which they complete; every request yields exactly one. */
  score(requests: readonly ScoreRequest[], options?: ScoreOptions): AsyncIterable<ScoreResult>;
  /** A continuation of each context, in the order in which they complete. */
  generate(requests: readonly GenerateRequest[], options?: GenerateOptions): AsyncIterable<GenerateResult>;
  memory(): MemoryUse;
  /** Counters of the GPU that computes, only where one does. Throws an Error with the reason where it does not tell. */
  readonly sampleGpu?: () => GpuSample;
  /** Called after each step; at most one listener. It may throw, which ends the call in progress with that error. */
  onStep: ((stats: StepStats) => void) | undefined;
  /** Tells `onStep` which experts were chosen, where the model has any. No effect on results. */
  recordRouting?: boolean;
  close(): Promise<void>;
}

/** An engine whose weights are being loaded: what needs the tokenizer alone can be done meanwhile. */
export interface OpeningEngine {
  readonly info: OpeningInfo;
  readonly tokenizer: Tokenizer;
  readonly prompts?: PromptForms;
  /** The engine; rejects where it cannot be loaded, and is then closed. */
  readonly loaded: Promise<Engine>;
  /** Stops loading, and waits until that has stopped. Closes the engine, too. */
  close(): Promise<void>;
}
