/** `evalrun serve`: the built-in engine behind an OpenAI-compatible HTTP endpoint, until Ctrl-C or SIGTERM. */
import { Command } from 'commander';
import { loadEngine } from '../engine/load-engine.js';
import { DEFAULT_MODEL_NOTE } from '../models/default-model.js';
import { type EvalServer, openServer } from '../serve/open-server.js';
import { defaultServeLimits } from '../serve/serve-limits.js';
import { addEngineFlags, type EngineFlags, engineOptions, positiveInteger } from './engine-options.js';
import { listenForInterrupt } from './interrupt.js';
import { runModelFolder } from './model-folder.js';
import type { CliParts } from './parts.js';
import { ProgressLine } from './progress-line.js';
import { wrapText } from './wrap-text.js';

interface ServeFlags extends EngineFlags {
  readonly model?: string;
  readonly name?: string;
  readonly host: string;
  readonly port: number;
  readonly kvTokens?: number;
  readonly queue: number;
  readonly drain: number;
  readonly json?: boolean;
}

/** Room in the KV cache that is useful for many short requests at a time. */
const USEFUL_KV_TOKENS = 65_536;

export function serveCommand(parts: CliParts): Command {
  const command = new Command('serve')
    .description('serve the engine over HTTP: /v1/completions, /v1/chat/completions, /v1/models, /health, /metrics')
    .option('-m, --model <model>', 'checkpoint folder, or org/name on the hub; default the model in the box')
    .option('--name <name>', "the model's name at the endpoint (default: the checkpoint's)")
    .option('--host <host>', 'address to listen on; others than this machine need EVALRUN_API_KEY', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 takes a free one', port, 8000)
    .option(
      '--kv-tokens <n>',
      'tokens that the KV cache holds (default: as many as are useful and fit)',
      positiveInteger,
    )
    .option('--queue <n>', 'texts that may wait; beyond it clients get 429', positiveInteger, defaultServeLimits.queue)
    .option('--drain <seconds>', 'time to finish what was asked when stopping', positiveInteger, 30)
    .option('--json', 'print {"base_url", "model"} on stdout when ready')
    .addHelpText('after', '\nA key in EVALRUN_API_KEY is asked of every client. How-to: docs/serve.md');
  return addEngineFlags(command).action((flags: ServeFlags) => serve(flags, parts));
}

async function serve(flags: ServeFlags, parts: CliParts): Promise<void> {
  const progress = new ProgressLine(process.stderr, { quiet: false, term: process.env.TERM });
  const interrupt = listenForInterrupt(() => say('Stopping after what was asked; once more to stop at once.'));
  try {
    const { signal } = interrupt;
    if (flags.model === undefined) say(DEFAULT_MODEL_NOTE);
    const folder =
      flags.model === undefined
        ? await parts.defaultModel({ ...(flags.dtype && { dtype: flags.dtype }) })
        : await runModelFolder(flags.model, { progress, signal });
    const engine = await loadEngine({
      ...engineOptions(folder, flags),
      ...(flags.kvTokens === undefined ? { usefulKvTokens: USEFUL_KV_TOKENS } : { kvTokens: flags.kvTokens }),
      onNotice: say,
    });
    try {
      const server = await openServer({
        engine,
        ...(flags.name !== undefined && { name: flags.name }),
        host: flags.host,
        port: flags.port,
        apiKey: process.env.EVALRUN_API_KEY || undefined,
        limits: { queue: flags.queue, drainMs: flags.drain * 1000 },
      });
      announce(server, flags);
      await aborted(signal);
      if (!(await server.close())) say(`Gave up what was not finished after ${flags.drain} s.`);
    } finally {
      await engine.close();
    }
  } finally {
    interrupt.release();
  }
}

function say(text: string): void {
  const lines = wrapText(text, process.stderr.columns ?? Number.POSITIVE_INFINITY, 2);
  process.stderr.write(`${lines.join('\n')}\n`);
}

function announce({ baseUrl, model }: EvalServer, { json }: ServeFlags): void {
  if (json) process.stdout.write(`${JSON.stringify({ base_url: baseUrl, model })}\n`);
  const key = process.env.EVALRUN_API_KEY ? 'with the key in EVALRUN_API_KEY' : 'without a key';
  say(`Serving ${model} at ${baseUrl}, ${key}. Ctrl-C stops.`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function port(text: string): number {
  return text === '0' ? 0 : positiveInteger(text);
}
