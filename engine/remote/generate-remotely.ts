/** Continuations by way of completions or of a chat; what a server tells about their ends, in evalrun's words. */
import { createHash } from 'node:crypto';
import type { GenerateRequest, GenerateResult } from '../engine.js';
import { answerStart, endsInThought, splitThinking } from '../thinking.js';
import type { Abilities, PlainSampling } from './abilities.js';
import type { ChatAnswer, CompletionAnswer } from './answer-shapes.js';
import type { RemoteClient } from './remote-client.js';
import { RemoteFailure } from './remote-failure.js';

export interface RemoteWriter {
  readonly client: RemoteClient;
  readonly model: string;
  readonly abilities: Abilities;
  /** What was learnt about this server from its refusals. */
  readonly dialect: Dialect;
}

export interface Dialect {
  /** Stop strings that it takes. */
  stops: number;
  /** Its name of the bound on a chat's answer. */
  chatTokens: 'max_tokens' | 'max_completion_tokens';
}

export function newDialect(): Dialect {
  return { stops: Number.POSITIVE_INFINITY, chatTokens: 'max_tokens' };
}

/** OpenAI's own servers take this many. */
const FEWER_STOPS = 4;

interface Written {
  readonly text: string;
  readonly thinking?: string | undefined;
  readonly finish: string | null | undefined;
  readonly stopReason: string | number | null | undefined;
  readonly promptTokens: number | undefined;
  readonly completionTokens: number | undefined;
  readonly cachedTokens: number | undefined;
}

/** Throws RemoteFailure. */
export async function generateRemotely(writer: RemoteWriter, request: GenerateRequest): Promise<GenerateResult> {
  const { id, repeat = 0, stop = [] } = request;
  const written = await askAdapting(writer, request);
  // Where the server's template ends is not known.
  const opened = endsInThought(request.text ?? '');
  const whole = cutAtStop(written.text, stop, opened);
  const { thinking: tagged, answer: text } = splitThinking(whole, opened);
  const thinking = written.thinking ?? tagged;
  return {
    id,
    repeat,
    ids: [],
    ...(thinking !== undefined && { thinking }),
    text,
    end: endOf(written, { cut: whole.length < written.text.length, stop }),
    promptTokens: written.promptTokens ?? request.context.length,
    completionTokens: written.completionTokens ?? 0,
    ...(written.cachedTokens !== undefined && { sharedTokens: written.cachedTokens }),
  };
}

/** Asks again at once where a refusal names a field that other servers spell or bound differently. */
async function askAdapting(writer: RemoteWriter, request: GenerateRequest): Promise<Written> {
  for (;;) {
    try {
      return await (request.messages === undefined ? askCompletion(writer, request) : askChat(writer, request));
    } catch (error) {
      if (!(error instanceof RemoteFailure) || error.kind !== 'refused' || !adapt(writer.dialect, error, request))
        throw error;
    }
  }
}

function adapt(dialect: Dialect, { message }: RemoteFailure, { stop = [], messages }: GenerateRequest): boolean {
  if (/\bstop\b/.test(message) && Math.min(dialect.stops, stop.length) > FEWER_STOPS) {
    dialect.stops = FEWER_STOPS;
    return true;
  }
  if (messages !== undefined && message.includes('max_completion_tokens') && dialect.chatTokens === 'max_tokens') {
    dialect.chatTokens = 'max_completion_tokens';
    return true;
  }
  return false;
}

async function askCompletion(
  { client, model, abilities, dialect }: RemoteWriter,
  request: GenerateRequest,
): Promise<Written> {
  const { context, text, maxTokens } = request;
  const prompt = abilities.tokenIds && context.length > 0 ? [...context] : text;
  if (prompt === undefined) throw new RemoteFailure('refused', 'the request holds no text');
  const sampling = samplingOf(request, abilities.plainSampling);
  const body = { model, prompt, max_tokens: maxTokens, ...sampling, ...stopOf(request, dialect) };
  const answer = await client.complete(body, { check: refuseGivenUp });
  return { text: answer.choices[0]?.text ?? '', ...endAndCounts(answer) };
}

async function askChat(
  { client, model, abilities, dialect }: RemoteWriter,
  request: GenerateRequest,
): Promise<Written> {
  const { messages, maxTokens } = request;
  const body = {
    model,
    messages,
    [dialect.chatTokens]: maxTokens,
    ...samplingOf(request, abilities.plainSampling),
    ...stopOf(request, dialect),
  };
  const answer = await client.chat(body, { check: refuseGivenUp });
  const [choice] = answer.choices;
  const thinking = choice?.message.reasoning_content ?? choice?.message.reasoning;
  return {
    text: choice?.message.content ?? choice?.message.refusal ?? '',
    ...(typeof thinking === 'string' && thinking !== '' && { thinking }),
    ...endAndCounts(answer),
  };
}

/** vLLM and SGLang tell so when they gave a request up half-way, as at a shutdown: nothing about the question is wrong. */
function refuseGivenUp({ choices }: CompletionAnswer | ChatAnswer): void {
  const finish = choices[0]?.finish_reason;
  if (finish !== 'abort' && finish !== 'error') return;
  throw new RemoteFailure('broken', `the server gave the answer up half-way (${finish})`);
}

function endAndCounts({ choices, usage }: CompletionAnswer | ChatAnswer): Omit<Written, 'text' | 'thinking'> {
  const [choice] = choices;
  return {
    finish: choice?.finish_reason,
    // Null is an answer, too: vLLM's word for the end of text.
    stopReason: choice?.stop_reason === undefined ? choice?.matched_stop : choice.stop_reason,
    promptTokens: usage?.prompt_tokens,
    completionTokens: usage?.completion_tokens,
    cachedTokens: usage?.prompt_tokens_details?.cached_tokens ?? undefined,
  };
}

function samplingOf({ id, repeat = 0, sampling = {} }: GenerateRequest, plain: PlainSampling): object {
  const { temperature = 0, topP = 1, topK = 0, minP = 0, seed = 0 } = sampling;
  if (temperature === 0) return { ...plain, temperature: 0 };
  return {
    ...plain,
    temperature,
    top_p: topP,
    // These two are extensions, which some servers refuse.
    ...(topK > 0 && { top_k: topK }),
    ...(minP > 0 && { min_p: minP }),
    seed: seedOf(seed, id, repeat),
  };
}

/** Another one for each sample, so that several samples of a question differ; 31 bits, which every server takes. */
function seedOf(seed: number, id: string, repeat: number): number {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, id, repeat]))
    .digest();
  return digest.readUInt32LE(0) >>> 1;
}

/** What a server does not take is matched here alone: the text is the same, only longer under way. */
function stopOf({ stop = [] }: GenerateRequest, { stops }: Dialect): object {
  return stop.length === 0 ? {} : { stop: stop.slice(0, stops) };
}

/** The text before the first stop string behind its thoughts, whatever the server did about them. */
export function cutAtStop(text: string, stop: readonly string[], opened = false): string {
  const start = answerStart(text, opened);
  if (start === undefined) return text;
  const places = stop.filter((one) => one !== '').map((one) => text.indexOf(one, start));
  return text.slice(0, Math.min(text.length, ...places.filter((place) => place >= 0)));
}

function endOf(
  { finish, stopReason }: Written,
  { cut, stop }: { readonly cut: boolean; readonly stop: readonly string[] },
): GenerateResult['end'] {
  if (cut) return 'stop';
  if (finish === 'length') return 'truncated';
  if (finish === 'stop' || finish === 'eos' || finish === 'end_turn') {
    if (typeof stopReason === 'string' && stop.includes(stopReason)) return 'stop';
    // A server that does not say which it was: null is vLLM's word for the end of text.
    return stopReason === undefined && stop.length > 0 ? 'stop' : 'eos';
  }
  throw new RemoteFailure('refused', `the answer ended for the reason ${JSON.stringify(finish ?? null)}`);
}
