/** Compares values that may have units, percent signs, currencies or a base: what a key leaves open, an answer may add. */
import { NotANumber, NotReal } from './evaluate.js';
import { integer, type Rational } from './rational.js';
import type { WorkBudget } from './refusal.js';
import { sameValue, signOfDifference } from './same-value.js';
import { type Node, variablesOf } from './syntax.js';
import type { Verdict } from './verdict.js';

/** Units of one kind of money -> how many make one of the largest. */
const money: Readonly<Record<string, { readonly of: string; readonly count: number }>> = {
  dollar: { of: 'dollar', count: 1 },
  cent: { of: 'dollar', count: 100 },
  yuan: { of: 'yuan', count: 1 },
  jiao: { of: 'yuan', count: 10 },
  fen: { of: 'yuan', count: 100 },
};
const otherMoney = new Set(['euro', 'pound sterling']);

/** Whether either side needs these rules. */
export function isQuantity(node: Node): boolean {
  return node.kind === 'quantity' || node.kind === 'based';
}

/**
 * Units that only one side has are passed over: 90 = 90 degrees, 5.4 = 5.4 cents. Percent is a factor only if the key
 * says percent; a base is kept, and an answer may leave out the base that its key has.
 *
 * @throws Refusal
 */
export function compareQuantities(gold: Node, answer: Node, budget: WorkBudget): Verdict {
  if (gold.kind === 'based' || answer.kind === 'based') return { equal: sameInBase(gold, answer), rule: 'base' };
  const [key, given] = [split(gold), split(answer)];
  const same = (a: Node, b: Node): boolean => sameValue(a, b, budget);
  const units = [key.unit, given.unit];
  if (units.includes('percent')) {
    return { equal: samePercent(key, given, budget), rule: 'percent' };
  }
  const rule = units.some((unit) => unit !== undefined && (unit in money || otherMoney.has(unit)))
    ? 'money'
    : units.includes('degree')
      ? 'degree'
      : 'unit';
  if (key.unit === undefined || given.unit === undefined || key.unit === given.unit) {
    return { equal: same(key.value, given.value), rule };
  }
  const [a, b] = [money[key.unit], money[given.unit]];
  if (a === undefined || b === undefined || a.of !== b.of) return { equal: false, rule };
  return { equal: same(times(key.value, b.count), times(given.value, a.count)), rule };
}

interface Quantity {
  readonly value: Node;
  readonly unit: string | undefined;
}

function split(node: Node): Quantity {
  return node.kind === 'quantity' ? { value: node.of, unit: node.unit } : { value: node, unit: undefined };
}

function samePercent(key: Quantity, given: Quantity, budget: WorkBudget): boolean {
  const other = [key.unit, given.unit].find((unit) => unit !== 'percent');
  if (other !== undefined) return false;
  if (sameValue(key.value, given.value, budget)) return key.unit !== undefined || isAboveOne(key.value, budget);
  // 0.5 for the key 50%; the key 0.5 is not asked in percent.
  return given.unit === undefined && sameValue(key.value, times(given.value, 100), budget);
}

/** A bare key above 1 may mean percent (12.5 for 12.5%); one up to 1 may be a probability, and 0.5% is not 0.5. */
function isAboveOne(value: Node, budget: WorkBudget): boolean {
  if (variablesOf(value).length > 0) return false;
  try {
    return signOfDifference(value, numberNode(integer(1)), budget) > 0;
  } catch (error) {
    if (error instanceof NotANumber || error instanceof NotReal) return false;
    throw error;
  }
}

function sameInBase(gold: Node, answer: Node): boolean {
  if (gold.kind !== 'based') return false;
  if (answer.kind === 'based') return answer.base === gold.base && answer.digits === gold.digits;
  return answer.kind === 'number' && answer.form === 'integer' && answer.value.n.toString() === gold.digits;
}

function times(value: Node, factor: number): Node {
  return { kind: 'product', of: [value, numberNode(integer(factor))] };
}

function numberNode(value: Rational): Node {
  return { kind: 'number', value, form: 'integer' };
}
