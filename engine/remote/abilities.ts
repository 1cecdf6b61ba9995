/** What a server's endpoints can do, found out by asking: documents and versions of servers differ. */
import type { Tokenizer } from '../engine.js';
import { type CompletionAnswer, placesOf } from './answer-shapes.js';
import type { RemoteClient } from './remote-client.js';
import { RemoteFailure } from './remote-failure.js';

export interface Abilities {
  readonly completions: boolean;
  readonly chat: boolean;
  /** Most probable tokens that a completion lists at each place; 0 for none. */
  readonly topLogProbs: number;
  /** The fewest tokens with which a completion tells its prompt's log-probabilities; undefined: it does not. */
  readonly echoTokens: 0 | 1 | undefined;
  /** Whether completions take token ids; known only where there is a tokenizer. */
  readonly tokenIds: boolean;
  /** Fields that switch a server's own defaults of sampling off; none where it knows no such fields. */
  readonly plainSampling: PlainSampling;
  readonly systemFingerprint: string | null;
}

/** Fields beyond OpenAI's own, by the names that vLLM, SGLang and llama.cpp share, with the values that ask for nothing. */
export type PlainSampling = Readonly<{ top_k?: number; min_p?: number; repetition_penalty?: number }>;

const QUESTION = 'The days of the week are Monday, Tuesday,';
/** What servers allow: llama.cpp, SGLang and evalrun serve 100, vLLM by default 20, OpenAI 5. */
const TOP_COUNTS = [100, 20, 5, 1];
/**
 * A field that is not sent has the server's default, which is not "off": vLLM and SGLang take theirs from the checkpoint's
 * generation_config.json (Qwen's has a repetition penalty, which changes greedy answers), llama.cpp has top_k 40 and min_p 0.05.
 * "Every token" is -1 for SGLang, 0 for some others, and either for vLLM and llama.cpp.
 */
const PLAIN_SAMPLING: readonly PlainSampling[] = [
  { top_k: -1, min_p: 0, repetition_penalty: 1 },
  { top_k: 0, min_p: 0, repetition_penalty: 1 },
];

export async function findAbilities(
  client: RemoteClient,
  { model, tokenizer }: { readonly model: string; readonly tokenizer: Tokenizer | undefined },
): Promise<Abilities> {
  const question = { model, prompt: QUESTION, max_tokens: 1, temperature: 0 };
  const plain = await unlessRefused(() => client.complete(question));
  const chat = await findChat(client, model);
  if (plain === undefined) {
    const systemFingerprint = chat === undefined ? null : (chat.system_fingerprint ?? null);
    return {
      completions: false,
      chat: chat !== undefined,
      topLogProbs: 0,
      echoTokens: undefined,
      tokenIds: false,
      plainSampling: chat === undefined ? {} : await findPlainSampling((fields) => askChat(client, model, fields)),
      systemFingerprint,
    };
  }
  return {
    completions: true,
    chat: chat !== undefined,
    topLogProbs: await findTop(client, question),
    echoTokens: await findEcho(client, question),
    tokenIds: tokenizer !== undefined && (await takesIds(client, question, tokenizer)),
    plainSampling: await findPlainSampling((fields) => client.complete({ ...question, ...fields })),
    systemFingerprint: plain.system_fingerprint ?? null,
  };
}

const findChat = (client: RemoteClient, model: string) => unlessRefused(() => askChat(client, model, {}));

async function askChat(client: RemoteClient, model: string, fields: object) {
  const question = { model, messages: [{ role: 'user', content: QUESTION }], ...fields };
  const answer = await unlessRefused(() => client.chat({ ...question, max_tokens: 1 }));
  return answer ?? client.chat({ ...question, max_completion_tokens: 1 });
}

async function findPlainSampling(ask: (fields: PlainSampling) => Promise<unknown>): Promise<PlainSampling> {
  for (const fields of PLAIN_SAMPLING) if ((await unlessRefused(() => ask(fields))) !== undefined) return fields;
  return {};
}

async function findTop(client: RemoteClient, question: object): Promise<number> {
  for (const logprobs of TOP_COUNTS) {
    const answer = await unlessRefused(() => client.complete({ ...question, logprobs }));
    if (answer === undefined) continue;
    const place = firstPlaces(answer).at(-1);
    return place === undefined || place.top.size === 0 ? 0 : Math.min(logprobs, place.listed);
  }
  return 0;
}

async function findEcho(client: RemoteClient, question: object): Promise<0 | 1 | undefined> {
  for (const max_tokens of [0, 1] as const) {
    const answer = await unlessRefused(() => client.complete({ ...question, max_tokens, echo: true, logprobs: 1 }));
    if (answer === undefined) continue;
    const places = firstPlaces(answer);
    const isWhole = answer.choices[0]?.text.startsWith(QUESTION) && places.length > 4 + max_tokens;
    // The first token of a prompt has no log-probability; each other one must have.
    if (isWhole && places.slice(1).every(({ logProb }) => logProb !== null)) return max_tokens;
  }
  return undefined;
}

async function takesIds(client: RemoteClient, question: object, tokenizer: Tokenizer): Promise<boolean> {
  const prompt = tokenizer.encode(QUESTION);
  const answer = await unlessRefused(() => client.complete({ ...question, prompt }));
  return answer?.usage?.prompt_tokens === prompt.length;
}

function firstPlaces({ choices }: CompletionAnswer) {
  return placesOf(choices[0]?.logprobs);
}

/** The answer, or undefined where the server says that it does not do this. A server that breaks at a question counts as such. */
async function unlessRefused<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof RemoteFailure && (error.kind === 'refused' || error.kind === 'broken')) return undefined;
    throw error;
  }
}
