import { describe, expect, test } from '@jest/globals';
import { KvPages, PAGE_TOKENS } from '../../engine/kv-pages.js';
import type { NativeStep, NativeStepResult } from '../../engine/native.js';
import { PrefixScheduler } from '../../engine/prefix-scheduler.js';
import { MIN_SHARED_TOKENS, PrefixTree } from '../../engine/prefix-tree.js';
import { ScoreCollector } from '../../engine/score-collector.js';

const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

/**
 * A stand-in for the native graph with exact bookkeeping: a cache slot remembers which token was stored at which position, and
 * an answer is a number made of the whole sequence that the row's page table shows up to the row.
 */
class FakeGraph {
  readonly slots = new Map<number, string>();
  computed = 0;

  run(step: NativeStep): NativeStepResult {
    for (let i = 0; i < step.pageCopies.length; i += 2) {
      for (let place = 0; place < PAGE_TOKENS; ++place) {
        const stored = this.slots.get((step.pageCopies[i] as number) * PAGE_TOKENS + place);
        if (stored !== undefined) this.slots.set((step.pageCopies[i + 1] as number) * PAGE_TOKENS + place, stored);
      }
    }
    const sequences: string[] = [];
    let row = 0;
    const stores: (() => void)[] = [];
    const reads: (() => void)[] = [];
    for (let s = 0; s < step.spans.length; s += 4) {
      const [count, start, firstPage] = [...step.spans.subarray(s, s + 3)] as [number, number, number];
      const slot = (position: number) =>
        (step.pageTable[firstPage + Math.floor(position / PAGE_TOKENS)] as number) * PAGE_TOKENS +
        (position % PAGE_TOKENS);
      for (let i = 0; i < count; ++i, ++row) {
        const at = row;
        stores.push(() => this.slots.set(slot(start + i), `${start + i}:${step.tokens[at]}`));
        reads.push(() => {
          sequences[at] = range(0, start + i + 1)
            .map((position) => this.slots.get(slot(position)) ?? 'EMPTY')
            .join(' ');
        });
      }
    }
    for (const store of stores) store();
    for (const read of reads) read();
    this.computed += step.tokens.length;
    const logProbs = [...step.ids].map((id, i) =>
      hash(`${sequences[step.rows[step.idRows[i] as number] as number]}>${id}`),
    );
    return {
      logProbs: Float32Array.from(logProbs),
      best: new Int32Array(),
      logits: new Float32Array(),
      mtpLogits: new Float32Array(),
      drafts: new Int32Array(),
      experts: new Uint16Array(),
    };
  }
}

function hash(text: string): number {
  let value = 7;
  for (const character of text) value = (Math.imul(value, 31) + character.charCodeAt(0)) | 0;
  return value % 65_521;
}

const expected = (tokens: readonly number[], id: number) =>
  hash(`${tokens.map((token, i) => `${i}:${token}`).join(' ')}>${id}`);

function scoreAll(
  contexts: readonly (readonly number[])[],
  options: { share: boolean; batchTokens: number; pages: number },
) {
  const tree = new PrefixTree({ share: options.share });
  const collector = new ScoreCollector();
  for (const [i, context] of contexts.entries()) {
    collector.add(tree, { id: String(i), context, continuations: [[1], [2], [3, 4, 5]] });
  }
  const pages = new KvPages(options.pages);
  const scheduler = new PrefixScheduler(tree, pages, options.batchTokens);
  const graph = new FakeGraph();
  const results = [];
  while (!scheduler.done) {
    const { builder, finish } = scheduler.nextStep();
    expect(builder.tokenCount).toBeLessThanOrEqual(options.batchTokens);
    finish(graph.run(builder.build()));
    results.push(...collector.takeCompleted());
  }
  expect(pages.used).toBe(0);
  // What is answered is not kept.
  expect(tree.roots.flatMap(({ children, queries }) => [...children, ...queries])).toEqual([]);
  return { results, computed: graph.computed };
}

const prefix = range(1000, 150);
const CONTEXTS = [
  [...prefix, ...range(1, 30)],
  [...prefix, ...range(50, 70)],
  [...prefix, ...range(50, 40), ...range(7, 9)],
  [...prefix, ...range(50, 40), 7],
  prefix,
  range(1000, 64),
  range(1000, 65),
  [...range(1000, 5), 9, 9],
  [...prefix, ...range(1, 30)],
  [42],
];

describe('PrefixTree and PrefixScheduler', () => {
  for (const share of [true, false]) {
    for (const batchTokens of [1, 7, 64, 100, 4096]) {
      test(`every row sees exactly its own sequence (share ${share}, ${batchTokens} tokens a step)`, () => {
        const { results } = scoreAll(CONTEXTS, { share, batchTokens, pages: 64 });
        expect(results.map(({ id }) => Number(id)).sort((a, b) => a - b)).toEqual(range(0, CONTEXTS.length));
        for (const { id, logProbs } of results) {
          const context = CONTEXTS[Number(id)] as number[];
          const third = expected(context, 3) + expected([...context, 3], 4) + expected([...context, 3, 4], 5);
          expect(logProbs).toEqual([expected(context, 1), expected(context, 2), third]);
        }
      });
    }
  }

  test('a shared prefix is computed once', () => {
    const tails = range(0, 20).map((i) => [...prefix, ...range(2000 + 100 * i, 10)]);
    const one = (context: readonly number[]) => ({ id: 'x', context, continuations: [[1]] });
    const tree = new PrefixTree({ share: true });
    const collector = new ScoreCollector();
    for (const tail of tails) collector.add(tree, one(tail));
    const scheduler = new PrefixScheduler(tree, new KvPages(64), 128);
    let computed = 0;
    const shared: number[] = [];
    const graph = new FakeGraph();
    while (!scheduler.done) {
      const { builder, finish } = scheduler.nextStep();
      computed += builder.tokenCount;
      finish(graph.run(builder.build()));
      shared.push(...collector.takeCompleted().map(({ sharedTokens }) => sharedTokens));
    }
    expect(computed).toBe(prefix.length + 20 * 10);
    expect(shared.filter((tokens) => tokens === prefix.length)).toHaveLength(19);
    expect(computed + shared.reduce((sum, tokens) => sum + tokens, 0)).toBe(20 * (prefix.length + 10));
  });

  test('a prefix shorter than a branch is worth is not shared, and a repeated prompt is computed once', () => {
    const tree = new PrefixTree({ share: true });
    const query = { position: 0, ids: [1], resolve: () => {} };
    expect(tree.insert(range(0, 40), [query])).toBe(0);
    expect(tree.insert([...range(0, MIN_SHARED_TOKENS - 1), 999], [query])).toBe(0);
    expect(tree.insert([...range(0, MIN_SHARED_TOKENS), 999], [query])).toBe(MIN_SHARED_TOKENS);
    expect(tree.insert(range(0, 40), [query])).toBe(40);
  });

  test('a prompt that the cache cannot hold is refused with the numbers', () => {
    expect(() => scoreAll([range(0, 300)], { share: true, batchTokens: 64, pages: 3 })).toThrow(
      /sequence of 300 tokens does not fit.*at least 5 pages.*found 3/,
    );
  });

  test('a small cache only takes more steps', () => {
    const roomy = scoreAll(CONTEXTS, { share: true, batchTokens: 256, pages: 64 });
    const tight = scoreAll(CONTEXTS, { share: true, batchTokens: 256, pages: 9 });
    const byId = (results: typeof roomy.results) => [...results].sort((a, b) => Number(a.id) - Number(b.id));
    expect(byId(tight.results).map(({ logProbs }) => logProbs)).toEqual(
      byId(roomy.results).map(({ logProbs }) => logProbs),
    );
    expect(tight.computed).toBe(roomy.computed);
  });
});
