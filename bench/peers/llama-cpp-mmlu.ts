/** Multiple choice on llama.cpp, one question at a time: FOLDER GGUF QUESTIONS.jsonl THREADS; the lines of transformers_mmlu.py. */
import { readFileSync } from 'node:fs';
import { openLlamaCpp } from './llama-cpp.js';
import type { Question } from './mmlu-questions.js';

const [folder = '', file = '', questions = '', threads] = process.argv.slice(2);
const model = await openLlamaCpp(folder, file, Number(threads));
const asked = readFileSync(questions, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Question);
const longest = Math.max(...asked.map(({ prompt }) => model.tokenize(prompt).length));
const context = await model.createContext({
  contextSize: longest + 8,
  threads: { min: Number(threads), ideal: Number(threads) },
});
const sequence = context.getSequence();

const begin = performance.now();
for (const { id, prompt, letters } of asked) {
  const tokens = model.tokenize(prompt);
  await sequence.clearHistory();
  const wanted = { generateNext: { logits: { filter: { tokens: Object.values(letters) } } } };
  const results = await sequence.controlledEvaluate([...tokens.slice(0, -1), [tokens.at(-1) as number, wanted]]);
  const logits = results.at(-1)?.next.logits;
  const scored = Object.entries(letters).map(([letter, token]) => ({
    letter,
    logit: logits?.get(token) ?? Number.NaN,
  }));
  if (scored.some(({ logit }) => Number.isNaN(logit))) throw new Error(`${id}: llama.cpp told no logit of a letter`);
  const answer = scored.reduce((best, one) => (one.logit > best.logit ? one : best)).letter;
  console.log(JSON.stringify({ id, answer, tokens: tokens.length }));
}
console.log(JSON.stringify({ seconds: (performance.now() - begin) / 1000 }));
process.exit(0);
