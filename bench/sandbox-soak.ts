/**
 * Thousands of good, bad and hostile programs through one rung of the sandbox: what they leave behind, and what a task costs.
 *
 *     node dist/bench/sandbox-soak.js [--rung bubblewrap|pyodide] [--programs 5000] [--workers 2]
 *
 * Prints one JSON object. Exit 1 when a process, file, mount or descriptor is left, or the sandbox failed for a program.
 */
import { parseArgs } from 'node:util';
import { countLeftovers } from '../runner/sandbox/leftovers.js';
import { SandboxPool } from '../runner/sandbox/pool.js';
import { rungs } from '../runner/sandbox/sandbox.js';
import type { PythonTask } from '../runner/sandbox/split-judge.js';

/** Half of them ordinary, as answers of a model are; every tenth must be ended by the deadline or a cap. */
const programs = [
  'def f(x):\n    return x\n',
  'def f(x):\n    return sorted([x] * 1000)[0]\n',
  'def f(x):\n    import math\n    return int(math.sqrt(x * x))\n',
  'def f(x):\n    return None\n',
  'def f(:\n',
  "def f(x):\n    open('/tmp/x', 'w').write('x' * 100_000)\n    return x\n",
  'import os\nos._exit(0)\n',
  'import os\ndef f(x):\n    if os.fork() == 0:\n        os.setsid()\n        while True: pass\n    return x\n',
  'import os\ndef f(x):\n    os.write(3, b"\\0\\0\\0\\2Jx")\n    return x\n',
  "def f(x):\n    while True: print('x' * 100_000)\n",
];
const test = 'def check(candidate):\n    assert candidate(1) == 1\n';
const batch = 100;

const { values } = parseArgs({
  options: {
    rung: { type: 'string', default: 'bubblewrap' },
    programs: { type: 'string', default: '5000' },
    workers: { type: 'string', default: '2' },
  },
});
const total = Number(values.programs);
const rung = rungs.find((name) => name === values.rung);
if (rung === undefined) throw new Error(`--rung is ${rungs.join(' or ')}`);
const pool = await SandboxPool.open({ rung, workers: Number(values.workers), repeatFailures: false });
const statuses: Record<string, number> = {};
let candidateMs = 0;
let before = countLeftovers();
let rssBefore = 0;
const start = performance.now();
for (let done = 0; done < total; done += batch) {
  const tasks = Array.from({ length: Math.min(batch, total - done) }, (_, index): PythonTask => {
    const program = programs[index % programs.length] ?? '';
    return { program, test, entryPoint: 'f', processes: index % 4 === 3 };
  });
  for (const { status, usage } of await Promise.all(tasks.map((task) => pool.run(task)))) {
    statuses[status] = (statuses[status] ?? 0) + 1;
    candidateMs += usage.cpuMs ?? 0;
  }
  // The first batch opens what stays open: modules, the event loop's own descriptors.
  if (done === 0) [before, rssBefore] = [countLeftovers(), process.memoryUsage().rss];
}
const msPerTask = (performance.now() - start) / total;
await pool.close();
const after = countLeftovers();
const grown = Object.entries(after).filter(([name, count]) => count > before[name as keyof typeof before]);
const rssGrownMib = (process.memoryUsage().rss - rssBefore) / 1024 ** 2;
const measured = { msPerTask, candidateCpuMs: candidateMs / total, rssGrownMib };
const result = { rung, total, workers: Number(values.workers), statuses, before, after, ...measured };
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
if (grown.length > 0 || statuses.sandbox_error !== undefined) process.exitCode = 1;
