/** evalrun as a peer among others: MODEL DTYPE THREADS; see work.ts for the lines that it reads. */
import type { DType } from '../../engine/engine.js';
import { loadEngine } from '../../engine/load-engine.js';
import { type Done, promptIds, serveWork, type Work } from './work.js';

const [model = '', dtype, threads] = process.argv.slice(2);
const engine = await loadEngine({
  model,
  dtype: dtype as DType,
  threads: Number(threads),
  // All prompts in one step: then every sequence decodes in every step after it.
  batchTokens: 8192,
  kvTokens: 16_384,
  optionalTokenizer: true,
});
const { vocabSize } = engine.arch;

async function answer(work: Work): Promise<Done> {
  const batch = work.kind === 'prefill' ? 1 : work.batch;
  const length = work.kind === 'prefill' ? work.tokens : work.context;
  const requests = Array.from({ length: batch }, (_, i) => ({
    id: String(i),
    context: promptIds(vocabSize, length, i + (work.kind === 'prefill' ? work.seed : 0)),
    maxTokens: work.kind === 'prefill' ? 1 : work.tokens + 1,
    stopIds: [],
  }));
  // The clock runs over everything between the first step that only decodes and the end, not over steps alone.
  let begin = performance.now();
  let tokens = 0;
  engine.onStep = ({ prefillTokens, decodeTokens }) => {
    if (work.kind === 'decode' && prefillTokens > 0) begin = performance.now();
    if (prefillTokens === 0) tokens += decodeTokens;
  };
  const first: number[] = [];
  for await (const { id, ids } of engine.generate(requests)) first[Number(id)] = ids[0] ?? -1;
  const seconds = (performance.now() - begin) / 1000;
  if (work.kind === 'decode' && tokens !== batch * work.tokens) {
    throw new Error(`${tokens} tokens were decoded apart from prompts, expected ${batch * work.tokens}`);
  }
  return { seconds, first };
}

await serveWork({ name: `evalrun ${dtype}`, weightBytes: engine.memory().weightBytes }, answer);
await engine.close();
