/**
 * evalrun beside transformers and llama.cpp on the same weights and the same work, taking turns within one run.
 *
 *     node dist/bench/peers/speed.js --model DIR --python PYTHON [--llama-cpp FOLDER --gguf FILE] [--fp8 DIR] [--minutes 4] [--repeats 5]
 *         [--threads 2] [--prompt 512] [--context 32] [--tokens 8] [--batches 1,16] [--out FILE.json]
 *
 * A round is every kind of work once by every peer, the peers in turns. Rounds go on until there are --repeats of them or --minutes
 * would be over after one more; one before them warms up and is not counted. --fp8 is the same checkpoint quantized. Every peer runs in
 * its own process, which is stopped while others are measured.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rateOf, spreadOf } from '../../engine/benchmark/spread.js';
import { LIMITS, pairedRatio, renderRatio } from './ratios.js';
import type { Work } from './work.js';
import { Worker } from './worker.js';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    python: { type: 'string' },
    'llama-cpp': { type: 'string' },
    gguf: { type: 'string' },
    fp8: { type: 'string' },
    minutes: { type: 'string', default: '4' },
    repeats: { type: 'string', default: '5' },
    threads: { type: 'string', default: String(os.availableParallelism()) },
    'transformers-dtype': { type: 'string', default: 'bfloat16' },
    prompt: { type: 'string', default: '512' },
    context: { type: 'string', default: '32' },
    tokens: { type: 'string', default: '8' },
    batches: { type: 'string', default: '1,16' },
    out: { type: 'string' },
  },
});
const { model = '', threads, gguf = '' } = values;
const config = JSON.parse(readFileSync(path.join(model, 'config.json'), 'utf8')) as Record<string, unknown>;
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const python = fileURLToPath(new URL('../../../bench/peers/transformers_worker.py', import.meta.url));

const begun = performance.now();
const minutes = () => (performance.now() - begun) / 60_000;
const say = (line: string) => process.stderr.write(`${line}\n`);

const prefillKind = `prefill ${values.prompt}`;
const kinds = [prefillKind, ...values.batches.split(',').map((batch) => `decode ${batch}`)];

/** Round 0 warms up: the same prompts before decoding, everything else shorter. */
function workOf(kind: string, round: number): Work {
  const isWarmUp = round === 0;
  if (kind === prefillKind) return { kind: 'prefill', tokens: isWarmUp ? 32 : Number(values.prompt), seed: round };
  const [batch, context] = [Number(kind.split(' ')[1]), Number(values.context)];
  return { kind: 'decode', batch, context, tokens: isWarmUp ? 2 : Number(values.tokens) };
}

const workers = new Map<string, Worker>();
/** Of each counted round: [peer][kind of work]. */
const seconds: Record<string, Record<string, number[]>> = {};
let [agreed, compared] = [0, 0];
try {
  await startWorkers();
  for (const peer of workers.keys()) seconds[peer] = Object.fromEntries(kinds.map((kind) => [kind, []]));
  for (const [name, { ready }] of workers) say(`${name}: ${ready.name}`);
  for (let round = 0; round <= Number(values.repeats); ++round) {
    const before = minutes();
    await measureRound(round);
    say(`round ${round}${round === 0 ? ' (warm-up)' : ''}: ${minutes().toFixed(1)} minutes since the start`);
    if (round > 0 && 2 * minutes() - before > Number(values.minutes)) break;
  }
  report();
} finally {
  for (const worker of workers.values()) worker.stop();
}

async function startWorkers(): Promise<void> {
  const evalrun = (folder: string, dtype: string) =>
    Worker.start(process.execPath, [script('evalrun-worker.js'), folder, dtype, threads]);
  workers.set('evalrun', await evalrun(model, 'bf16'));
  if (values.fp8 !== undefined) workers.set('evalrun fp8', await evalrun(values.fp8, 'fp8'));
  if (values.python !== undefined) {
    const args = [python, model, threads, values['transformers-dtype']];
    workers.set('transformers', await Worker.start(values.python, args));
  }
  const folder = values['llama-cpp'];
  if (folder !== undefined) {
    const args = [script('llama-cpp-worker.js'), folder, gguf, String(config.vocab_size), threads];
    workers.set('llama.cpp', await Worker.start(process.execPath, args));
  }
}

/** Each kind of work by all peers one right after another; who begins changes with the round. */
async function measureRound(round: number): Promise<void> {
  const order = [...workers];
  for (const kind of kinds) {
    const work = workOf(kind, round);
    const first = new Map<string, readonly number[]>();
    for (let i = 0; i < order.length; ++i) {
      const [peer, worker] = order[(i + round) % order.length] as [string, Worker];
      const done = await worker.do(work);
      first.set(peer, done.first);
      if (round > 0) seconds[peer]?.[kind]?.push(done.seconds);
    }
    if (round > 0) compareTokens(first);
  }
}

function compareTokens(first: ReadonlyMap<string, readonly number[]>): void {
  for (const peer of ['transformers', 'llama.cpp']) {
    first.get(peer)?.forEach((token, i) => {
      compared += 1;
      if (token === first.get('evalrun')?.[i]) agreed += 1;
    });
  }
}

function report(): void {
  const name = path.basename(model);
  console.log(
    `${name}, ${config.model_type}, bf16 (transformers ${values['transformers-dtype']}), ${threads} threads, ${os.cpus()[0]?.model.trim()}`,
  );
  for (const kind of kinds) reportKind(kind);
  console.log(`\nthe same first token as evalrun: ${agreed} of ${compared}`);
  const bytes = (peer: string) => workers.get(peer)?.ready.weightBytes ?? 0;
  if (values.fp8) {
    const fp8 = bytes('evalrun fp8');
    console.log(
      `weights: fp8 has ${(fp8 / bytes('evalrun')).toFixed(2)} of bf16's bytes, ${(fp8 / storedBytes()).toFixed(2)} of what is stored`,
    );
  }
  if (values.out === undefined) return;
  const peers = Object.fromEntries([...workers].map(([peer, { ready }]) => [peer, ready]));
  writeFileSync(values.out, `${JSON.stringify({ model: name, threads, peers, seconds, agreed, compared }, null, 2)}\n`);
}

/** Of the BF16 checkpoint. */
function storedBytes(): number {
  const files = readdirSync(model).filter((file) => file.endsWith('.safetensors'));
  return files.reduce((sum, file) => sum + statSync(path.join(model, file)).size, 0);
}

function reportKind(kind: string): void {
  const one = workOf(kind, 1);
  console.log(`\n${kind}`);
  const secondsOf = (peer: string) => seconds[peer]?.[kind] ?? [];
  const tokens = one.kind === 'prefill' ? one.tokens : one.batch * one.tokens;
  for (const peer of workers.keys()) {
    const { median, least, most } = rateOf(tokens, spreadOf(secondsOf(peer)));
    console.log(`  ${peer}: ${median.toFixed(1)} tokens/s (${least.toFixed(1)} to ${most.toFixed(1)})`);
  }
  const name = one.kind === 'prefill' ? 'prefill' : kind;
  for (const peer of workers.keys()) {
    if (peer === 'evalrun') continue;
    const limit = LIMITS[String(config.model_type)]?.[`${name} ${peer}`];
    const ratio = renderRatio(pairedRatio(secondsOf('evalrun'), secondsOf(peer)), limit);
    console.log(`  evalrun bf16 is as fast as ${peer} times ${ratio}`);
  }
}
