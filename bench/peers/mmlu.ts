/**
 * MMLU with 5 examples, whole commands from process start to finished scores: evalrun beside peers that ask one question at a time.
 *
 *     node dist/bench/peers/mmlu.js --model DIR --data DIR --python PYTHON [--llama-cpp FOLDER --gguf FILE] [--limit 1000]
 *         [--peer-limit 60] [--repeats 2] [--minutes 4] [--threads 2] [--out FILE.json]
 *
 * Peers get --peer-limit of the same prompts, spread over all subjects. What they would need for --limit of them is computed from the
 * time of a question and the time of starting, each measured. Letters are compared question by question.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { spreadOf } from '../../engine/benchmark/spread.js';
import { mmluQuestions, spreadOut, writeQuestions } from './mmlu-questions.js';
import { LIMITS, pairedRatio, renderRatio } from './ratios.js';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    data: { type: 'string' },
    python: { type: 'string' },
    'llama-cpp': { type: 'string' },
    gguf: { type: 'string', default: '' },
    limit: { type: 'string', default: '1000' },
    'peer-limit': { type: 'string', default: '60' },
    repeats: { type: 'string', default: '2' },
    minutes: { type: 'string', default: '4' },
    threads: { type: 'string', default: String(os.availableParallelism()) },
    'transformers-dtype': { type: 'string', default: 'bfloat16' },
    out: { type: 'string' },
  },
});
const { model = '', data = '', threads } = values;
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const scratch = mkdtempSync(path.join(os.tmpdir(), 'evalrun-peers-'));
const questions = await mmluQuestions(model, data, Number(values.limit));
const few = spreadOut(questions, Number(values['peer-limit']));
const file = path.join(scratch, 'questions.jsonl');
writeQuestions(file, few);

interface Asked {
  /** Id -> letter. */
  readonly answers: ReadonlyMap<string, string>;
  /** The whole command, for all of `questions`. */
  readonly seconds: number;
}

const peers: Record<string, () => Promise<Asked>> = {
  ...(values.python !== undefined && {
    transformers: () => {
      const program = fileURLToPath(new URL('../../../bench/peers/transformers_mmlu.py', import.meta.url));
      return askPeer(values.python as string, [program, model, file, threads, values['transformers-dtype']]);
    },
  }),
  ...(values['llama-cpp'] !== undefined && {
    'llama.cpp': () => {
      const args = [values['llama-cpp'] as string, values.gguf, file, threads];
      return askPeer(process.execPath, [script('llama-cpp-mmlu.js'), ...args]);
    },
  }),
};

const seconds: Record<string, number[]> = { evalrun: [] };
for (const name of Object.keys(peers)) seconds[name] = [];
const agreement: Record<string, string> = {};
const begun = performance.now();
const minutes = () => (performance.now() - begun) / 60_000;
try {
  for (let round = 0; round < Number(values.repeats); ++round) {
    const before = minutes();
    await measureRound(round);
    process.stderr.write(`round ${round + 1}: ${minutes().toFixed(1)} minutes since the start\n`);
    if (2 * minutes() - before > Number(values.minutes)) break;
  }
  report();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function measureRound(round: number): Promise<void> {
  const order: [string, () => Promise<Asked>][] = [['evalrun', askEvalrun], ...Object.entries(peers)];
  const answers = new Map<string, Asked['answers']>();
  for (let i = 0; i < order.length; ++i) {
    const [name, ask] = order[(i + round) % order.length] as (typeof order)[number];
    const asked = await ask();
    seconds[name]?.push(asked.seconds);
    answers.set(name, asked.answers);
  }
  const ours = answers.get('evalrun');
  for (const [name, theirs] of answers) {
    const same = [...theirs].filter(([id, letter]) => ours?.get(id) === letter).length;
    if (theirs !== ours) agreement[name] = `${same} of ${theirs.size}, ${((100 * same) / theirs.size).toFixed(1)} %`;
  }
}

/** A run like any other, in BF16. */
async function askEvalrun(): Promise<Asked> {
  const flags = ['--suite', 'mmlu', '--model', model, '--data', data, '--dtype', 'bf16', '--limit', values.limit];
  const how = ['--threads', threads, '--out', scratch, '--quiet', '--no-report', '--json'];
  const { seconds: taken, stdout } = await run(process.execPath, [script('../../cli/main.js'), ...flags, ...how]);
  const { run: folder } = JSON.parse(stdout) as { readonly run: string };
  const lines = readFileSync(path.join(folder, 'samples.jsonl'), 'utf8').trimEnd().split('\n');
  const samples = lines.map((line) => JSON.parse(line) as { readonly id: string; readonly answer: string });
  rmSync(folder, { recursive: true, force: true });
  if (samples.length !== questions.length) throw new Error(`evalrun answered ${samples.length} of ${questions.length}`);
  return { answers: new Map(samples.map(({ id, answer }) => [id, answer])), seconds: taken };
}

/** Runs a peer on few questions and computes what all would have taken. */
async function askPeer(program: string, args: readonly string[]): Promise<Asked> {
  const { seconds: taken, stdout } = await run(program, args);
  const lines = stdout.trimEnd().split('\n');
  const { seconds: asking } = JSON.parse(lines.pop() ?? '') as { readonly seconds: number };
  const told = lines.map((line) => JSON.parse(line) as { readonly id: string; readonly answer: string });
  if (told.length !== few.length) throw new Error(`${program} answered ${told.length} of ${few.length}`);
  return {
    answers: new Map(told.map(({ id, answer }) => [id, answer])),
    seconds: taken - asking + (asking * questions.length) / few.length,
  };
}

/** From the start of the process to its end. */
async function run(program: string, args: readonly string[]): Promise<{ seconds: number; stdout: string }> {
  const begin = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject));
  if (code !== 0) throw new Error(`${program} ${args[0]} ended with ${code}`);
  return { seconds: (performance.now() - begin) / 1000, stdout };
}

function report(): void {
  const total = questions.length;
  console.log(
    `${path.basename(model)}, MMLU, 5 examples, ${total} questions, bf16 (transformers ${values['transformers-dtype']}), ${threads} threads, cold start included`,
  );
  for (const [name, times] of Object.entries(seconds)) {
    const { median, least, most } = spreadOf(times);
    const range = `${(total / most).toFixed(2)} to ${(total / least).toFixed(2)}`;
    const how = name === 'evalrun' ? '' : `, from ${few.length} questions`;
    console.log(`  ${name}: ${(total / median).toFixed(2)} questions/s (${range})${how}`);
  }
  for (const name of Object.keys(peers)) {
    const ratio = pairedRatio(seconds.evalrun ?? [], seconds[name] ?? []);
    console.log(`  evalrun is as fast as ${name} times ${renderRatio(ratio, LIMITS.llama?.[`mmlu ${name}`])}`);
    console.log(`  the same letter as ${name}: ${agreement[name]}`);
  }
  if (values.out === undefined) return;
  const { limit } = values;
  writeFileSync(values.out, `${JSON.stringify({ limit, threads, asked: few.length, seconds, agreement }, null, 2)}\n`);
}
