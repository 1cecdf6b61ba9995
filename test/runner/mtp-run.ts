/** A process that runs or resumes a run of the model in the box, for tests that kill it: OUT on|off [RUN]. */
import path from 'node:path';
import { loadEngine } from '../../engine/load-engine.js';
import { packageRoot } from '../../package-root.js';
import { runSuite } from '../../runner/run-suite.js';

const [out = '', mtp, resume] = process.argv.slice(2);
// A cache that holds few sequences at a time, so that a run can be killed between its results.
const engine = await loadEngine({ model: path.join(packageRoot, 'models', 'nano'), kvTokens: 1024, batchTokens: 128 });
const hooks = {
  onStart: ({ folder }: { folder: string }) => process.stdout.write(`${folder}\n`),
  onProgress: ({ done }: { done: number }) => process.stdout.write(`done ${done}\n`),
};
if (resume === undefined) {
  const drawn = { samples: 2, temperature: 0.8, topP: 0.95, maxTokens: 24, limit: 12 };
  await runSuite({ engine, suite: 'math500', dataDir: 'embedded', ...drawn, mtp: mtp === 'on', out, ...hooks });
} else await runSuite({ engine, resume, ...hooks });
await engine.close();
