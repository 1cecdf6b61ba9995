/** Walks a prefix tree in steps: packs ready nodes to the token budget, owns their pages, answers their queries, and lets go of both. */
import { cacheTooSmall, type KvPages, PAGE_TOKENS, pagesFor } from './kv-pages.js';
import type { NativeStepResult } from './native.js';
import type { PrefixTree, TreeNode, TreeQuery } from './prefix-tree.js';
import { StepBuilder } from './step-builder.js';

/** A node whose tokens are being computed, or whose children are. */
interface ActiveNode {
  readonly node: TreeNode;
  readonly parent: ActiveNode | undefined;
  /** Pages of positions 0 .. end of this node; the first ones belong to ancestors. */
  pages: readonly number[];
  /** Pages to give back when the node and all below it are done. */
  owned: readonly number[];
  started: boolean;
  computed: number;
  /** Children, and the node itself, that still need its pages. */
  pending: number;
}

interface Answer {
  readonly query: TreeQuery;
  readonly first: number;
}

export interface PlannedStep {
  readonly builder: StepBuilder;
  /** Hands the step's result to the queries and frees the pages that nobody needs any more. */
  finish(result: NativeStepResult): void;
}

export class PrefixScheduler {
  /** Nodes that may be computed now, the next one last: depth first, so that few prefixes are alive at a time. */
  private readonly ready: ActiveNode[];
  private readonly pages: KvPages;
  private readonly batchTokens: number;

  constructor(tree: PrefixTree, pages: KvPages, batchTokens: number) {
    this.pages = pages;
    this.batchTokens = batchTokens;
    this.ready = [...tree.roots].reverse().map((node) => activate(node, undefined));
  }

  get done(): boolean {
    return this.ready.length === 0;
  }

  /** The next step; its nodes' children become ready only when it is finished. */
  nextStep(): PlannedStep {
    const builder = new StepBuilder();
    const answers: Answer[] = [];
    const completed: ActiveNode[] = [];
    while (this.ready.length > 0 && builder.tokenCount < this.batchTokens) {
      const active = this.ready[this.ready.length - 1] as ActiveNode;
      if (!active.started && !this.start(active, builder)) break;
      this.addChunk(active, builder, answers);
      if (active.computed < active.node.length) break;
      this.ready.pop();
      completed.push(active);
    }
    if (builder.tokenCount === 0) {
      const { node } = this.ready[this.ready.length - 1] as ActiveNode;
      throw cacheTooSmall(node.start + node.length, this.pages);
    }
    return { builder, finish: (result) => this.finish(result, answers, completed) };
  }

  /** Takes the node's pages; its first page begins as a copy of the parent's last one where they share it. */
  private start(active: ActiveNode, builder: StepBuilder): boolean {
    const { node, parent } = active;
    const inherited = Math.floor(node.start / PAGE_TOKENS);
    const needed = pagesFor(node.start + node.length) - inherited;
    if (needed > this.pages.available) return false;
    active.owned = this.pages.take(needed);
    active.pages = [...(parent?.pages.slice(0, inherited) ?? []), ...active.owned];
    const shared = parent?.pages[inherited];
    if (node.start % PAGE_TOKENS !== 0 && shared !== undefined) builder.copyPage(shared, active.owned[0] as number);
    active.started = true;
    return true;
  }

  private addChunk(active: ActiveNode, builder: StepBuilder, answers: Answer[]): void {
    const { node } = active;
    const count = Math.min(node.length - active.computed, this.batchTokens - builder.tokenCount);
    const end = active.computed + count;
    const start = node.start + active.computed;
    const firstRow = builder.addSpan({
      tokens: node.slice(active.computed, end),
      start,
      pages: active.pages.slice(0, pagesFor(start + count)),
      decode: false,
      group: node.group,
    });
    for (const query of node.queries) {
      const offset = query.position - node.start;
      if (offset < active.computed || offset >= end) continue;
      const row = firstRow + offset - active.computed;
      answers.push({ query, first: builder.addQuery(row, query.ids) });
      if (query.probe !== undefined) builder.addProbe(row, query.probe);
    }
    active.computed = end;
  }

  private finish(result: NativeStepResult, answers: readonly Answer[], completed: readonly ActiveNode[]): void {
    for (const { query, first } of answers) {
      query.resolve(Array.from(result.logProbs.subarray(first, first + query.ids.length)));
    }
    for (const active of [...completed].reverse()) {
      for (const child of [...active.node.children].reverse()) this.ready.push(activate(child, active));
      active.node.forget();
      this.release(active);
    }
  }

  private release(active: ActiveNode): void {
    let node: ActiveNode | undefined = active;
    while (node !== undefined && --node.pending === 0) {
      this.pages.release(node.owned);
      node = node.parent;
    }
  }
}

/** All children of a finished node wait at once, without pages. */
const noPages: readonly number[] = [];

function activate(node: TreeNode, parent: ActiveNode | undefined): ActiveNode {
  const pending = node.children.length + 1;
  return { node, parent, pages: noPages, owned: noPages, started: false, computed: 0, pending };
}
