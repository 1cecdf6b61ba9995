/** Log-probabilities of continuations by way of completions: read from the most probable tokens, from an echo, or bounded. */
import type { ScoreRequest, ScoreResult } from '../engine.js';
import type { Abilities } from './abilities.js';
import { type CompletionAnswer, type Place, placesOf, plainToken } from './answer-shapes.js';
import type { RemoteClient } from './remote-client.js';
import { RemoteFailure } from './remote-failure.js';

export interface RemoteScorer {
  readonly client: RemoteClient;
  readonly model: string;
  readonly abilities: Abilities;
}

/** A prompt in the form in which it is sent. */
interface Sent {
  readonly prompt: string | readonly number[];
  /** The prompt with each continuation behind it. */
  readonly whole: readonly (string | readonly number[])[];
  readonly continuations: readonly string[];
  /** Tokens of each continuation, where they are known. */
  readonly counts: readonly (number | undefined)[];
}

/**
 * One request for the most probable next tokens has every continuation that is among them. For the others the prompt is sent again
 * with the continuation behind it and read back; where the server cannot do that, the least of the listed log-probabilities bounds
 * what a missing one can be.
 *
 * @throws RemoteFailure
 */
export async function scoreRemotely(scorer: RemoteScorer, request: ScoreRequest): Promise<ScoreResult> {
  const { abilities } = scorer;
  const sent = sentOf(request, abilities);
  const listed = abilities.topLogProbs > 0 ? await askTop(scorer, sent) : undefined;
  let promptTokens = listed?.promptTokens;
  const logProbs: number[] = [];
  const bounds: (number | null)[] = [];
  for (const [at, continuation] of sent.continuations.entries()) {
    const known = (sent.counts[at] ?? 1) === 1 ? listed?.top.get(continuation) : undefined;
    if (known === undefined && abilities.echoTokens !== undefined) {
      const echoed = await askEcho(scorer, sent, at);
      promptTokens ??= echoed.promptTokens;
      logProbs.push(echoed.logProb);
      bounds.push(null);
      continue;
    }
    logProbs.push(known ?? Number.NaN);
    bounds.push(known === undefined ? boundOf(continuation, listed) : null);
  }
  const isBounded = bounds.some((bound) => bound !== null);
  const result = { id: request.id, sharedTokens: listed?.cachedTokens ?? 0 };
  return { ...result, logProbs, promptTokens: promptTokens ?? request.context.length, ...(isBounded && { bounds }) };
}

/**
 * What the log-probability of a continuation that is not listed is at most. Its first token is either not listed, so no more probable
 * than the least listed one, or it is a listed beginning of the continuation (`▁` of `▁A`), and the whole is no more probable than that.
 */
function boundOf(continuation: string, listed: Listed | undefined): number {
  if (listed === undefined) return 0;
  const beginnings = [...listed.top].filter(([token]) => token !== '' && continuation.startsWith(token));
  return Math.max(listed.least, ...beginnings.map(([, logProb]) => logProb));
}

/**
 * The log-probability of the first continuation by both ways must be the same; throws RemoteFailure where the continuation is not a
 * token of its own behind the prompt, as only an echo can show.
 */
export async function checkBothWays(scorer: RemoteScorer, request: ScoreRequest): Promise<number | undefined> {
  const { abilities } = scorer;
  if (abilities.echoTokens === undefined || abilities.topLogProbs === 0) return undefined;
  const sent = sentOf(request, abilities);
  const { top } = await askTop(scorer, sent);
  const at = sent.continuations.findIndex((continuation) => top.has(continuation));
  if (at < 0) return undefined;
  const { logProb } = await askEcho(scorer, sent, at);
  return Math.abs(logProb - (top.get(sent.continuations[at] as string) as number));
}

function sentOf({ context, continuations, text }: ScoreRequest, { tokenIds }: Abilities): Sent {
  if (text === undefined) throw new RemoteFailure('refused', 'the request holds no text');
  const counts = text.continuations.map((_, at) => continuations[at]?.length);
  const { continuations: texts } = text;
  if (!tokenIds || context.length === 0) {
    return { prompt: text.context, whole: texts.map((one) => text.context + one), continuations: texts, counts };
  }
  return {
    prompt: [...context],
    whole: continuations.map((one) => [...context, ...one]),
    continuations: texts,
    counts,
  };
}

interface Listed {
  readonly top: ReadonlyMap<string, number>;
  readonly least: number;
  readonly promptTokens: number | undefined;
  readonly cachedTokens: number | undefined;
}

async function askTop({ client, model, abilities }: RemoteScorer, { prompt }: Sent): Promise<Listed> {
  const { topLogProbs: logprobs } = abilities;
  const topOf = ({ choices }: CompletionAnswer): ReadonlyMap<string, number> =>
    placesOf(choices[0]?.logprobs).at(-1)?.top ?? new Map();
  const check = (answer: CompletionAnswer) => {
    if (topOf(answer).size === 0) throw new RemoteFailure('broken', 'the answer holds no log-probabilities');
  };
  const question = { model, prompt, max_tokens: 1, ...abilities.plainSampling, temperature: 0, logprobs };
  const answer = await client.complete(question, { check });
  const top = topOf(answer);
  // A server may add the generated token to those it lists; it is no bound for the others.
  const ranked = [...top.values()].sort((a, b) => b - a).slice(0, logprobs);
  const { prompt_tokens: promptTokens, prompt_tokens_details: details } = answer.usage ?? {};
  return { top, least: ranked.at(-1) as number, promptTokens, cachedTokens: details?.cached_tokens ?? undefined };
}

async function askEcho({ client, model, abilities }: RemoteScorer, sent: Sent, at: number) {
  const { echoTokens = 0, plainSampling } = abilities;
  const prompt = sent.whole[at] as string | number[];
  const tailOf = (answer: CompletionAnswer) => {
    const places = promptPlaces(answer, echoTokens);
    const length = sent.counts[at] ?? tailLength(places, sent.continuations[at] as string);
    const tail = places.slice(places.length - length);
    return { length, logProb: tail.reduce((sum, one) => sum + (one.logProb ?? Number.NaN), 0) };
  };
  const check = (answer: CompletionAnswer) => {
    if (Number.isFinite(tailOf(answer).logProb)) return;
    throw new RemoteFailure('broken', 'the echo holds no log-probabilities');
  };
  const question = { model, prompt, max_tokens: echoTokens, ...plainSampling, temperature: 0, echo: true, logprobs: 1 };
  const answer = await client.complete(question, { check });
  const { length, logProb } = tailOf(answer);
  const { prompt_tokens: counted } = answer.usage ?? {};
  return { logProb, promptTokens: counted === undefined ? undefined : counted - length };
}

/** The places of the prompt, without what was generated behind it. */
function promptPlaces({ choices, usage }: CompletionAnswer, echoTokens: 0 | 1): Place[] {
  const places = placesOf(choices[0]?.logprobs);
  const prompt = usage?.prompt_tokens;
  if (prompt !== undefined && places.length >= prompt && places.length <= prompt + echoTokens)
    return places.slice(0, prompt);
  return places.slice(0, places.length - echoTokens);
}

/** How many tokens at the end make exactly `text`. */
function tailLength(places: readonly Place[], text: string): number {
  let tail = '';
  for (let count = 1; count <= places.length && tail.length < text.length; ++count) {
    tail = plainToken(places[places.length - count]?.token ?? '') + tail;
    if (tail === text) return count;
  }
  throw new RemoteFailure(
    'refused',
    `the answer ${JSON.stringify(text)} is not made of tokens of its own behind the prompt: the server's tokens end with ` +
      `${JSON.stringify(places.slice(-2).map(({ token }) => token))}; with --tokenizer its tokens are counted instead`,
  );
}
