/**
 * Generation with and without the model's MTP module, side by side: acceptance, tokens per step, and the ratio of times.
 *
 *     node dist/bench/mtp.js [--model DIR] [--sequences 1] [--tokens 64] [--dtype bf16] [--threads 2] [--temperature 0] [--repeats 7]
 *
 * Both ways take turns within one process, each repeat once the one and once the other first, and give the same tokens or the
 * script fails. Run it on a machine that does nothing else; on a busy one processor time,
 * with one thread, says more than the clock.
 */
import os from 'node:os';
import { parseArgs } from 'node:util';
import type { DType, GenerateRequest } from '../engine/engine.js';
import { loadEngine } from '../engine/load-engine.js';
import { defaultModel } from '../models/default-model.js';
import { DraftingMeter } from '../runner/drafting.js';
import { problemPrompts } from './mtp-prompts.js';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    sequences: { type: 'string', default: '1' },
    tokens: { type: 'string', default: '64' },
    dtype: { type: 'string' },
    threads: { type: 'string', default: String(os.availableParallelism()) },
    temperature: { type: 'string', default: '0' },
    repeats: { type: 'string', default: '7' },
  },
});

const engine = await loadEngine({
  model: values.model ?? (await defaultModel()),
  threads: Number(values.threads),
  ...(values.dtype !== undefined && { dtype: values.dtype as DType }),
});
const requests = problemPrompts(Number(values.sequences)).map(
  (prompt, i): GenerateRequest => ({
    id: `prompt ${i}`,
    context: engine.tokenizer.encode(prompt),
    maxTokens: Number(values.tokens),
    stopIds: [],
    sampling: { temperature: Number(values.temperature) },
  }),
);

interface Measured {
  readonly seconds: number;
  /** Of all threads. */
  readonly processorSeconds: number;
  readonly ids: string;
  readonly steps: number;
}

/** Only decoding is timed: steps that compute nothing of a prompt. */
async function measure(mtp: boolean, meter?: DraftingMeter): Promise<Measured> {
  let [seconds, processorSeconds, steps] = [0, 0, 0];
  let before = process.cpuUsage();
  engine.onStep = (stats) => {
    meter?.add(stats);
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    if (stats.prefillTokens > 0) return;
    seconds += stats.latencyMs / 1000;
    processorSeconds += (user + system) / 1e6;
    steps += 1;
  };
  const ids: string[] = [];
  for await (const result of engine.generate(requests, { mtp })) ids.push(`${result.id}: ${result.ids.join()}`);
  return { seconds, processorSeconds, ids: ids.sort().join('\n'), steps };
}

const middle = (sorted: readonly number[]) => sorted[sorted.length >> 1] as number;

try {
  const meter = new DraftingMeter();
  const expected = await measure(false);
  if ((await measure(true, meter)).ids !== expected.ids) throw new Error('MTP changes what is generated');
  const times: { plain: Measured[]; mtp: Measured[] } = { plain: [], mtp: [] };
  for (let repeat = 0; repeat < Number(values.repeats); ++repeat) {
    const order = repeat % 2 === 0 ? [false, true] : [true, false];
    for (const mtp of order) (mtp ? times.mtp : times.plain).push(await measure(mtp));
  }
  const drafting = meter.read();
  const tokens = requests.length * Number(values.tokens);
  const seconds = (runs: readonly Measured[]) => runs.map((run) => run.seconds).sort((a, b) => a - b);
  const [plain, mtp] = [seconds(times.plain), seconds(times.mtp)];
  const processor = (runs: readonly Measured[]) =>
    middle(runs.map((run) => run.processorSeconds).sort((a, b) => a - b));
  const rates = (sorted: readonly number[]) =>
    `${rate(middle(sorted))} (${rate(sorted.at(-1) as number)} to ${rate(sorted[0] as number)})`;
  const rate = (time: number) => (tokens / time).toFixed(0);
  const steps = expected.steps / (times.mtp[0]?.steps ?? 1);
  const { info } = engine;
  console.log(`${info.model}, ${info.dtype}, ${info.device}, ${info.threads} threads, ${requests.length} sequences`);
  console.log(
    `acceptance ${((drafting?.acceptance ?? 0) * 100).toFixed(1)} %, ${drafting?.tokensPerStep.toFixed(2)} tokens per step of a sequence`,
  );
  console.log(`tokens/s without ${rates(plain)}, with MTP ${rates(mtp)}; the same tokens`);
  for (const [name, ratio] of [
    ['medians', middle(plain) / middle(mtp)],
    ['fastest', (plain[0] as number) / (mtp[0] as number)],
    ['medians of processor time', processor(times.plain) / processor(times.mtp)],
  ] as const) {
    console.log(`by the ${name} ${ratio.toFixed(2)} times as fast, a step ${(steps / ratio).toFixed(2)} times as long`);
  }
} finally {
  await engine.close();
}
