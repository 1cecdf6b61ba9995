/**
 * Many streams at a time for minutes on a real `evalrun serve`: errors, growth of its memory, how evenly they are served.
 *
 *     node dist/bench/serve-load.js [--streams 200] [--seconds 120] [--tokens 48] [--url http://127.0.0.1:8000/v1]
 *
 * Without --url it starts a server with the model in the box. Each stream asks again as soon as it has its answer.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import OpenAI from 'openai';

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '120' },
    tokens: { type: 'string', default: '48' },
    url: { type: 'string' },
  },
});
const [streams, seconds, tokens] = [Number(values.streams), Number(values.seconds), Number(values.tokens)];

const started = values.url === undefined ? await startServer() : undefined;
const baseURL = values.url ?? started?.url ?? '';
const client = new OpenAI({ baseURL, apiKey: process.env.EVALRUN_API_KEY ?? 'none', maxRetries: 0 });
const [model] = (await client.models.list()).data;

const firstMs: number[] = [];
const wholeMs: number[] = [];
const errors = new Map<string, number>();
const answers = new Array<number>(streams).fill(0);
let pieces = 0;

const begin = performance.now();
const end = begin + seconds * 1000;
const memory: number[] = [];
const sampler = setInterval(async () => memory.push(await residentBytes()), 5000);
await Promise.all(Array.from({ length: streams }, (_, i) => streamUntilEnd(i)));
clearInterval(sampler);
const elapsed = (performance.now() - begin) / 1000;
const total = answers.reduce((sum, n) => sum + n, 0);
// The first quarter is warming up.
const settled = memory.slice(Math.floor(memory.length / 4));
const mib = (bytes: number | undefined) => `${((bytes ?? 0) / 2 ** 20).toFixed(0)} MiB`;
console.log(`${streams} streams, ${elapsed.toFixed(0)} s: ${total} answers, ${(pieces / elapsed).toFixed(0)} pieces/s`);
console.log(`errors: ${errors.size === 0 ? 'none' : JSON.stringify(Object.fromEntries(errors))}`);
console.log(
  `first piece: p50 ${at(firstMs, 0.5)} ms, p95 ${at(firstMs, 0.95)} ms; whole: p50 ${at(wholeMs, 0.5)} ms, p95 ${at(wholeMs, 0.95)} ms`,
);
console.log(`answers of a stream: ${Math.min(...answers)} to ${Math.max(...answers)}`);
console.log(
  `resident: ${mib(settled[0])} after warming up, ${mib(settled.at(-1))} at the end, at most ${mib(Math.max(...memory))}`,
);
started?.stop();

async function streamUntilEnd(stream: number): Promise<void> {
  for (let turn = 0; performance.now() < end; ++turn) {
    const sent = performance.now();
    let isFirst = true;
    try {
      const answer = await client.completions.create({
        model: model?.id ?? '',
        prompt: `Question ${stream}.${turn}: name three planets and say why they differ.\nAnswer:`,
        max_tokens: tokens,
        temperature: 0.7,
        stream: true,
      });
      for await (const { choices } of answer) {
        if (choices[0]?.text === '') continue;
        if (isFirst) firstMs.push(performance.now() - sent);
        isFirst = false;
        pieces += 1;
      }
      wholeMs.push(performance.now() - sent);
      answers[stream] = (answers[stream] ?? 0) + 1;
    } catch (error) {
      const name = error instanceof Error ? error.message.slice(0, 80) : String(error);
      errors.set(name, (errors.get(name) ?? 0) + 1);
    }
  }
}

async function residentBytes(): Promise<number> {
  const text = await (await fetch(new URL('/metrics', baseURL))).text();
  return Number(/^evalrun_memory_bytes\{part="resident"\} (\S+)$/m.exec(text)?.[1] ?? 0);
}

function at(times: readonly number[], share: number): string {
  const sorted = [...times].sort((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN).toFixed(0);
}

async function startServer(): Promise<{ url: string; stop: () => void }> {
  const script = fileURLToPath(new URL('../cli/main.js', import.meta.url));
  const child = spawn(process.execPath, [script, 'serve', '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve) => {
    child.stdout.once('data', (text: Buffer) =>
      resolve((JSON.parse(text.toString()) as { base_url: string }).base_url),
    );
  });
  return { url, stop: () => child.kill('SIGTERM') };
}
