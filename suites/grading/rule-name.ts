/** Names the rule by which two values were compared, after what makes them more than digits. */
import { type Node, someNode, variablesOf } from './syntax.js';

const has = (nodes: readonly Node[], test: (node: Node) => boolean): boolean =>
  nodes.some((node) => someNode(node, test));

/** `fraction`, `radical`, `expression`, ...: the most special thing that either value holds. */
export function scalarRule(...nodes: readonly Node[]): string {
  if (has(nodes, (node) => node.kind === 'constant' && node.name === '∞')) return 'infinity';
  if (has(nodes, (node) => node.kind === 'call')) return 'function';
  if (variablesOf(...nodes).length > 0) return 'expression';
  if (has(nodes, (node) => node.kind === 'constant' && node.name === 'i')) return 'complex';
  if (has(nodes, (node) => node.kind === 'constant')) return 'constant';
  if (has(nodes, (node) => node.kind === 'root')) return 'radical';
  if (has(nodes, (node) => node.kind === 'number' && node.form === 'mixed')) return 'mixed-number';
  if (has(nodes, (node) => node.kind === 'quotient')) return 'fraction';
  if (has(nodes, (node) => node.kind === 'number' && node.form === 'decimal')) return 'decimal';
  if (has(nodes, (node) => node.kind === 'number' && node.form === 'thousands')) return 'thousands';
  if (has(nodes, (node) => node.kind !== 'number' && node.kind !== 'negative')) return 'arithmetic';
  return 'integer';
}
