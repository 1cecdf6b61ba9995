/** The prompts of requests to be continued as one tree: what several share is one part, and each ends in a part of its own. */
import type { GenerateRequest } from './engine.js';
import { cacheTooSmall, type KvPages, PAGE_TOKENS, pagesFor } from './kv-pages.js';
import { PrefixTree, type TreeNode } from './prefix-tree.js';
import { CHOSEN_NEXT } from './step-builder.js';

/** A piece of a prompt that is computed once, in pages of its own. */
export interface PromptPart {
  readonly parent: PromptPart | undefined;
  /** Position of its first token. */
  readonly start: number;
  readonly tokens: readonly number[];
  /** What follows each of `tokens`, for the MTP module. */
  readonly next: readonly number[];
  /** What its tokens count for in records of routing. */
  readonly group: string | undefined;
  /** Pages that it takes for itself; the pages before them are its parent's. */
  readonly ownPages: number;
  /** Requests below it that are not done. */
  users: number;
  /** Pages of all positions up to its end, once it has them. */
  pages: readonly number[] | undefined;
  /** Tokens whose keys and values are in the cache. */
  computed: number;
}

/** A request and the part in which its prompt ends; there is room behind it for all that may be generated. */
export interface PromptLeaf {
  readonly request: GenerateRequest;
  readonly part: PromptPart;
  /** Prompt tokens that belong to parts of earlier requests. */
  readonly sharedTokens: number;
}

export interface PromptTreeOptions {
  readonly share: boolean;
  /** Shares a token only where the next one is the same, too: an MTP module's entry for a token depends on it. */
  readonly mtp: boolean;
  readonly pages: KvPages;
}

/** Above every token id. */
const TOKEN_LIMIT = 2 ** 24;

/**
 * Leaves in depth-first order: whoever takes them in this order always goes on inside a part that is there already. A prompt's last
 * token is never shared, so that every request has a row of its own to be answered. Throws `memory/kv-cache` for a request that the
 * whole cache cannot hold.
 */
export function buildPromptTree(requests: readonly GenerateRequest[], options: PromptTreeOptions): PromptLeaf[] {
  const { pages } = options;
  for (const request of requests) {
    if (pagesFor(lengthOf(request)) > pages.total) throw cacheTooSmall(lengthOf(request), pages);
  }
  let shared = [...requests];
  const alone: GenerateRequest[] = [];
  for (;;) {
    const leaves = plant(shared, options);
    // Sharing costs a copied page where two prompts part inside of one: a request that just fits may not fit any more.
    const tooLarge = new Set(leaves.filter(({ part }) => pathPages(part) > pages.total).map(({ request }) => request));
    if (tooLarge.size === 0) return [...leaves, ...plant(alone, { ...options, share: false })];
    alone.push(...tooLarge);
    shared = shared.filter((request) => !tooLarge.has(request));
  }
}

/** Positions that a request may come to fill. */
function lengthOf({ context, maxTokens }: GenerateRequest): number {
  return context.length + maxTokens;
}

function pathPages(part: PromptPart): number {
  let sum = 0;
  for (let at: PromptPart | undefined = part; at !== undefined; at = at.parent) sum += at.ownPages;
  return sum;
}

function plant(requests: readonly GenerateRequest[], { share, mtp }: PromptTreeOptions): PromptLeaf[] {
  const tree = new PrefixTree({ share });
  const sharedTokens = requests.map((request, i) => tree.insert(keysOf(request, i, mtp), [], request.group));
  const leaves: PromptLeaf[] = [];
  const stack = tree.roots.map((node): [TreeNode, PromptPart | undefined] => [node, undefined]).reverse();
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const [node, parent] = top;
    const index = firstRequest(node);
    const request = requests[index] as GenerateRequest;
    const part = partOf(node, request, parent);
    for (const child of [...node.children].reverse()) stack.push([child, part]);
    if (node.children.length > 0) continue;
    leaves.push({ request, part, sharedTokens: sharedTokens[index] as number });
    for (let at: PromptPart | undefined = part; at !== undefined; at = at.parent) at.users += 1;
  }
  return leaves;
}

/** What two prompts must have in common to share a token; behind the last one stands the request's own number, as a negative. */
function keysOf({ context }: GenerateRequest, index: number, mtp: boolean): number[] {
  return context.map((token, i) => {
    const next = context[i + 1];
    if (next === undefined) return -1 - index;
    return mtp ? token * TOKEN_LIMIT + next : token;
  });
}

/** Number of a request below `node`. */
function firstRequest(node: TreeNode): number {
  let leaf = node;
  for (let child = leaf.children[0]; child !== undefined; child = leaf.children[0]) leaf = child;
  return -1 - (leaf.tokens.at(-1) as number);
}

function partOf(node: TreeNode, request: GenerateRequest, parent: PromptPart | undefined): PromptPart {
  const end = node.start + node.tokens.length;
  const tokens = request.context.slice(node.start, end);
  const reach = node.children.length === 0 ? lengthOf(request) : end;
  return {
    parent,
    start: node.start,
    tokens,
    next: tokens.map((_, i) => request.context[node.start + i + 1] ?? CHOSEN_NEXT),
    group: node.group,
    ownPages: pagesFor(reach) - Math.floor(node.start / PAGE_TOKENS),
    users: 0,
    pages: undefined,
    computed: 0,
  };
}
