/** Run by hand: `node dist/test/runner/sandbox/soak.js 5000` judges that many programs and counts what they leave behind. */
import { countLeftovers } from '../../../runner/sandbox/leftovers.js';
import { SandboxPool } from '../../../runner/sandbox/pool.js';
import { check } from './check.js';

const programs = [
  'def f(x):\n    return x\n',
  'def f(x):\n    return None\n',
  'import os\nos._exit(0)\n',
  'def f(:\n',
  'import os\ndef f(x):\n    if os.fork() == 0:\n        os.setsid()\n        while True: pass\n    return x\n',
  "def f(x):\n    open('/tmp/x', 'w').write('x')\n    return x\n",
];

const total = Number(process.argv[2] ?? 5000);
const pool = await SandboxPool.open({ workers: 2, repeatFailures: false });
const counts: Record<string, number> = {};
let before = countLeftovers();
const start = performance.now();
for (let done = 0; done < total; done += 100) {
  const tasks = Array.from({ length: 100 }, (_, index) => ({
    program: programs[index % programs.length] ?? '',
    test: check('assert candidate(1) == 1'),
    entryPoint: 'f',
    processes: index % 2 === 0,
  }));
  for (const { status } of await Promise.all(tasks.map((task) => pool.run(task))))
    counts[status] = (counts[status] ?? 0) + 1;
  // The first hundred open what stays open: modules, the event loop's own descriptors.
  if (done === 0) before = countLeftovers();
}
const after = countLeftovers();
const msPerTask = (performance.now() - start) / total;
await pool.close();
const rssMib = process.memoryUsage().rss / 1024 ** 2;
process.stdout.write(
  `${JSON.stringify({ total, counts, before, after, closed: countLeftovers(), msPerTask, rssMib })}\n`,
);
