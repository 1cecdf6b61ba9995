/** What an answer is once it is read: the kinds of node of its tree. */
import type { Rational } from './rational.js';

export type Comparison = '=' | '≠' | '<' | '>' | '≤' | '≥' | '∈';
export type FunctionName =
  | 'sin'
  | 'cos'
  | 'tan'
  | 'cot'
  | 'sec'
  | 'csc'
  | 'arcsin'
  | 'arccos'
  | 'arctan'
  | 'ln'
  | 'log'
  | 'exp'
  | 'abs'
  | 'floor'
  | 'ceil';

/** Something with a number (or a formula in variables) as its value. */
export type Scalar =
  | { readonly kind: 'number'; readonly value: Rational; readonly form: 'integer' | 'decimal' | 'thousands' | 'mixed' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'constant'; readonly name: 'π' | 'e' | 'i' | '∞' }
  | { readonly kind: 'sum' | 'product'; readonly of: readonly Node[] }
  | { readonly kind: 'negative' | 'factorial' | 'degrees'; readonly of: Node }
  /** Plus or minus `of`; `flip` for \mp. */
  | { readonly kind: 'either-sign'; readonly of: Node; readonly flip: boolean }
  | { readonly kind: 'quotient'; readonly top: Node; readonly bottom: Node }
  | { readonly kind: 'power'; readonly base: Node; readonly exponent: Node }
  | { readonly kind: 'root'; readonly of: Node; readonly degree: number }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly of: Node; readonly base?: Node }
  | { readonly kind: 'binomial'; readonly top: Node; readonly bottom: Node };

/** An answer of any form. */
export type Node =
  | Scalar
  /** A value with its unit, both as written; `unit` is a canonical name such as `inch^2`, `percent`, `dollar`. */
  | { readonly kind: 'quantity'; readonly of: Node; readonly unit: string }
  /** Digits of a number written in base `base`. */
  | { readonly kind: 'based'; readonly digits: string; readonly base: number }
  /** (a, b), [a, b), ...: a point or an interval. */
  | { readonly kind: 'tuple'; readonly open: '(' | '['; readonly close: ')' | ']'; readonly of: readonly Node[] }
  | { readonly kind: 'set'; readonly of: readonly Node[] }
  /** { variable | condition } */
  | { readonly kind: 'set-builder'; readonly variable: Node; readonly condition: Node }
  /** a : b : c; a to b, which may also be a range; 3:20, which may also be a time of day. */
  | {
      readonly kind: 'ratio';
      readonly sign: ':' | 'to' | 'clock';
      readonly half?: 'am' | 'pm';
      readonly of: readonly Node[];
    }
  /** Answers side by side, without brackets. */
  | { readonly kind: 'list'; readonly of: readonly Node[] }
  | { readonly kind: 'matrix'; readonly rows: readonly (readonly Node[])[] }
  /** a < b <= c ...: `signs` has one entry less than `of`. */
  | { readonly kind: 'relation'; readonly signs: readonly Comparison[]; readonly of: readonly Node[] }
  | { readonly kind: 'set-operation'; readonly sign: '∪' | '∩' | '∖'; readonly of: readonly Node[] }
  | { readonly kind: 'named-set'; readonly name: '∅' | 'ℝ' }
  /** Words, in lower case. */
  | { readonly kind: 'text'; readonly words: string };

/** The nodes directly below `node`. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'number':
    case 'variable':
    case 'constant':
    case 'based':
    case 'named-set':
    case 'text':
      return [];
    case 'quotient':
    case 'binomial':
      return [node.top, node.bottom];
    case 'power':
      return [node.base, node.exponent];
    case 'call':
      return node.base === undefined ? [node.of] : [node.of, node.base];
    case 'set-builder':
      return [node.variable, node.condition];
    case 'matrix':
      return node.rows.flat();
    case 'negative':
    case 'factorial':
    case 'degrees':
    case 'either-sign':
    case 'root':
    case 'quantity':
      return [node.of];
    default:
      return node.of;
  }
}

/** Whether `test` holds for a node of the tree. */
export function someNode(node: Node, test: (node: Node) => boolean): boolean {
  return test(node) || childrenOf(node).some((child) => someNode(child, test));
}

/** The tree with `change` applied to each child of its root. */
export function mapChildren(node: Node, change: (child: Node) => Node): Node {
  switch (node.kind) {
    case 'number':
    case 'variable':
    case 'constant':
    case 'based':
    case 'named-set':
    case 'text':
      return node;
    case 'quotient':
    case 'binomial':
      return { ...node, top: change(node.top), bottom: change(node.bottom) };
    case 'power':
      return { ...node, base: change(node.base), exponent: change(node.exponent) };
    case 'call':
      return node.base === undefined
        ? { ...node, of: change(node.of) }
        : { ...node, of: change(node.of), base: change(node.base) };
    case 'set-builder':
      return { ...node, variable: change(node.variable), condition: change(node.condition) };
    case 'matrix':
      return { ...node, rows: node.rows.map((row) => row.map(change)) };
    case 'negative':
    case 'factorial':
    case 'degrees':
    case 'either-sign':
    case 'root':
    case 'quantity':
      return { ...node, of: change(node.of) };
    default:
      return { ...node, of: node.of.map(change) };
  }
}

/** Names of the variables in a formula, sorted. */
export function variablesOf(...nodes: readonly Node[]): string[] {
  const names = new Set<string>();
  const visit = (node: Node): void => {
    if (node.kind === 'variable') names.add(node.name);
    for (const child of childrenOf(node)) visit(child);
  };
  for (const node of nodes) visit(node);
  return [...names].sort();
}
