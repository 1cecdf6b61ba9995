/** The engine interface over an OpenAI-compatible server: vLLM, SGLang, llama.cpp, evalrun serve, hosted ones. */
import { EvalrunError } from '../../errors.js';
import type {
  Engine,
  EngineInfo,
  GenerateRequest,
  GenerateResult,
  MemoryUse,
  PromptForms,
  ScoreRequest,
  ScoreResult,
  StepStats,
  Tokenizer,
} from '../engine.js';
import type { Abilities } from './abilities.js';
import { type Dialect, generateRemotely, newDialect } from './generate-remotely.js';
import type { RemoteClient } from './remote-client.js';
import { RemoteFailure } from './remote-failure.js';
import { checkBothWays, scoreRemotely } from './score-remotely.js';
import { yieldAsDone } from './yield-as-done.js';

export interface OpenAiEngineParts {
  readonly info: EngineInfo;
  readonly tokenizer: Tokenizer;
  readonly prompts: PromptForms;
  readonly client: RemoteClient;
  readonly abilities: Abilities;
  readonly onNotice: (line: string) => void;
}

/** Log-probabilities of one token by two ways of asking: bfloat16 logits of 16 differ by less. */
const TOLERANCE = 0.25;

export class OpenAiEngine implements Engine {
  readonly info: EngineInfo;
  readonly tokenizer: Tokenizer;
  readonly prompts: PromptForms;
  onStep: ((stats: StepStats) => void) | undefined;
  private readonly client: RemoteClient;
  private readonly dialect: Dialect = newDialect();
  private hasCounted = false;

  constructor(private readonly parts: OpenAiEngineParts) {
    this.info = parts.info;
    this.tokenizer = parts.tokenizer;
    this.prompts = parts.prompts;
    this.client = parts.client;
  }

  /** A request that fails for good yields a result with `error`; what stops the whole run is thrown. */
  async *score(requests: readonly ScoreRequest[]): AsyncIterable<ScoreResult> {
    const { abilities } = this.parts;
    if (abilities.topLogProbs === 0 && abilities.echoTokens === undefined) throw this.noLogProbs();
    const scorer = { client: this.client, model: this.info.model, abilities };
    if (requests[0] !== undefined) await this.checkFirst(requests[0]);
    yield* yieldAsDone(requests, this.client.limit, (request) =>
      this.measured(async () => {
        const result = await unlessFailed(
          () => scoreRemotely(scorer, request),
          (error) => failedScore(request, error),
        );
        this.checkCount(request, result);
        return result;
      }),
    );
  }

  /** As `score`. */
  async *generate(requests: readonly GenerateRequest[]): AsyncIterable<GenerateResult> {
    const { abilities } = this.parts;
    const isChat = requests.some(({ messages }) => messages !== undefined);
    if (isChat ? !abilities.chat : !abilities.completions) throw this.noEndpoint(isChat);
    const writer = { client: this.client, model: this.info.model, abilities, dialect: this.dialect };
    yield* yieldAsDone(requests, this.client.limit, (request) =>
      this.measured(async () => {
        const result = await unlessFailed(
          () => generateRemotely(writer, request),
          (error) => failedText(request, error),
        );
        this.checkCount(request, result);
        return result;
      }),
    );
  }

  memory(): MemoryUse {
    return { weightBytes: 0, kvBytes: 0, workspaceBytes: 0, residentBytes: process.memoryUsage.rss() };
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  private async measured<T extends ScoreResult | GenerateResult>(work: () => Promise<T>): Promise<T> {
    const begin = performance.now();
    const result = await work();
    this.onStep?.({
      prefillTokens: result.promptTokens,
      decodeTokens: 'completionTokens' in result ? (result.completionTokens ?? 0) : 0,
      sequences: 1,
      latencyMs: performance.now() - begin,
      kvPagesUsed: 0,
      kvPagesTotal: 0,
    });
    return result;
  }

  /** Before thousands of questions: is the answer a token of its own for this server, and do both ways agree? */
  private async checkFirst(request: ScoreRequest): Promise<void> {
    const { abilities } = this.parts;
    try {
      const scorer = { client: this.client, model: this.info.model, abilities };
      const difference = await checkBothWays(scorer, request);
      if (difference === undefined || difference <= TOLERANCE) return;
      throw new EvalrunError('engine/remote-log-probs', {
        what: `The server tells two log-probabilities of the same token behind the prompt of ${request.id}`,
        expected: `a difference of at most ${TOLERANCE}`,
        found: difference.toFixed(3),
        todo: "give the model's own tokenizer with --tokenizer, or use another server",
      });
    } catch (error) {
      // What fails here fails for the sample, too, and is said there.
      if (!(error instanceof RemoteFailure)) throw error;
    }
  }

  /** With a tokenizer here: a server that counts one token more has most likely added a second BOS. */
  private checkCount(
    { id, context }: ScoreRequest | GenerateRequest,
    { promptTokens, error }: ScoreResult | GenerateResult,
  ) {
    if (this.hasCounted || error !== undefined || context.length === 0) return;
    this.hasCounted = true;
    if (promptTokens === context.length) return;
    const { bosId } = this.tokenizer;
    const isDoubled = promptTokens === context.length + 1 && bosId !== undefined && context.at(0) === bosId;
    if (!isDoubled) {
      this.parts.onNotice(
        `The server counts ${promptTokens} prompt tokens for ${id}, the tokenizer here ${context.length}: is it the model's own?`,
      );
      return;
    }
    throw new EvalrunError('engine/double-bos', {
      what: `The server puts a second BOS in front of the prompt of ${id}`,
      expected: `${context.length} prompt tokens`,
      found: String(promptTokens),
      todo: 'use a server that takes token ids, or leave --tokenizer out so that the server alone tokenises',
    });
  }

  private noLogProbs(): EvalrunError {
    return new EvalrunError('engine/remote-log-probs', {
      what: `The server at ${this.info.remote?.baseUrl} tells no log-probabilities of texts, which this suite is scored by`,
      expected: 'completions with "logprobs", or with "echo" and "logprobs"',
      todo: 'use a server that has them (vLLM, SGLang, llama.cpp, evalrun serve), or a suite with written answers such as math500',
    });
  }

  private noEndpoint(isChat: boolean): EvalrunError {
    const [missing, other] = isChat ? ['/chat/completions', 'off'] : ['/completions', 'on'];
    return new EvalrunError('engine/remote-endpoint', {
      what: `The server at ${this.info.remote?.baseUrl} has no ${missing} for ${this.info.model}`,
      todo: `ask with --chat ${other}, or use another server`,
    });
  }
}

/** The result, or one that says why there is none. What concerns the whole run is thrown. */
async function unlessFailed<T>(work: () => Promise<T>, failed: (error: string) => T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RemoteFailure) return failed(`${error.kind}: ${error.message}`);
    throw error;
  }
}

function failedScore({ id, continuations, text }: ScoreRequest, error: string): ScoreResult {
  const logProbs = (text?.continuations ?? continuations).map(() => Number.NaN);
  return { id, logProbs, promptTokens: 0, sharedTokens: 0, error };
}

function failedText({ id, repeat = 0 }: GenerateRequest, error: string): GenerateResult {
  return { id, repeat, ids: [], text: '', end: 'truncated', promptTokens: 0, completionTokens: 0, error };
}
