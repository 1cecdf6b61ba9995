// The order in which jest runs the suites: those that take longest first, so that no worker is left alone with one at the end.
// What is not named here follows, the largest file first.
import { createRequire } from 'node:module';

const Sequencer = createRequire(import.meta.url)('@jest/test-sequencer').default;

// Those that mostly wait, in the sandbox, between those that compute.
const longest = [
  'models/nano/corpus',
  'runner/sandbox/catalogue',
  'cli/models',
  'runner/sandbox/pyodide',
  'native/cuda-simulation',
  'runner/sandbox/languages/languages',
  'runner/memory',
  'runner/sandbox/chat-answers',
  'cli/run',
  'runner/sandbox/leftovers',
  'native/cuda-simulation-orders',
  'reports/run-page',
  'runner/shards',
  'runner/sandbox/humaneval',
  'models/nano/scores',
  'native/ops',
  'engine/generate-scheduler',
  'runner/written-determinism',
  'native/plan-check',
  'native/emulated',
  'native/neon',
  'engine/cuda-sim',
  'engine/remote/faults',
  'engine/equations/agreement',
  'engine/tokenizer/onig-pattern',
  'runner/crash',
];
const place = new Map(longest.map((name, i) => [`${name}.test.js`, i]));

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const placeOf = ({ path }) => place.get(path.split('/dist/test/').at(-1)) ?? longest.length;
    return [...super.sort(tests)].sort((a, b) => placeOf(a) - placeOf(b));
  }
}
