/** Opens a server as an engine: who it says it is, what it can do, whether its answers depend on their neighbours. */
import { EvalrunError } from '../../errors.js';
import type { EngineInfo, PromptForms, RemoteInfo } from '../engine.js';
import { loadTokenizer } from '../tokenizer/load-tokenizer.js';
import { type Abilities, findAbilities, type PlainSampling } from './abilities.js';
import type { ModelEntry } from './answer-shapes.js';
import { keyFromEnvironment } from './api-key.js';
import { checkBaseUrl } from './base-url.js';
import { probeDeterminism } from './determinism-probe.js';
import { OpenAiEngine } from './openai-engine.js';
import { RemoteClient } from './remote-client.js';
import { RemoteFailure } from './remote-failure.js';
import { REMOTE_TOKENIZER } from './remote-tokenizer.js';
import type { RetryLimits } from './retry-policy.js';
import { findVersion } from './server-version.js';

export interface RemoteEngineOptions {
  /** Up to the version, e.g. `http://localhost:8000/v1`. */
  readonly baseUrl: string;
  /** As the server names it; default the only one that it serves. */
  readonly model?: string;
  /** Folder with the model's tokenizer, for counts and for prompts as token ids; default the server tokenises. */
  readonly tokenizer?: string;
  /** Default 16. */
  readonly concurrency?: number;
  /** Default 600 s. */
  readonly timeoutMs?: number;
  readonly retry?: Partial<RetryLimits>;
  /** Default OPENAI_API_KEY, else EVALRUN_API_KEY. */
  readonly apiKey?: string | undefined;
  readonly signal?: AbortSignal;
  readonly onNotice?: (line: string) => void;
}

/** Characters of a server's entry that a run keeps. */
const ENTRY_LENGTH = 2000;

/**
 * @throws EvalrunError `usage/base-url`, `usage/model` when the server serves another model or several, `network/unreachable`,
 *   `network/denied`, `tokenizer/...`
 * @example const engine = await openRemoteEngine({ baseUrl: 'http://localhost:8000/v1', model: 'deepseek-ai/DeepSeek-V3' });
 */
export async function openRemoteEngine(options: RemoteEngineOptions): Promise<OpenAiEngine> {
  const baseUrl = checkBaseUrl(options.baseUrl);
  const notice = options.onNotice ?? (() => {});
  const tokenizer = options.tokenizer === undefined ? undefined : await loadTokenizer(options.tokenizer);
  const client = new RemoteClient({
    baseUrl,
    apiKey: options.apiKey ?? keyFromEnvironment(),
    concurrency: options.concurrency ?? 16,
    timeoutMs: options.timeoutMs ?? 600_000,
    ...(options.retry && { retry: options.retry }),
    signal: options.signal,
    onNotice: notice,
  });
  try {
    const entry = await findEntry(client, { baseUrl, model: options.model });
    const model = options.model ?? (entry?.id as string);
    const abilities = await findAbilities(client, { model, tokenizer });
    if (!abilities.completions && !abilities.chat) throw unanswered(baseUrl, model);
    const version = await findVersion(client);
    notice(`server: ${describeAbilities(abilities)}`);
    const determinism = await probeDeterminism(client, { model, abilities });
    if (determinism !== null) notice(`server: ${describeDeterminism(determinism)}`);
    const remote: RemoteInfo = {
      baseUrl,
      entry: entry === undefined ? null : client.clean(JSON.stringify(entry)).slice(0, ENTRY_LENGTH),
      server: client.server === undefined ? null : client.clean(client.server),
      version: version ?? null,
      systemFingerprint: abilities.systemFingerprint,
      abilities: recordOf(abilities),
      determinism,
    };
    const prompts: PromptForms = {
      ids: tokenizer !== undefined,
      text: true,
      chat: abilities.chat && tokenizer?.chatTemplate === undefined,
    };
    const info = infoOf(remote, { model, entry, abilities, tokenizerSha256: tokenizer?.sha256 });
    return new OpenAiEngine({
      info,
      tokenizer: tokenizer ?? REMOTE_TOKENIZER,
      prompts,
      client,
      abilities,
      onNotice: notice,
    });
  } catch (error) {
    await client.close();
    if (error instanceof RemoteFailure) throw failedToOpen(baseUrl, error);
    throw error;
  }
}

async function findEntry(
  client: RemoteClient,
  { baseUrl, model }: { readonly baseUrl: string; readonly model: string | undefined },
): Promise<ModelEntry | undefined> {
  let entries: ModelEntry[];
  try {
    entries = await client.models({ retries: false, timeoutMs: 60_000 });
  } catch (error) {
    // Some servers have no list; a busy one has it later. One that cannot be reached is most likely a wrong address.
    const isFatal = !(error instanceof RemoteFailure) || error.kind === 'unreachable';
    if (isFatal || model === undefined) throw error;
    return undefined;
  }
  const found = model === undefined && entries.length === 1 ? entries[0] : entries.find(({ id }) => id === model);
  if (found !== undefined) return found;
  const names = entries.slice(0, 10).map(({ id }) => JSON.stringify(id));
  throw new EvalrunError('usage/model', {
    what:
      model === undefined
        ? `${baseUrl} serves ${entries.length} models`
        : `${baseUrl} does not serve ${JSON.stringify(model)}`,
    expected: `one of ${names.join(', ')}${entries.length > names.length ? ', ...' : ''}`,
    todo: 'name it with --model',
  });
}

function infoOf(
  remote: RemoteInfo,
  {
    model,
    entry,
    abilities,
    tokenizerSha256,
  }: {
    readonly model: string;
    readonly entry: ModelEntry | undefined;
    readonly abilities: Abilities;
    readonly tokenizerSha256: string | undefined;
  },
): EngineInfo {
  const length = contextLengthOf(entry);
  return {
    kind: 'remote',
    model,
    modelType: 'unknown',
    random: false,
    weightFingerprint: `unknown (served as ${model})`,
    tokenizerSha256: tokenizerSha256 ?? 'unknown',
    dtype: 'unknown',
    device: 'remote',
    deviceReason: remote.baseUrl,
    threads: 0,
    kernels: {},
    numerics: { prompts: abilities.tokenIds ? 'token ids' : 'text', logProbs: logProbsOf(abilities) },
    contextLength: length,
    vocabSize: 0,
    totalParameters: 0,
    activeParameters: 0,
    remote,
  };
}

/** As vLLM and SGLang tell it, or llama.cpp, whose context is one slot's; 0 where it is unknown. */
function contextLengthOf(entry: ModelEntry | undefined): number {
  const { n_ctx } = (entry?.meta ?? {}) as { n_ctx?: unknown };
  const length = [entry?.max_model_len, n_ctx].find((one) => Number.isSafeInteger(one) && (one as number) > 0);
  return (length as number | undefined) ?? 0;
}

function logProbsOf({ topLogProbs, echoTokens }: Abilities): string {
  if (topLogProbs === 0) return echoTokens === undefined ? 'none' : 'echo';
  return echoTokens === undefined ? `best ${topLogProbs}, others bounded` : `best ${topLogProbs}, others by echo`;
}

function recordOf(abilities: Abilities): RemoteInfo['abilities'] {
  const { completions, chat, topLogProbs, echoTokens, tokenIds, plainSampling } = abilities;
  return {
    completions,
    chat,
    top_log_probs: topLogProbs,
    echo: echoTokens !== undefined,
    token_ids: tokenIds,
    plain_sampling: isPlain(plainSampling),
  };
}

/** Whether a server's own defaults of sampling were switched off. */
const isPlain = (fields: PlainSampling) => Object.keys(fields).length > 0;

function describeAbilities(abilities: Abilities): string {
  const endpoints = [abilities.completions && 'completions', abilities.chat && 'chat'].filter(Boolean).join(' and ');
  const sampling = isPlain(abilities.plainSampling)
    ? ''
    : "; top_k, min_p and penalties, where not asked for, are the server's own";
  return `${endpoints}; log-probabilities: ${logProbsOf(abilities)}; prompts as ${abilities.tokenIds ? 'token ids' : 'text'}${sampling}`;
}

function describeDeterminism({ asked, equal, largestDifference }: NonNullable<RemoteInfo['determinism']>): string {
  const texts = equal ? 'the same text' : 'ANOTHER TEXT';
  const numbers =
    largestDifference === null
      ? ''
      : largestDifference === 0
        ? ' with the same log-probabilities'
        : `, log-probabilities within ${largestDifference.toPrecision(2)}`;
  return `one question alone and ${asked} times in a crowd gave ${texts}${numbers}`;
}

function failedToOpen(baseUrl: string, { kind, message }: RemoteFailure): EvalrunError {
  return new EvalrunError(kind === 'unreachable' ? 'network/unreachable' : 'network/server', {
    what: `The server at ${baseUrl} cannot be used`,
    found: `${kind}: ${message}`,
    todo: 'check --base-url (it ends with the version, e.g. /v1) and that the server is running',
  });
}

function unanswered(baseUrl: string, model: string): EvalrunError {
  return new EvalrunError('network/server', {
    what: `The server at ${baseUrl} answers neither completions nor chats of ${model}`,
    todo: 'check --base-url and --model',
  });
}
