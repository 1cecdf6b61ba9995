/** Compares ratios, and times of day, which are written like some of them. */
import { isQuantity } from './compare-quantity.js';
import { Refusal, type WorkBudget } from './refusal.js';
import { sameValue } from './same-value.js';
import type { Node } from './syntax.js';
import type { Verdict } from './verdict.js';

/** Most parts of a ratio. */
const MOST_PARTS = 64;

type Ratio = Extract<Node, { kind: 'ratio' }>;

/**
 * Ratios are the same up to a common factor; a ratio of two may be given as a fraction.
 *
 * @throws Refusal
 */
export function compareRatios(gold: Node, answer: Node, budget: WorkBudget): Verdict {
  const rule = 'ratio';
  if (gold.kind !== 'ratio') return { equal: answer.kind === 'ratio' && sameAsRatio(gold, answer, budget), rule };
  if (answer.kind !== 'ratio') return { equal: sameAsRatio(answer, gold, budget), rule };
  const otherHalf = gold.half !== undefined && answer.half !== undefined && gold.half !== answer.half;
  if (otherHalf || gold.of.length !== answer.of.length) return { equal: false, rule };
  if (gold.of.length > MOST_PARTS) throw new Refusal('too-large');
  const product = (a: Node, b: Node): Node => ({ kind: 'product', of: [a, b] });
  const [first, ...rest] = gold.of as [Node, ...Node[]];
  const [given, ...others] = answer.of as [Node, ...Node[]];
  // 3:20 may be a time of day, which 6:40 is not; and of a ratio with a zero the products below would say nothing.
  const asWritten = gold.sign === 'clock' || [...gold.of, ...answer.of].some((part) => isNothing(part, budget));
  if (asWritten) return { equal: gold.of.every((part, at) => sameValue(part, answer.of[at] as Node, budget)), rule };
  const same = rest.every((part, at) => sameValue(product(part, given), product(others[at] as Node, first), budget));
  return { equal: same, rule };
}

/** Whether a single value is what a ratio of two comes to. "3 to 2" may be a range, so it is only a ratio. */
function sameAsRatio(value: Node, { sign, of }: Ratio, budget: WorkBudget): boolean {
  const [top, bottom] = of;
  if (sign === 'to' || top === undefined || bottom === undefined || of.length !== 2 || isQuantity(value)) return false;
  return sameValue({ kind: 'quotient', top, bottom }, value, budget);
}

function isNothing(node: Node, budget: WorkBudget): boolean {
  return sameValue(node, { kind: 'number', value: { n: 0n, d: 1n }, form: 'integer' }, budget);
}
