/** The prefix tree over all prompts of a run: every shared prefix is one node and is computed once. */
import { commonLength, type TokenIds } from './token-ids.js';

/** A row of logits that somebody asked for. */
export interface TreeQuery {
  /** The row's token by its position in the sequence. */
  readonly position: number;
  /** Token ids whose log-probability after that row is asked. */
  readonly ids: readonly number[];
  /** Called once with the log-probabilities, in the order of `ids`. */
  resolve(logProbs: readonly number[]): void;
  /** Set where the row's routed experts are told under this name. */
  readonly probe?: string;
}

/** Shared by all nodes that have none, which most nodes have: a run has one for each question. */
const noNodes: readonly TreeNode[] = [];
const noQueries: readonly TreeQuery[] = [];

interface Stretch {
  readonly parent: TreeNode | undefined;
  readonly sequence: TokenIds;
  readonly start: number;
  readonly end: number;
  readonly group: string | undefined;
}

/** A stretch of a sequence, which it names instead of copying it. */
export class TreeNode {
  children: readonly TreeNode[] = noNodes;
  /** What is asked of its rows: most nodes have one query, and no list for it. */
  private asked: TreeQuery | readonly TreeQuery[] = noQueries;

  parent: TreeNode | undefined;
  /** Position of the node's first token in its sequence. */
  readonly start: number;
  /** Of the first sequence that needed it. */
  readonly group: string | undefined;
  /** One of the sequences that go through it. */
  private readonly sequence: TokenIds;
  /** Position behind its last token. */
  private end: number;

  constructor({ parent, sequence, start, end, group }: Stretch) {
    this.parent = parent;
    this.sequence = sequence;
    this.start = start;
    this.end = end;
    this.group = group;
  }

  /** What is asked of its rows. */
  get queries(): readonly TreeQuery[] {
    return isList(this.asked) ? this.asked : [this.asked];
  }

  get length(): number {
    return this.end - this.start;
  }

  /** The node's own tokens from `from` on, up to `to`. */
  slice(from: number, to: number): readonly number[] {
    return this.sequence.slice(this.start + from, this.start + to);
  }

  /** How many of its tokens a sequence has in the same places; it has all that come before them. */
  matches(tokens: TokenIds): number {
    return commonLength(this.sequence, tokens, { known: this.start, limit: this.end }) - this.start;
  }

  add(child: TreeNode): void {
    if (this.children === noNodes) this.children = [child];
    else (this.children as TreeNode[]).push(child);
  }

  ask(query: TreeQuery): void {
    if (this.asked === noQueries) this.asked = query;
    else if (isList(this.asked)) (this.asked as TreeQuery[]).push(query);
    else this.asked = [this.asked, query];
  }

  /** Lets go of the nodes below, and of those who asked: a run with many thousand questions needs none of them once they are answered. */
  forget(): void {
    this.children = noNodes;
    this.asked = noQueries;
  }

  /** Keeps the first `length` tokens; a new child takes the rest. */
  split(length: number): void {
    const cut = this.start + length;
    const rest = new TreeNode({ parent: this, sequence: this.sequence, start: cut, end: this.end, group: this.group });
    rest.children = this.children;
    for (const child of rest.children) child.parent = rest;
    const { queries } = this;
    this.end = cut;
    this.children = [rest];
    this.asked = noQueries;
    for (const query of queries) (query.position < cut ? this : rest).ask(query);
  }
}

function isList(asked: TreeQuery | readonly TreeQuery[]): asked is readonly TreeQuery[] {
  return Array.isArray(asked);
}

/**
 * A branch is made only where at least this many tokens would be shared: a shorter one costs a page copy and a step's wait
 * for less than it saves. Scores do not depend on it.
 */
export const MIN_SHARED_TOKENS = 16;

export class PrefixTree {
  readonly roots: TreeNode[] = [];
  private readonly share: boolean;

  constructor(options: { readonly share: boolean }) {
    this.share = options.share;
  }

  /**
   * Adds a sequence, which it goes on reading; `queries` name rows by their position in it. Returns how many of its tokens were
   * there already.
   */
  insert(tokens: TokenIds, queries: readonly TreeQuery[], group?: string): number {
    let parent: TreeNode | undefined;
    let depth = 0;
    for (;;) {
      const best = this.share ? longestMatch(parent?.children ?? this.roots, tokens) : undefined;
      if (best === undefined) break;
      const { node, length } = best;
      if (length < node.length) {
        if (length < MIN_SHARED_TOKENS && depth + length < tokens.length) break;
        node.split(length);
      }
      depth += length;
      parent = node;
      if (depth === tokens.length) break;
    }
    const shared = depth;
    if (depth < tokens.length) {
      const node = new TreeNode({ parent, sequence: tokens, start: depth, end: tokens.length, group });
      if (parent === undefined) this.roots.push(node);
      else parent.add(node);
      parent = node;
    }
    if (parent !== undefined) attach(parent, queries);
    return shared;
  }
}

function attach(leaf: TreeNode, queries: readonly TreeQuery[]): void {
  for (const query of queries) {
    let node = leaf;
    while (query.position < node.start && node.parent !== undefined) node = node.parent;
    node.ask(query);
  }
}

function longestMatch(siblings: readonly TreeNode[], tokens: TokenIds) {
  let best: { node: TreeNode; length: number } | undefined;
  for (const node of siblings) {
    const length = node.matches(tokens);
    if (length > 0 && (best === undefined || length > best.length)) best = { node, length };
  }
  return best;
}
