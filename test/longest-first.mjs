// The order in which jest runs the suites: those that take longest first, so that no worker is left alone with one at the end.
// What is not named here follows, the largest file first.
import { createRequire } from 'node:module';

const Sequencer = createRequire(import.meta.url)('@jest/test-sequencer').default;

// Those that mostly wait, in the sandbox, between those that compute.
const longest = [
  'models/nano/corpus',
  'runner/sandbox/catalogue',
  'native/cuda-simulation-orders',
  'runner/sandbox/pyodide',
  'runner/sandbox/languages/languages',
  'native/cuda-simulation',
  'runner/sandbox/chat-answers',
  'cli/run',
  'runner/sandbox/humaneval',
  'cli/models',
  'runner/sandbox/leftovers',
  'native/ops',
  'native/plan-check',
  'reports/run-page',
  'models/nano/scores',
];
const place = new Map(longest.map((name, i) => [`${name}.test.js`, i]));

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const placeOf = ({ path }) => place.get(path.split('/dist/test/').at(-1)) ?? longest.length;
    return [...super.sort(tests)].sort((a, b) => placeOf(a) - placeOf(b));
  }
}
