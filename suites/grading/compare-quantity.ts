/** Compares values that may have units, percent signs, currencies or a base: what a key leaves open, an answer may add. */
import { NotANumber, NotReal } from './evaluate.js';
import { integer, type Rational } from './rational.js';
import type { WorkBudget } from './refusal.js';
import { sameValue, signOfDifference } from './same-value.js';
import { type Node, variablesOf } from './syntax.js';
import { unitOfLetter } from './unit.js';
import { unitRatio } from './unit-scale.js';
import type { Verdict } from './verdict.js';

const money = new Set(['dollar', 'cent', 'yuan', 'jiao', 'fen', 'euro', 'pound sterling']);

/** Whether either side needs these rules. */
export function isQuantity(node: Node): boolean {
  return node.kind === 'quantity' || node.kind === 'based';
}

/**
 * Units that only one side has are passed over: 90 = 90 degrees, 5.4 = 5.4 cents. Units of one kind are converted where both
 * sides have one: 1 m = 100 cm. Percent is a factor only if the key
 * says percent; a base is kept, and an answer may leave out the base that its key has.
 *
 * @throws Refusal
 */
export function compareQuantities(gold: Node, answer: Node, budget: WorkBudget): Verdict {
  if (gold.kind === 'based' || answer.kind === 'based') return { equal: sameInBase(gold, answer), rule: 'base' };
  const [key, given] = [split(withLetters(gold, answer)), split(withLetters(answer, gold))];
  const same = (a: Node, b: Node): boolean => sameValue(a, b, budget);
  const units = [key.unit, given.unit];
  if (units.includes('percent')) {
    return { equal: samePercent(key, given, budget), rule: 'percent' };
  }
  const rule = units.some((unit) => unit !== undefined && money.has(unit))
    ? 'money'
    : units.includes('degree')
      ? 'degree'
      : 'unit';
  if (key.unit === undefined || given.unit === undefined || key.unit === given.unit) {
    return { equal: same(key.value, given.value), rule };
  }
  const ratio = unitRatio(key.unit, given.unit, budget);
  if (ratio !== undefined) return { equal: same(times(key.value, ratio), given.value), rule };
  return { equal: sameAngle(key, given, budget), rule };
}

/** 180 degrees = pi radians, where both say so. */
function sameAngle(key: Quantity, given: Quantity, budget: WorkBudget): boolean {
  const [degrees, radians] = key.unit === 'degree' ? [key, given] : [given, key];
  if (degrees.unit !== 'degree' || radians.unit !== 'radian') return false;
  return sameValue({ kind: 'degrees', of: degrees.value }, radians.value, budget);
}

interface Quantity {
  readonly value: Node;
  readonly unit: string | undefined;
}

function split(node: Node): Quantity {
  return node.kind === 'quantity' ? { value: node.of, unit: node.unit } : { value: node, unit: undefined };
}

/**
 * 5 m as five metres where the other side has a unit; by itself, m is a variable. Also 5 m^2 and 5 m/s.
 */
function withLetters(node: Node, other: Node): Node {
  if (other.kind !== 'quantity') return node;
  const [top, bottom] = node.kind === 'quotient' ? [node.top, node.bottom] : [node, undefined];
  const below = bottom?.kind === 'variable' ? unitOfLetter(bottom.name) : undefined;
  if (top.kind !== 'product' || (bottom !== undefined && below === undefined)) return node;
  const last = top.of.at(-1);
  const [letter, exponent] = last?.kind === 'power' ? [last.base, last.exponent] : [last, undefined];
  const unit = letter?.kind === 'variable' ? unitOfLetter(letter.name) : undefined;
  const rest: Node = { kind: 'product', of: top.of.slice(0, -1) };
  if (unit === undefined || variablesOf(rest).length > 0) return node;
  const power = exponent === undefined ? '' : exponent.kind === 'number' ? `^${exponent.value.n}` : undefined;
  if (power === undefined || !/^(?:\^[23])?$/.test(power)) return node;
  return { kind: 'quantity', of: rest, unit: `${unit}${power}${below === undefined ? '' : `/${below}`}` };
}

function samePercent(key: Quantity, given: Quantity, budget: WorkBudget): boolean {
  const other = [key.unit, given.unit].find((unit) => unit !== 'percent');
  if (other !== undefined) return false;
  if (sameValue(key.value, given.value, budget)) return key.unit !== undefined || isAboveOne(key.value, budget);
  // 0.5 for the key 50%; the key 0.5 is not asked in percent.
  return given.unit === undefined && sameValue(key.value, times(given.value, integer(100)), budget);
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

function times(value: Node, factor: Rational): Node {
  return { kind: 'product', of: [value, numberNode(factor)] };
}

function numberNode(value: Rational): Node {
  return { kind: 'number', value, form: 'integer' };
}
