/** What one client may ask for, so that no client can take the server from the others. */

export interface ServeLimits {
  /** Of a request's body. */
  readonly bodyBytes: number;
  /** Texts (prompts times `n`) that one request may ask for. */
  readonly textsPerRequest: number;
  /** Texts that may wait for their turn; beyond it the answer is 429. */
  readonly queue: number;
  /** Connections at a time. */
  readonly connections: number;
  /** For the head of a request to arrive. */
  readonly headersTimeoutMs: number;
  /** For a whole request to arrive. */
  readonly requestTimeoutMs: number;
  /** Without progress of an answer that a client does not read. */
  readonly writeTimeoutMs: number;
  /** Bytes of an answer that wait for a client. */
  readonly writeBytes: number;
  /** For what is being computed when the server is told to stop. */
  readonly drainMs: number;
}

export const defaultServeLimits: ServeLimits = {
  bodyBytes: 8 * 2 ** 20,
  textsPerRequest: 512,
  queue: 1024,
  connections: 2048,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  writeTimeoutMs: 30_000,
  writeBytes: 8 * 2 ** 20,
  drainMs: 30_000,
};

/** Most probable tokens that may be asked for at each place. */
export const MAX_LOGPROBS = 100;
/** Tokens of an answer in a chat where the client names no number. */
export const CHAT_MAX_TOKENS = 1024;
/** Tokens of a completion where the client names no number, as OpenAI has it. */
export const COMPLETION_MAX_TOKENS = 16;
