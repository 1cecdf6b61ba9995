/** Reads `x = 5`, `f(x) = 2x + 3`, `(x, y) = (1, 2)`, `Area = 12` as a value with a name. */
import type { WorkBudget } from './refusal.js';
import { sameValue } from './same-value.js';
import { type Node, variablesOf } from './syntax.js';

export interface NamedValue {
  readonly name: string;
  readonly value: Node;
}

/**
 * The name and the last side of an equation whose first side only names. Further sides between must equal the last.
 * Undefined for other equations, such as y + x = 3 or x = x^2.
 *
 * @throws Refusal
 */
export function namedValue(node: Node, budget: WorkBudget): NamedValue | undefined {
  if (node.kind !== 'relation' || node.signs.some((sign) => sign !== '=')) return undefined;
  const [first, ...rest] = node.of;
  const value = rest.pop();
  if (first === undefined || value === undefined) return undefined;
  if (!rest.every((side) => sameValue(side, value, budget))) return undefined;
  const name = nameOf(first);
  if (name === undefined) {
    // 10/2 = 5: a calculation and its result.
    const isCalculation = variablesOf(first).length === 0 && isScalar(first) && sameValue(first, value, budget);
    return isCalculation ? { name: '', value } : undefined;
  }
  return first.kind === 'variable' && variablesOf(value).includes(first.name) ? undefined : { name, value };
}

function isScalar(node: Node): boolean {
  return !['text', 'set', 'tuple', 'matrix', 'list', 'relation'].includes(node.kind);
}

function nameOf(node: Node): string | undefined {
  switch (node.kind) {
    case 'variable':
      return node.name;
    case 'text':
      return node.words;
    case 'tuple': {
      const names = node.of.map((part) => (part.kind === 'variable' ? part.name : undefined));
      return names.includes(undefined) ? undefined : `(${names.join()})`;
    }
    case 'ratio': {
      // a:b = 3:2
      const names = node.of.map((part) => variablesOf(part).join('') || undefined);
      return names.includes(undefined) ? undefined : names.join(':');
    }
    case 'product': {
      // f(x), f^{-1}(x), P(A): a capital or f, g, h before brackets is a function's name.
      const [called, argument] = node.of;
      const letter = called?.kind === 'power' ? called.base : called;
      if (node.of.length !== 2 || letter?.kind !== 'variable' || !/^[fghpqFGHPQ]/.test(letter.name)) return undefined;
      return argument?.kind === 'variable' ? `${letter.name}()` : undefined;
    }
    default:
      return undefined;
  }
}
