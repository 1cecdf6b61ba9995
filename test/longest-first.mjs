// The order in which jest runs the suites: those that take longest first, so that no worker is left alone with one at the end.
// What is not named here follows, the largest file first.
import { createRequire } from 'node:module';

const Sequencer = createRequire(import.meta.url)('@jest/test-sequencer').default;

const longest = [
  'models/nano/corpus',
  'native/cuda-simulation-orders',
  'runner/sandbox/chat-answers',
  'runner/sandbox/catalogue',
  'runner/sandbox/languages/languages',
  'runner/sandbox/pyodide',
  'runner/sandbox/humaneval',
  'native/cuda-simulation',
  'cli/run',
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
