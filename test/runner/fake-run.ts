/** A process that runs or resumes a run on the fake engine, for tests that kill it: OUT DATA [RUN]. */
import { runSuite } from '../../runner/run-suite.js';
import { fakeEngine } from './fake-engine.js';

const [out = '', dataDir = '', resume] = process.argv.slice(2);
const engine = fakeEngine({ batch: 5, delayMs: 2, reverse: true });
const onStart = ({ folder }: { folder: string }) => process.stdout.write(`${folder}\n`);
const subjects = ['anatomy', 'astronomy', 'marketing', 'virology'];
if (resume === undefined)
  await runSuite({ engine, suite: 'mmlu', subjects, dataDir, allowModifiedData: true, out, onStart });
else await runSuite({ engine, resume, onStart });
