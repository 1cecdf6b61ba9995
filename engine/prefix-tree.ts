/** The prefix tree over all prompts of a run: every shared prefix is one node and is computed once. */

/** A row of logits that somebody asked for. */
export interface TreeQuery {
  /** Offset of the row's token within the node. */
  readonly offset: number;
  /** Token ids whose log-probability after that row is asked. */
  readonly ids: readonly number[];
  /** Called once with the log-probabilities, in the order of `ids`. */
  readonly resolve: (logProbs: readonly number[]) => void;
  /** Set where the row's routed experts are told under this name. */
  readonly probe?: string;
}

/** A query that names its row by the position in the sequence. */
type PlacedQuery = Omit<TreeQuery, 'offset'> & { readonly position: number };

export interface TreeNode {
  readonly parent: TreeNode | undefined;
  /** Position of the node's first token in its sequence. */
  start: number;
  /** The node's own tokens. */
  tokens: readonly number[];
  children: TreeNode[];
  queries: TreeQuery[];
  /** Of the first sequence that needed it. */
  readonly group: string | undefined;
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

  /** Adds a sequence; `queries` name rows by their position in it. Returns how many of its tokens were there already. */
  insert(tokens: readonly number[], queries: readonly PlacedQuery[], group?: string): number {
    let siblings = this.roots;
    let parent: TreeNode | undefined;
    let depth = 0;
    for (;;) {
      const best = this.share ? longestMatch(siblings, tokens, depth) : undefined;
      if (best === undefined) break;
      const { node, length } = best;
      if (length < node.tokens.length) {
        if (length < MIN_SHARED_TOKENS && depth + length < tokens.length) break;
        split(node, length);
      }
      depth += length;
      parent = node;
      siblings = node.children;
      if (depth === tokens.length) break;
    }
    const shared = depth;
    if (depth < tokens.length) {
      const node: TreeNode = { parent, start: depth, tokens: tokens.slice(depth), children: [], queries: [], group };
      siblings.push(node);
      parent = node;
    }
    if (parent !== undefined) this.attach(parent, queries);
    return shared;
  }

  private attach(leaf: TreeNode, queries: readonly PlacedQuery[]): void {
    for (const { position, ...query } of queries) {
      let node = leaf;
      while (position < node.start && node.parent !== undefined) node = node.parent;
      node.queries.push({ ...query, offset: position - node.start });
    }
  }
}

function longestMatch(siblings: readonly TreeNode[], tokens: readonly number[], depth: number) {
  let best: { node: TreeNode; length: number } | undefined;
  for (const node of siblings) {
    const limit = Math.min(node.tokens.length, tokens.length - depth);
    let length = 0;
    while (length < limit && node.tokens[length] === tokens[depth + length]) ++length;
    if (length > 0 && (best === undefined || length > best.length)) best = { node, length };
  }
  return best;
}

/** Cuts `node` after `length` tokens: it keeps the first part, and a new child takes the rest. */
function split(node: TreeNode, length: number): void {
  const rest: TreeNode = {
    parent: node,
    start: node.start + length,
    tokens: node.tokens.slice(length),
    children: node.children,
    group: node.group,
    queries: node.queries
      .filter(({ offset }) => offset >= length)
      .map((query) => ({ ...query, offset: query.offset - length })),
  };
  for (const child of rest.children) (child as { parent: TreeNode | undefined }).parent = rest;
  node.tokens = node.tokens.slice(0, length);
  node.queries = node.queries.filter(({ offset }) => offset < length);
  node.children = [rest];
}
