/** Starts the command line on the fake engine and collects what it prints. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./fake-evalrun.js', import.meta.url));

export interface CliOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly onStderr?: (text: string, child: ChildProcess) => void;
}

/** Runs `evalrun ...args` to its end, without a terminal. */
export function runCli(args: readonly string[], { cwd, env = {}, onStderr }: CliOptions): Promise<CliOutcome> {
  const { EVALRUN_DATA: _, EVALRUN_DEBUG: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [script, ...args], { cwd, env: { ...inherited, HOME: cwd, ...env } });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => {
    stdout += text.toString();
  });
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
    onStderr?.(stderr, child);
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}
