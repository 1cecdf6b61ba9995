/** Writes answers with \pm out as the answers that they stand for. */
import { Refusal } from './refusal.js';
import { childrenOf, mapChildren, type Node, someNode } from './syntax.js';

/** Most answers that one with plus-minus signs may stand for. */
const MOST = 16;

/**
 * 1 \pm \sqrt{19} -> 1 + \sqrt{19}, 1 - \sqrt{19}. Signs vary together where the answer says \mp, else each by itself.
 *
 * @throws Refusal `too-large`
 */
export function expandSigns(node: Node): readonly Node[] {
  const signs = countSigns(node);
  if (signs === 0) return [node];
  if (someNode(node, (part) => part.kind === 'either-sign' && part.flip))
    return [true, false].map((up) => choose(node, () => up));
  if (2 ** signs > MOST) throw new Refusal('too-large');
  return Array.from({ length: 2 ** signs }, (_, choices) => {
    let at = 0;
    return choose(node, () => {
      at += 1;
      return ((choices >> (at - 1)) & 1) === 0;
    });
  });
}

function countSigns(node: Node): number {
  const below = childrenOf(node).reduce((sum, child) => sum + countSigns(child), 0);
  return below + (node.kind === 'either-sign' ? 1 : 0);
}

function choose(node: Node, isUp: () => boolean): Node {
  if (node.kind !== 'either-sign') return mapChildren(node, (child) => choose(child, isUp));
  const positive = isUp() !== node.flip;
  const of = choose(node.of, isUp);
  return positive ? of : { kind: 'negative', of };
}
