/** `evalrun view [DIR]`: a page on this machine that lists runs, shows their reports and follows running ones. */
import { Command, InvalidArgumentError } from 'commander';
import { listenForInterrupt } from './interrupt.js';

/** No other well-known program listens there. */
const defaultPort = 8377;

export function viewCommand(): Command {
  return new Command('view')
    .description(
      'Serves a page on 127.0.0.1 that lists the runs of a folder, shows their reports and follows running ones. Changes nothing; Ctrl-C ends it.',
    )
    .argument('[dir]', 'folder of runs, or one run', 'runs')
    .option('--port <n>', 'port to listen on; 0 takes any free one', portNumber, defaultPort)
    .action(view);
}

async function view(folder: string, { port }: { readonly port: number }): Promise<void> {
  const { serveRuns } = await import('../viewer/server.js');
  const served = await serveRuns({ folder, port });
  process.stdout.write(`${served.url}\n`);
  const interrupt = listenForInterrupt(() => {});
  try {
    if (!interrupt.signal.aborted) {
      await new Promise((resolve) => interrupt.signal.addEventListener('abort', resolve, { once: true }));
    }
    await served.close();
  } finally {
    interrupt.release();
  }
}

function portNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError('It must be a port from 0 to 65535.');
}
