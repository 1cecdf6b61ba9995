/** llama.cpp as a peer: FOLDER GGUF VOCABULARY THREADS; see work.ts for the lines that it reads. */
import { type LlamaSequence, llamaCppName, openLlamaCpp } from './llama-cpp.js';
import { type Done, promptIds, serveWork, type Work } from './work.js';

const [folder = '', file = '', vocabulary, threads] = process.argv.slice(2);
const SEQUENCES = 16;

/** Sequences that wait for their next token while others are being sampled are computed together with them. */
const TOGETHER_MS = 1;

const model = await openLlamaCpp(folder, file, Number(threads));
const options = { contextSize: 1024, threads: { min: Number(threads), ideal: Number(threads) } };
const alone = (await model.createContext(options)).getSequence();
const many = await model.createContext({
  ...options,
  sequences: SEQUENCES,
  batching: { dispatchSchedule: (dispatch: () => void) => setTimeout(dispatch, TOGETHER_MS) },
});
const sequences = Array.from({ length: SEQUENCES }, () => many.getSequence());

async function answer(work: Work): Promise<Done> {
  if (work.kind === 'prefill') {
    await alone.clearHistory();
    const begin = performance.now();
    const { tokens, first } = await start(alone, promptIds(Number(vocabulary), work.tokens, work.seed));
    const seconds = (performance.now() - begin) / 1000;
    await tokens.return(undefined);
    return { seconds, first: [first] };
  }
  const used = work.batch === 1 ? [alone] : sequences.slice(0, work.batch);
  const decoding = await Promise.all(used.map((sequence, i) => startBehind(sequence, work.context, i)));
  const begin = performance.now();
  await Promise.all(decoding.map(({ tokens }) => take(tokens, work.tokens)));
  const seconds = (performance.now() - begin) / 1000;
  await Promise.all(decoding.map(({ tokens }) => tokens.return(undefined)));
  return { seconds, first: decoding.map(({ first }) => first) };
}

/** Computes a prompt's last token, and what is before it unless the sequence still has it. */
async function startBehind(sequence: LlamaSequence, context: number, place: number) {
  const prompt = promptIds(Number(vocabulary), context, place);
  await sequence.adaptStateToTokens(prompt.slice(0, -1), false);
  return start(sequence, prompt.slice(sequence.nextTokenIndex));
}

/** Computes tokens and the one that follows them. */
async function start(sequence: LlamaSequence, prompt: readonly number[]) {
  const tokens = sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true });
  const { value } = await tokens.next();
  return { tokens, first: value as number };
}

async function take(tokens: AsyncGenerator<number>, count: number): Promise<void> {
  for (let i = 0; i < count; ++i) {
    if ((await tokens.next()).done) throw new Error('llama.cpp stopped before it had decoded what was asked');
  }
}

await serveWork({ name: llamaCppName(folder) }, answer);
process.exit(0);
