import { describe, expect, test } from '@jest/globals';
import { equal } from '../../../suites/grading/equal.js';
import { generator } from './seeded.js';

type Tree =
  | { readonly kind: 'leaf'; readonly text: string; readonly value: (x: number, y: number) => number }
  | { readonly kind: '+' | '-' | '*' | '/'; readonly a: Tree; readonly b: Tree }
  | { readonly kind: 'square' | 'root'; readonly a: Tree };

type Random = (below: number) => number;

const whole = (n: number): Tree => ({ kind: 'leaf', text: String(n), value: () => n });
const named = (text: string, value: (x: number, y: number) => number): Tree => ({ kind: 'leaf', text, value });
const x = named('x', (at) => at);
const y = named('y', (_, at) => at);
const pi = named('\\pi', () => Math.PI);

function randomTree(random: Random, depth: number): Tree {
  const pick = random(depth === 0 ? 4 : 11);
  if (pick < 2) return whole(1 + random(30));
  if (pick < 4) return [x, y, pi][random(3)] ?? x;
  if (pick === 10) return { kind: 'square', a: randomTree(random, depth - 1) };
  if (pick === 9) return { kind: 'root', a: whole(2 + random(60)) };
  const kind = (['+', '-', '*', '/', '+'] as const)[pick - 4] ?? '+';
  return { kind, a: randomTree(random, depth - 1), b: randomTree(random, depth - 1) };
}

/** LaTeX with braces, implicit products, \frac and \sqrt. */
function printTight(tree: Tree): string {
  switch (tree.kind) {
    case 'leaf':
      return tree.text;
    case '/':
      return `\\dfrac{${printTight(tree.a)}}{${printTight(tree.b)}}`;
    case '*':
      return `\\left(${printTight(tree.a)}\\right)\\left(${printTight(tree.b)}\\right)`;
    case 'square':
      return `\\left(${printTight(tree.a)}\\right)^{2}`;
    case 'root':
      return `\\sqrt{${printTight(tree.a)}}`;
    default:
      return `${printTight(tree.a)} ${tree.kind} \\left(${printTight(tree.b)}\\right)`;
  }
}

/** Another style: sums and products the other way round, slashes, powers of one half, Unicode. */
function printLoose(tree: Tree): string {
  switch (tree.kind) {
    case 'leaf':
      return tree.text === '\\pi' ? 'π' : tree.text;
    case '/':
      return `(${printLoose(tree.a)})/(${printLoose(tree.b)})`;
    case '*':
      return `(${printLoose(tree.b)}) \\cdot (${printLoose(tree.a)})`;
    case 'square':
      return `(${printLoose(tree.a)})\\times(${printLoose(tree.a)})`;
    case 'root':
      return `(${printLoose(tree.a)})^{\\frac12}`;
    case '-':
      return `-(${printLoose(tree.b)})+(${printLoose(tree.a)})`;
    default:
      return `(${printLoose(tree.b)}) + {${printLoose(tree.a)}}`;
  }
}

function valueAt(tree: Tree, at: readonly [number, number]): number {
  switch (tree.kind) {
    case 'leaf':
      return tree.value(...at);
    case 'square':
      return valueAt(tree.a, at) ** 2;
    case 'root':
      return Math.sqrt(valueAt(tree.a, at));
    default: {
      const [a, b] = [valueAt(tree.a, at), valueAt(tree.b, at)];
      return tree.kind === '+'
        ? a + b
        : tree.kind === '-'
          ? a - b
          : tree.kind === '*'
            ? a * b
            : b === 0
              ? Number.NaN
              : a / b;
    }
  }
}

const countLeaves = (tree: Tree): number =>
  tree.kind === 'leaf' ? 1 : countLeaves(tree.a) + ('b' in tree ? countLeaves(tree.b) : 0);

/** The tree with leaf number `at` replaced by one that differs. */
function changeLeaf(tree: Tree, at: number): Tree {
  if (tree.kind === 'leaf') return /^\d+$/.test(tree.text) ? whole(Number(tree.text) + 1) : tree.text === 'x' ? y : x;
  const left = countLeaves(tree.a);
  if (at < left || !('b' in tree)) return { ...tree, a: changeLeaf(tree.a, at) };
  return { ...tree, b: changeLeaf(tree.b, at - left) };
}

/** Whether doubles alone show that two trees differ; a judge that shares nothing with the code under test. */
function clearlyDiffer(a: Tree, b: Tree): boolean {
  return (
    [
      [1.37, 2.91],
      [-3.21, 0.77],
      [5.5, -4.3],
    ] as const
  ).some((at) => {
    const [p, q] = [valueAt(a, at), valueAt(b, at)];
    return Number.isFinite(p) && Number.isFinite(q) && Math.abs(p - q) > 1e-6 * Math.max(1, Math.abs(p), Math.abs(q));
  });
}

const isDefined = (tree: Tree): boolean => Number.isFinite(valueAt(tree, [1.37, 2.91]));

describe('random expression trees', () => {
  const random = generator(2024);
  const trees = Array.from({ length: 600 }, () => randomTree(random, 4)).filter(isDefined);

  test('printed in two styles are equal, both ways', () => {
    expect(trees.length).toBeGreaterThan(500);
    const missed = trees
      .map((tree) => [printTight(tree), printLoose(tree)] as const)
      .filter(([a, b]) => !equal(a, b).equal || !equal(b, a).equal);
    expect(missed).toEqual([]);
  });

  test('with one leaf changed are different, both ways', () => {
    const changed = trees
      .map((tree) => [tree, changeLeaf(tree, random(countLeaves(tree)))] as const)
      .filter(([tree, other]) => clearlyDiffer(tree, other))
      .map(([tree, other]) => [printTight(tree), printLoose(other)] as const);
    expect(changed.length).toBeGreaterThan(400);
    expect(changed.filter(([a, b]) => equal(a, b).equal || equal(b, a).equal)).toEqual([]);
  });
});
