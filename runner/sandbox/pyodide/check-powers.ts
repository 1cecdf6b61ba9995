/** Tries, inside the process around Pyodide, what an escape from Python would try. */
import childProcess from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import process from 'node:process';
import workerThreads from 'node:worker_threads';

/** Names of the defences, each with "refused ..." or what was possible. */
export type PowerCheck = Readonly<Record<string, string>>;

/** What Node's permissions refuse; to be asked before disarm, which would refuse it too. */
export function checkPermissions(): PowerCheck {
  // A file that is there and that anybody may read and run, so that nothing but the permissions can be in the way.
  const file = process.execPath;
  const { env } = process;
  const variables = Object.keys(env);
  return {
    'no host files': attempt(() => fs.openSync(file, 'r')),
    'no written files': attempt(() => fs.openSync(`/tmp/evalrun-${process.pid}`, 'w')),
    'no child processes': attempt(() => childProcess.spawnSync(file)),
    'no workers': attempt(() => new workerThreads.Worker(file)),
    'empty environment': variables.length === 0 ? 'refused: no variables' : `possible: ${variables.join(', ')}`,
  };
}

const { Socket } = net;
/** As a program would get it: from any function at all. */
const FromText = checkPermissions.constructor as FunctionConstructor;

/** What V8 and disarm refuse; to be asked after it. */
export function checkDisarmed(): PowerCheck {
  return {
    'no code from text': attempt(() => FromText('return 1')()),
    'no JavaScript network': attempt(() => [net.connect(9), new Socket().connect(9)]),
    'no JavaScript globals': 'fetch' in globalThis || 'Buffer' in globalThis ? 'possible' : 'refused: deleted',
  };
}

function attempt(action: () => unknown): string {
  try {
    action();
    return 'possible';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return `refused: ${code ?? message}`;
  }
}
