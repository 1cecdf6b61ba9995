/** Starts a real `evalrun serve` with the model in the box, as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

export interface ServeProcess {
  /** E.g. `http://127.0.0.1:40000/v1`. */
  readonly baseUrl: string;
  /** Without `/v1`. */
  readonly origin: string;
  readonly port: number;
  readonly child: ChildProcess;
  readonly stderr: () => string;
  /** Exit code and signal. */
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export interface ServeProcessOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly port?: number;
}

/** @throws Error with what the process printed when it ends before it serves */
export async function startServe({ args = [], env = {}, port = 0 }: ServeProcessOptions = {}): Promise<ServeProcess> {
  const { EVALRUN_API_KEY: _, OPENAI_API_KEY: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [script, 'serve', '--port', String(port), '--json', ...args], {
    env: { ...inherited, ...env },
  });
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('close', (code, signal) => resolve([code, signal]));
  });
  const baseUrl = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (text: Buffer) => {
      stdout += text.toString();
      if (stdout.includes('\n')) resolve((JSON.parse(stdout) as { base_url: string }).base_url);
    });
    ended.then(([code]) => reject(new Error(`evalrun serve ended with ${code}: ${stderr}`)));
  });
  const url = new URL(baseUrl);
  return {
    baseUrl,
    origin: url.origin,
    port: Number(url.port),
    child,
    stderr: () => stderr,
    ended,
    async kill(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

/** POSTs JSON, or a text as it is, and parses the JSON that comes back. */
export async function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}
