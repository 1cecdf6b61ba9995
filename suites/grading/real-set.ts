/** Sets of real numbers as they are written: intervals, unions, inequalities, membership; and whether two are the same. */
import { NotANumber, NotReal } from './evaluate.js';
import { Refusal, type WorkBudget } from './refusal.js';
import { infinitySign, sameValue, signOfDifference } from './same-value.js';
import { type Node, variablesOf } from './syntax.js';

/** A set by its ends in rising order: whether each end, and each gap before, between and after the ends, belongs. */
interface RealSet {
  /** Name of the variable that the set was said of, if any. */
  readonly of?: string;
  readonly ends: readonly Node[];
  readonly atEnd: readonly boolean[];
  /** One more than `ends`. */
  readonly inGap: readonly boolean[];
}

const MOST_ENDS = 40;

/** Whether a node can only be a set of real numbers. */
export function isRealSet(node: Node): boolean {
  switch (node.kind) {
    case 'set-operation':
    case 'set-builder':
    case 'named-set':
      return true;
    case 'tuple':
      return (node.open === '(') !== (node.close === ')');
    case 'relation':
      return node.signs.every((sign) => sign !== '=');
    default:
      return false;
  }
}

/**
 * Whether two nodes are the same set of real numbers; undefined where one of them is no set that can be worked with.
 *
 * @throws Refusal
 */
export function sameRealSet(a: Node, b: Node, budget: WorkBudget): boolean | undefined {
  try {
    const [left, right] = [setOf(a, budget), setOf(b, budget)];
    if (left === undefined || right === undefined) return undefined;
    if (left.of !== undefined && right.of !== undefined && left.of !== right.of) return false;
    return sameSet(left, right, budget);
  } catch (error) {
    if (error instanceof NotANumber || error instanceof NotReal) return undefined;
    throw error;
  }
}

function setOf(node: Node, budget: WorkBudget): RealSet | undefined {
  switch (node.kind) {
    case 'named-set':
      return { ends: [], atEnd: [], inGap: [node.name === 'ℝ'] };
    case 'set':
      return node.of
        .map((point) => interval(point, point, { low: true, high: true, budget }))
        .reduce((x, y) => combine(x, y, { keep: (p, q) => p || q, budget }));
    case 'tuple': {
      const [low, high] = node.of;
      if (node.of.length !== 2 || low === undefined || high === undefined) return undefined;
      return interval(low, high, { low: node.open === '[', high: node.close === ']', budget });
    }
    case 'set-operation': {
      const [x, y] = node.of.map((part) => setOf(part, budget));
      if (x === undefined || y === undefined) return undefined;
      const keep = { '∪': either, '∩': both, '∖': without }[node.sign];
      return combine(x, y, { keep, budget });
    }
    case 'set-builder': {
      const set = setOf(node.condition, budget);
      return node.variable.kind === 'variable' && set?.of === node.variable.name ? dropName(set) : undefined;
    }
    case 'relation':
      return node.signs[0] === '∈' ? membership(node, budget) : inequality(node, budget);
    default:
      return undefined;
  }
}

const either = (p: boolean, q: boolean): boolean => p || q;
const both = (p: boolean, q: boolean): boolean => p && q;
const without = (p: boolean, q: boolean): boolean => p && !q;

function dropName({ ends, atEnd, inGap }: RealSet): RealSet {
  return { ends, atEnd, inGap };
}

function interval(low: Node, high: Node, options: { low: boolean; high: boolean; budget: WorkBudget }): RealSet {
  const ends: Node[] = [];
  const atEnd: boolean[] = [];
  for (const [end, closed] of [
    [low, options.low],
    [high, options.high],
  ] as const) {
    if (infinitySign(end) !== 0) continue;
    if (variablesOf(end).length > 0) throw new NotANumber('an end in variables');
    ends.push(end);
    atEnd.push(closed);
  }
  const [first, last] = ends;
  if (infinitySign(low) > 0 || infinitySign(high) < 0) throw new Refusal('undecided');
  if (first !== undefined && last !== undefined && ends.length === 2) {
    const order = signOfDifference(first, last, options.budget);
    if (order > 0) throw new NotANumber('ends in the wrong order');
    if (order === 0) return { ends: [first], atEnd: [options.low && options.high], inGap: [false, false] };
    return { ends, atEnd, inGap: [false, true, false] };
  }
  // Checks that a single end is a real number.
  if (first !== undefined) signOfDifference(first, first, options.budget);
  if (first === undefined) return { ends, atEnd, inGap: [true] };
  return { ends, atEnd, inGap: [infinitySign(low) !== 0, infinitySign(high) !== 0] };
}

function membership(node: Extract<Node, { kind: 'relation' }>, budget: WorkBudget): RealSet | undefined {
  const [variable, set] = node.of;
  if (node.of.length !== 2 || variable?.kind !== 'variable' || set === undefined) return undefined;
  const members = setOf(set, budget);
  return members && { ...dropName(members), of: variable.name };
}

/** x > 2, 2 < x, -2 <= x < 7, x != 3, with the variable alone between constants. */
function inequality({ signs, of }: Extract<Node, { kind: 'relation' }>, budget: WorkBudget): RealSet | undefined {
  const at = of.findIndex((side) => side.kind === 'variable');
  const variable = of[at];
  if (variable?.kind !== 'variable' || of.some((side, i) => i !== at && variablesOf(side).length > 0)) return undefined;
  const parts = signs.map((sign, i): RealSet | undefined => {
    const isRight = i === at;
    const bound = of[isRight ? i + 1 : i];
    if (bound === undefined || (i !== at && i + 1 !== at)) return undefined;
    if (sign === '≠') {
      const point = interval(bound, bound, { low: true, high: true, budget });
      return combine({ ends: [], atEnd: [], inGap: [true] }, point, { keep: without, budget });
    }
    const isAbove = (sign === '>' || sign === '≥') === isRight;
    const closed = sign === '≥' || sign === '≤';
    const infinity: Node = { kind: 'constant', name: '∞' };
    return isAbove
      ? interval(bound, infinity, { low: closed, high: false, budget })
      : interval({ kind: 'negative', of: infinity }, bound, { low: false, high: closed, budget });
  });
  if (!parts.every((part) => part !== undefined)) return undefined;
  const set = parts.reduce((x, y) => combine(x, y, { keep: both, budget }));
  return { ...set, of: variable.name };
}

function combine(
  x: RealSet,
  y: RealSet,
  { keep, budget }: { keep: (p: boolean, q: boolean) => boolean; budget: WorkBudget },
): RealSet {
  const ends: Node[] = [];
  const atEnd: boolean[] = [];
  const inGap = [keep(x.inGap[0] ?? false, y.inGap[0] ?? false)];
  let [i, j] = [0, 0];
  while (i < x.ends.length || j < y.ends.length) {
    if (ends.length === MOST_ENDS) throw new Refusal('too-large');
    const [a, b] = [x.ends[i], y.ends[j]];
    const order = a === undefined ? 1 : b === undefined ? -1 : signOfDifference(a, b, budget);
    const inX = (order <= 0 ? x.atEnd[i] : x.inGap[i]) ?? false;
    const inY = (order >= 0 ? y.atEnd[j] : y.inGap[j]) ?? false;
    ends.push((order <= 0 ? a : b) as Node);
    atEnd.push(keep(inX, inY));
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
    inGap.push(keep(x.inGap[i] ?? false, y.inGap[j] ?? false));
  }
  return { ends, atEnd, inGap };
}

/** Without the ends at which nothing changes, so that equal sets have equal ends. */
function simplify({ ends, atEnd, inGap }: RealSet): RealSet {
  const kept = ends.map((_, at) => atEnd[at] !== inGap[at] || atEnd[at] !== inGap[at + 1]);
  return {
    ends: ends.filter((_, at) => kept[at]),
    atEnd: atEnd.filter((_, at) => kept[at]),
    inGap: inGap.filter((_, at) => at === 0 || kept[at - 1]),
  };
}

function sameSet(x: RealSet, y: RealSet, budget: WorkBudget): boolean {
  const [a, b] = [simplify(x), simplify(y)];
  if (a.ends.length !== b.ends.length || a.inGap.join() !== b.inGap.join() || a.atEnd.join() !== b.atEnd.join())
    return false;
  return a.ends.every((end, at) => sameValue(end, b.ends[at] as Node, budget));
}
