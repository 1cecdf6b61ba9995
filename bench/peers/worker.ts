/** A peer in a process of its own, which stands still while it is not asked. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Done, Ready, Work } from './work.js';

export class Worker {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly ready: Ready;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, ready: Ready) {
    this.#child = child;
    this.#lines = lines;
    this.ready = ready;
  }

  /** Throws if the program ends before its model is loaded; what it says on stderr is shown. */
  static async start(program: string, args: readonly string[]): Promise<Worker> {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    child.on('error', (error) => process.stderr.write(`${program}: ${error.message}\n`));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const worker = new Worker(child, lines, (await nextLine(lines, program)) as Ready);
    child.kill('SIGSTOP');
    return worker;
  }

  /** Threads that wait by spinning would take time from whoever is measured, hence the stop. */
  async do(work: Work): Promise<Done> {
    this.#child.kill('SIGCONT');
    this.#child.stdin?.write(`${JSON.stringify(work)}\n`);
    const done = (await nextLine(this.#lines, this.ready.name)) as Done;
    this.#child.kill('SIGSTOP');
    return done;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

async function nextLine(lines: AsyncIterator<string>, name: string): Promise<unknown> {
  const { value, done } = await lines.next();
  if (done) throw new Error(`${name} ended without an answer`);
  return JSON.parse(value);
}
