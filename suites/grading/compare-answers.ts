/** Compares two answers of any form: finds what kind they are and hands them to the rule of that kind. */
import { compareQuantities, isQuantity } from './compare-quantity.js';
import { compareRatios } from './compare-ratio.js';
import { namedValue } from './named-value.js';
import { expandSigns } from './plus-minus.js';
import { isRealSet, sameRealSet } from './real-set.js';
import { Refusal, type WorkBudget } from './refusal.js';
import { scalarRule } from './rule-name.js';
import { proportional, sameValue } from './same-value.js';
import { type Node, someNode } from './syntax.js';
import type { Verdict } from './verdict.js';

/** Most members of a list or set. */
const MOST_MEMBERS = 64;

const different: Verdict = { equal: false, rule: 'kind' };

/** @throws Refusal */
export function compareAnswers(gold: Node, answer: Node, budget: WorkBudget): Verdict {
  const [key, given] = [membersOf(gold, budget), membersOf(answer, budget)];
  if (key === undefined && given === undefined) return compareSingle(gold, answer, budget);
  if (key === undefined) {
    const inside = namedValue(gold, budget)?.value;
    return inside !== undefined && inside.kind === 'set'
      ? compareAnswers(inside, answer, budget)
      : setVerdict(gold, answer, budget);
  }
  if (given === undefined) {
    // A key without brackets leaves the brackets open: 1,-2 may be given as (1,-2).
    if (gold.kind === 'list' && answer.kind === 'tuple') {
      return { equal: sameMembers(key, answer.of, budget), rule: 'list' };
    }
    const inside = namedValue(answer, budget)?.value;
    return inside !== undefined && inside.kind === 'set'
      ? compareAnswers(gold, inside, budget)
      : setVerdict(gold, answer, budget);
  }
  return {
    equal: sameMembers(key, given, budget),
    rule: gold.kind === 'set' || answer.kind === 'set' ? 'set' : 'list',
  };
}

/** The members of a list or a set, plus-minus signs written out; undefined for a single answer. */
function membersOf(node: Node, budget: WorkBudget): readonly Node[] | undefined {
  if (node.kind !== 'list' && node.kind !== 'set') {
    const expanded = expandSigns(node);
    return expanded.length > 1 ? withoutName(expanded, budget) : undefined;
  }
  const members = node.of.flatMap(expandSigns);
  if (members.length > MOST_MEMBERS) throw new Refusal('too-large');
  if (node.kind === 'list') return withoutName(members, budget);
  // A set holds nothing twice.
  return members.filter((member, at) => !members.slice(0, at).some((earlier) => isSame(earlier, member, budget)));
}

/** x = 1, x = 2 and x = 1, 2 are the values 1, 2; x = 1, y = 2 stay equations. */
function withoutName(members: readonly Node[], budget: WorkBudget): readonly Node[] {
  const named = members.map((member) => namedValue(member, budget));
  const first = named[0];
  if (first === undefined) return members;
  const rest = named.slice(1);
  const oneName = rest.every((other) => other?.name === first.name);
  const onlyFirst =
    rest.every((other) => other === undefined) && members.slice(1).every((member) => member.kind !== 'relation');
  if (!oneName && !onlyFirst) return members;
  return members.map((member, at) => named[at]?.value ?? member);
}

function setVerdict(gold: Node, answer: Node, budget: WorkBudget): Verdict {
  if (!isRealSet(gold) && !isRealSet(answer)) return different;
  return { equal: sameRealSet(gold, answer, budget) ?? false, rule: 'interval' };
}

/** Order-free, each member once. */
function sameMembers(key: readonly Node[], given: readonly Node[], budget: WorkBudget): boolean {
  if (key.length !== given.length) return false;
  const left = [...given];
  return key.every((member) => {
    const at = left.findIndex((other) => isSame(member, other, budget));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

function isSame(a: Node, b: Node, budget: WorkBudget): boolean {
  if (a.kind === 'relation' || b.kind === 'relation') return a.kind === b.kind && compareSingle(a, b, budget).equal;
  return compareSingle(a, b, budget).equal;
}

function compareSingle(gold: Node, answer: Node, budget: WorkBudget): Verdict {
  if (gold.kind === 'text' || answer.kind === 'text') return compareWords(gold, answer);
  if (gold.kind === 'relation' || answer.kind === 'relation') return compareRelations(gold, answer, budget);
  if (gold.kind === 'ratio' || answer.kind === 'ratio') return compareRatios(gold, answer, budget);
  if (isRealSet(gold) || isRealSet(answer)) return setVerdict(gold, answer, budget);
  if (isVector(gold) && answer.kind === 'tuple') return compareMatrices(gold, answer, budget);
  if (gold.kind === 'tuple' || answer.kind === 'tuple') return compareTuples(gold, answer, budget);
  if (gold.kind === 'set' || answer.kind === 'set') {
    return gold.kind === answer.kind ? compareAnswers(gold, answer, budget) : different;
  }
  if (gold.kind === 'matrix' || answer.kind === 'matrix') return compareMatrices(gold, answer, budget);
  if (isQuantity(gold) || isQuantity(answer)) return compareQuantities(gold, answer, budget);
  return { equal: sameValue(gold, answer, budget), rule: scalarRule(gold, answer) };
}

/** Words are equal to themselves; a single letter also to the variable of that name, since C may be a choice. */
function compareWords(gold: Node, answer: Node): Verdict {
  const [a, b] = [wordsOf(gold), wordsOf(answer)];
  if (a === undefined || b === undefined) return different;
  return { equal: a === b, rule: a.length === 1 ? 'choice' : 'text' };
}

function wordsOf(node: Node): string | undefined {
  if (node.kind === 'text') return node.words;
  if (node.kind === 'constant' && node.name !== '∞') return node.name;
  return node.kind === 'variable' && /^[A-Za-z]$/.test(node.name) ? node.name.toLowerCase() : undefined;
}

function compareRelations(gold: Node, answer: Node, budget: WorkBudget): Verdict {
  if (isRealSet(gold) || isRealSet(answer)) {
    const same = sameRealSet(gold, answer, budget);
    if (same !== undefined) return { equal: same, rule: 'interval' };
  }
  const [key, given] = [namedValue(gold, budget), namedValue(answer, budget)];
  if (gold.kind === 'relation' && answer.kind === 'relation') {
    if (key !== undefined && given !== undefined && (key.name === given.name || key.name === '' || given.name === '')) {
      return compareAnswers(key.value, given.value, budget);
    }
    return { equal: sameRelation(gold, answer, budget), rule: gold.signs[0] === '=' ? 'equation' : 'inequality' };
  }
  if (gold.kind === 'relation') return key === undefined ? different : compareAnswers(key.value, answer, budget);
  return given === undefined ? different : compareAnswers(gold, given.value, budget);
}

type Relation = Extract<Node, { kind: 'relation' }>;

/** Equations up to a factor that is not zero, inequalities up to a positive one. */
function sameRelation(a: Relation, b: Relation, budget: WorkBudget): boolean {
  if (a.of.length !== 2 || b.of.length !== 2) return false;
  const [left, right] = [asDifference(a), asDifference(b)];
  if (left === undefined || right === undefined || left.sign !== right.sign) return false;
  const positive = left.sign !== '=' && left.sign !== '≠';
  return proportional(left.node, right.node, { budget, positive });
}

/** `a > b` as `b - a < 0`. */
function asDifference({ signs: [sign], of: [a, b] }: Relation): { sign: string; node: Node } | undefined {
  if (a === undefined || b === undefined || sign === undefined || sign === '∈') return undefined;
  const minus = (x: Node, y: Node): Node => ({ kind: 'sum', of: [x, { kind: 'negative', of: y }] });
  if (sign === '>') return { sign: '<', node: minus(b, a) };
  if (sign === '≥') return { sign: '≤', node: minus(b, a) };
  return { sign, node: minus(a, b) };
}

function compareTuples(gold: Node, answer: Node, budget: WorkBudget): Verdict {
  const isInterval = (node: Node): boolean =>
    (node.kind === 'tuple' && (node.open === '[' || node.close === ']')) ||
    someNode(node, (part) => part.kind === 'constant' && part.name === '∞');
  const rule = isInterval(gold) || isInterval(answer) ? 'interval' : 'tuple';
  if (gold.kind !== 'tuple' || answer.kind !== 'tuple') return { equal: false, rule: 'kind' };
  const sameBrackets = gold.open === answer.open && gold.close === answer.close;
  return { equal: sameBrackets && sameInOrder(gold.of, answer.of, budget), rule };
}

function compareMatrices(gold: Node, answer: Node, budget: WorkBudget): Verdict {
  if (gold.kind !== 'matrix') return different;
  if (answer.kind === 'tuple') {
    const isPoint = answer.open === '(' && answer.close === ')';
    return { equal: isPoint && sameInOrder(gold.rows.flat(), answer.of, budget), rule: 'matrix' };
  }
  if (answer.kind !== 'matrix') return different;
  const sameShape = gold.rows.length === answer.rows.length && gold.rows[0]?.length === answer.rows[0]?.length;
  return { equal: sameShape && sameInOrder(gold.rows.flat(), answer.rows.flat(), budget), rule: 'matrix' };
}

/** A key that is one column or one row may be answered with its components in round brackets. */
function isVector(node: Node): boolean {
  return node.kind === 'matrix' && (node.rows.length === 1 || node.rows[0]?.length === 1);
}

function sameInOrder(key: readonly Node[], given: readonly Node[], budget: WorkBudget): boolean {
  return key.length === given.length && key.every((part, at) => isSame(part, given[at] as Node, budget));
}
