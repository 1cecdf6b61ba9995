/** Asks one question alone and among others: does a server's answer depend on its neighbours? */
import type { Determinism } from '../engine.js';
import type { Abilities } from './abilities.js';
import { placesOf } from './answer-shapes.js';
import type { RemoteClient } from './remote-client.js';

const QUESTION = 'List the planets of the solar system and one fact about each of them.\n1.';
const OTHERS = ['Once upon a time', 'def fibonacci(n):\n', '以下是关于天文学的问题：', 'The quick brown fox'];
const TOKENS = 24;

interface Sighting {
  readonly text: string;
  readonly logProbs: readonly number[];
}

/** Four times the question in a crowd of eight. Throws what the client throws. */
export async function probeDeterminism(
  client: RemoteClient,
  { model, abilities }: { readonly model: string; readonly abilities: Abilities },
): Promise<Determinism | null> {
  if (!abilities.completions && !abilities.chat) return null;
  const see = async (question: string): Promise<Sighting> => {
    const common = { model, max_tokens: TOKENS, ...abilities.plainSampling, temperature: 0 };
    if (!abilities.completions) {
      const { choices } = await client.chat({ ...common, messages: [{ role: 'user', content: question }] });
      return { text: choices[0]?.message.content ?? '', logProbs: [] };
    }
    const lists = abilities.topLogProbs > 0 ? { logprobs: 1 } : {};
    const { choices } = await client.complete({ ...common, ...lists, prompt: question });
    const places = placesOf(choices[0]?.logprobs);
    return { text: choices[0]?.text ?? '', logProbs: places.flatMap(({ logProb }) => logProb ?? []) };
  };
  const alone = await see(QUESTION);
  const crowd = await Promise.all(OTHERS.flatMap((other) => [see(QUESTION), see(other)]));
  const again = crowd.filter((_, at) => at % 2 === 0);
  const differences = again.flatMap(({ logProbs }) =>
    logProbs.flatMap((value, at) => (alone.logProbs[at] === undefined ? [] : [Math.abs(value - alone.logProbs[at])])),
  );
  return {
    asked: again.length,
    equal: again.every(({ text }) => text === alone.text),
    largestDifference: differences.length === 0 ? null : Math.max(...differences),
  };
}
