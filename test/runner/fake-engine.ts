/** A deterministic Engine without a model: log-probabilities are hashes of the tokens, so runs can be compared. */
import { createHash } from 'node:crypto';
import type {
  Engine,
  EngineInfo,
  GenerateRequest,
  GenerateResult,
  ScoreRequest,
  ScoreResult,
  TokenIds,
  Tokenizer,
} from '../../engine/engine.js';
import { commonLength } from '../../engine/token-ids.js';

export interface FakeEngineOptions {
  readonly info?: Partial<EngineInfo>;
  /** Samples per step. */
  readonly batch?: number;
  readonly delayMs?: number;
  /** Throws after this many results. */
  readonly failAfter?: number;
  /** Ids whose first log-probability is NaN. */
  readonly nanFor?: (id: string) => boolean;
  /** Adds this to a log-probability when prefixes are shared. */
  readonly sharingError?: number;
  /** Results come back in this order within a step. */
  readonly reverse?: boolean;
  /** What is generated for a request; default nothing. */
  readonly write?: (request: GenerateRequest) => Pick<GenerateResult, 'text' | 'thinking'> & Partial<GenerateResult>;
  readonly chatTemplate?: string;
  readonly onScore?: (requests: readonly ScoreRequest[], sharePrefixes: boolean) => void;
}

/** Words, with the space before them, and single other characters. */
export function fakeTokenizer(): Tokenizer {
  const pieces = new Map<number, string>([[1, '<bos>']]);
  const idOf = (piece: string) => {
    const id = 2 + (createHash('md5').update(piece).digest().readUInt32LE() % 60_000);
    pieces.set(id, piece);
    return id;
  };
  return {
    encode: (text, { addSpecialTokens = true } = {}) => [
      ...(addSpecialTokens ? [1] : []),
      ...(text.match(/ ?[A-Za-z0-9]+|[^A-Za-z0-9]/gu) ?? []).map(idOf),
    ],
    decode: (ids) => ids.map((id) => pieces.get(id) ?? '').join(''),
    tokenOf: (id) => pieces.get(id),
    vocabSize: 60_002,
    bosId: 1,
    eosIds: [],
    chatTemplate: undefined,
    sha256: 'f'.repeat(64),
  };
}

export const fakeInfo: EngineInfo = {
  kind: 'local',
  model: '/models/fake',
  modelType: 'deepseek_v3',
  random: false,
  weightFingerprint: 'a'.repeat(64),
  tokenizerSha256: 'f'.repeat(64),
  dtype: 'f32',
  device: 'cpu',
  deviceReason: 'it was asked for',
  threads: 1,
  kernels: { linear: 'reference' },
  numerics: { softmax: 'f32' },
  contextLength: 8192,
  vocabSize: 60_002,
  totalParameters: 1000,
  activeParameters: 500,
};

export function fakeEngine(options: FakeEngineOptions = {}): Engine & { closed: boolean } {
  const { batch = 8, delayMs = 0 } = options;
  const engine: Engine & { closed: boolean } = {
    info: { ...fakeInfo, ...options.info },
    tokenizer: { ...fakeTokenizer(), chatTemplate: options.chatTemplate },
    onStep: undefined,
    closed: false,
    async *score(requests, { sharePrefixes = true } = {}) {
      options.onScore?.(requests, sharePrefixes);
      let given = 0;
      let previous: TokenIds = [];
      for (let at = 0; at < requests.length; at += batch) {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        const step = requests.slice(at, at + batch).map((request): ScoreResult => {
          const sharedTokens = sharePrefixes ? commonLength(previous, request.context) : 0;
          previous = request.context;
          return {
            id: request.id,
            logProbs: logProbsOf(request, options, sharePrefixes),
            promptTokens: request.context.length,
            sharedTokens,
          };
        });
        engine.onStep?.({
          prefillTokens: step.reduce((sum, result) => sum + result.promptTokens - result.sharedTokens, 0),
          decodeTokens: 0,
          sequences: step.length,
          latencyMs: delayMs,
          kvPagesUsed: 1,
          kvPagesTotal: 2,
        });
        for (const result of options.reverse ? step.reverse() : step) {
          if (given === options.failAfter) throw new Error('the fake engine broke');
          given += 1;
          yield result;
        }
      }
    },
    async *generate(requests) {
      let given = 0;
      for (const request of options.reverse ? [...requests].reverse() : requests) {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        engine.onStep?.({
          prefillTokens: request.context.length,
          decodeTokens: 1,
          sequences: 1,
          latencyMs: delayMs,
          kvPagesUsed: 1,
          kvPagesTotal: 2,
        });
        if (given === options.failAfter) throw new Error('the fake engine broke');
        given += 1;
        const { text, end = 'eos', ...written } = options.write?.(request) ?? { text: '' };
        const ids = engine.tokenizer.encode(text, { addSpecialTokens: false });
        const promptTokens = request.context.length;
        yield { ...written, id: request.id, repeat: request.repeat ?? 0, ids, text, end, promptTokens };
      }
    },
    memory: () => ({ weightBytes: 1, kvBytes: 2, workspaceBytes: 3, residentBytes: 4 }),
    async close() {
      engine.closed = true;
    },
  };
  return engine;
}

function logProbsOf(request: ScoreRequest, options: FakeEngineOptions, shared: boolean): number[] {
  return request.continuations.map((ids, index) => {
    if (index === 0 && options.nanFor?.(request.id)) return Number.NaN;
    const hash = createHash('sha256')
      .update(JSON.stringify([request.context, ids]))
      .digest();
    // All 32 bits and a logarithm: doubles with long decimal expansions.
    const value = Math.log((hash.readUInt32LE() + 1) / 2 ** 32) - 0.1;
    return shared ? value + (options.sharingError ?? 0) : value;
  });
}
