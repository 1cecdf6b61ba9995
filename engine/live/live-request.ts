/** What may be asked of a running engine at any time, and what it tells about it token by token. */
import type { SamplingOptions } from '../engine.js';

export interface LiveRequest {
  /** Requests of one owner take turns with those of others when they wait to be admitted. */
  readonly owner: string;
  /** Token ids of the prompt, at least one. */
  readonly context: readonly number[];
  /** 0 computes the prompt only. */
  readonly maxTokens: number;
  readonly sampling?: SamplingOptions;
  /** Low and high half of the 64-bit key of the draws; see sample-key.ts. Needed with a temperature. */
  readonly key?: readonly [number, number];
  /** Strings that end the text, matched on decoded text, but not inside a thought before the answer. */
  readonly stop?: readonly string[];
  /** Ids that end the text; default the model's end-of-sequence ids. */
  readonly stopIds?: readonly number[];
  /** Log-probability of each generated token, with this many of the most probable ones beside it; undefined tells none. */
  readonly logProbs?: number;
  /** The same for each token of the prompt but the first. */
  readonly promptLogProbs?: number;
}

/** A token with its natural log-probability. */
export interface ScoredToken {
  readonly id: number;
  readonly logProb: number;
}

export interface TokenLogProbs extends ScoredToken {
  /** The most probable tokens at this place, best first, ties to the lower id. */
  readonly top: readonly ScoredToken[];
}

export interface LiveResult {
  /** Generated ids, those of a stop string included, without the id that ended the text. */
  readonly ids: readonly number[];
  /** Thoughts included. */
  readonly text: string;
  readonly end: 'stop' | 'eos' | 'truncated';
  /** The stop string that ended the text. */
  readonly stopped?: string;
}

/** Called between two steps of the engine; must not throw and must not wait. */
export interface LiveListener {
  /** Once, before the first token: places 1 to the end of the prompt. Only with `promptLogProbs`. */
  onPrompt?(logProbs: readonly TokenLogProbs[]): void;
  /** Not for the id that ends a text. */
  onToken?(id: number, logProbs: TokenLogProbs | undefined): void;
  /** The id that ends a text, which is not part of it. */
  onEndToken?(id: number, logProbs: TokenLogProbs | undefined): void;
  onEnd(result: LiveResult): void;
  /** Instead of `onEnd`, when the engine failed or was closed. */
  onFailure(error: unknown): void;
}
