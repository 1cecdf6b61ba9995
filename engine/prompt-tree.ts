/** The prompts of requests to be continued as one tree: what several share is one part, and each ends in a part of its own. */
import type { GenerateRequest } from './engine.js';
import { cacheTooSmall, type KvPages, PAGE_TOKENS, pagesFor } from './kv-pages.js';
import { PrefixTree, type TreeNode } from './prefix-tree.js';
import { CHOSEN_NEXT } from './step-builder.js';
import type { TokenIds } from './token-ids.js';

/** A piece of a prompt that is computed once, in pages of its own. */
export interface PromptPart {
  readonly parent: PromptPart | undefined;
  /** Of a request that has it: its tokens are those from `start` to `end`. */
  readonly prompt: TokenIds;
  readonly start: number;
  readonly end: number;
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
  const sharedTokens = requests.map((request, i) =>
    tree.insert(new PromptKeys(request.context, { request: i, mtp }), [], request.group),
  );
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

/**
 * What two prompts must have in common to share a token; behind the last one stands the request's own number, as a negative. Read from
 * the prompt: a copy of every prompt would be as large as all prompts.
 */
class PromptKeys implements TokenIds {
  readonly length: number;
  private readonly prompt: TokenIds;
  private readonly request: number;
  private readonly mtp: boolean;

  constructor(prompt: TokenIds, { request, mtp }: { readonly request: number; readonly mtp: boolean }) {
    this.length = prompt.length;
    this.prompt = prompt;
    this.request = request;
    this.mtp = mtp;
  }

  at(index: number): number | undefined {
    const place = index < 0 ? index + this.length : index;
    if (place === this.length - 1) return -1 - this.request;
    const token = this.prompt.at(place);
    return this.mtp && token !== undefined ? token * TOKEN_LIMIT + (this.prompt.at(place + 1) as number) : token;
  }

  slice(start = 0, end = this.length): readonly number[] {
    return Array.from({ length: end - start }, (_, i) => this.at(start + i) as number);
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let at = 0; at < this.length; ++at) yield this.at(at) as number;
  }
}

/** Number of a request below `node`. */
function firstRequest(node: TreeNode): number {
  let leaf = node;
  for (let child = leaf.children[0]; child !== undefined; child = leaf.children[0]) leaf = child;
  return -1 - (leaf.slice(leaf.length - 1, leaf.length)[0] as number);
}

function partOf(node: TreeNode, request: GenerateRequest, parent: PromptPart | undefined): PromptPart {
  const end = node.start + node.length;
  const reach = node.children.length === 0 ? lengthOf(request) : end;
  return {
    parent,
    prompt: request.context,
    start: node.start,
    end,
    group: node.group,
    ownPages: pagesFor(reach) - Math.floor(node.start / PAGE_TOKENS),
    users: 0,
    pages: undefined,
    computed: 0,
  };
}

/** What follows each of the tokens from `from` to `to` of a part, for the MTP module. */
export function nextTokens({ prompt, start }: PromptPart, from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => prompt.at(start + from + i + 1) ?? CHOSEN_NEXT);
}
