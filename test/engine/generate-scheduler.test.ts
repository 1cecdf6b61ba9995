import { describe, expect, test } from '@jest/globals';
import type { GenerateRequest, GenerateResult } from '../../engine/engine.js';
import { GenerateScheduler } from '../../engine/generate-scheduler.js';
import { KvPages, PAGE_TOKENS } from '../../engine/kv-pages.js';
import type { NativeStep, NativeStepResult } from '../../engine/native.js';

const VOCAB = 50;
const EOS = 7;
const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

function hash(numbers: readonly number[]): number {
  let value = 7;
  for (const number of numbers) value = (Math.imul(value ^ number, 0x9e3779b1) + (value >>> 15)) >>> 0;
  return (value ^ (value >>> 16)) >>> 0;
}

/** The token behind a sequence, and what a module that is right two times in three expects behind that one. */
const nextOf = (tokens: readonly number[], salt: readonly number[] = []) => hash([...tokens, -1, ...salt]) % VOCAB;
const draftOf = (tokens: readonly number[]) => (nextOf(tokens) + (hash([...tokens, -2]) % 3 === 0 ? 1 : 0)) % VOCAB;

/**
 * A stand-in for the native graph that keeps books. A slot of the main cache remembers token and position, one of the module's cache
 * the token behind it as well; a row's token is a function of all that its pages show it, so that a stale or missing entry shows.
 */
class FakeGraph {
  readonly main = new Map<number, string>();
  readonly module = new Map<number, string>();
  rows = 0;

  run(step: NativeStep): NativeStepResult {
    for (let i = 0; i < step.pageCopies.length; i += 2) {
      for (let place = 0; place < PAGE_TOKENS; ++place) {
        for (const cache of [this.main, this.module]) {
          const stored = cache.get((step.pageCopies[i] as number) * PAGE_TOKENS + place);
          const target = (step.pageCopies[i + 1] as number) * PAGE_TOKENS + place;
          if (stored === undefined) cache.delete(target);
          else cache.set(target, stored);
        }
      }
    }
    const rows = rowsOf(step);
    this.rows += rows.length;
    for (const { slots, token, position } of rows) this.main.set(slots.at(-1) as number, `${position}:${token}`);
    const views = rows.map(({ slots }) => slots.map((slot, i) => tokenAt(this.main.get(slot), i)));
    const best = [...step.rows].map((row, i) => nextOf(views[row] ?? [], saltOf(step, i)));
    const drafts: number[] = [];
    if (step.nextTokens.length > 0) {
      const next = [...step.nextTokens].map((token, row) => (token === -2 ? best[step.rows.indexOf(row)] : token));
      rows.forEach(({ slots, token, position }, row) => {
        this.module.set(slots.at(-1) as number, `${position}:${token}>${next[row]}`);
      });
      rows.forEach(({ slots, isDraft }, row) => {
        if (step.nextTokens[row] !== -2) return;
        const tokens = [...(views[row] as number[]), next[row] as number];
        // Behind a wrong draft nothing is used; every other row must see one entry for each pair of its own sequence.
        const isUsed = !isDraft || tokens.at(-2) === next[row - 1];
        slots.forEach((slot, i) => {
          const [wanted, seen] = [`${i}:${tokens[i]}>${tokens[i + 1]}`, this.module.get(slot)];
          if (isUsed && seen !== wanted) throw new Error(`the module sees ${seen} instead of ${wanted}`);
        });
        drafts.push(draftOf(tokens));
      });
    }
    return {
      logProbs: new Float32Array(),
      best: Int32Array.from(best),
      logits: new Float32Array(),
      mtpLogits: new Float32Array(),
      drafts: Int32Array.from(drafts),
      experts: new Uint16Array(),
    };
  }
}

function rowsOf(step: NativeStep) {
  const rows: { slots: number[]; token: number; position: number; isDraft: boolean }[] = [];
  for (let s = 0; s < step.spans.length; s += 4) {
    const [count, start, firstPage, decode] = [...step.spans.subarray(s, s + 4)] as [number, number, number, number];
    for (let i = 0; i < count; ++i) {
      const slots = range(0, start + i + 1).map((position) => {
        const page = step.pageTable[firstPage + Math.floor(position / PAGE_TOKENS)] as number;
        return page * PAGE_TOKENS + (position % PAGE_TOKENS);
      });
      const token = step.tokens[rows.length] as number;
      rows.push({ slots, token, position: start + i, isDraft: decode === 1 && i > 0 });
    }
  }
  return rows;
}

function tokenAt(stored: string | undefined, position: number): number {
  const [at, token] = stored?.split(':') ?? [];
  if (Number(at) !== position) throw new Error(`the slot of position ${position} holds ${stored}`);
  return Number(token);
}

/** The row's key and place stand for its draw; nothing where the best token is taken. */
function saltOf({ sampleIntegers, sampleNumbers }: NativeStep, row: number): readonly number[] {
  return (sampleNumbers[3 * row] ?? 0) === 0 ? [] : [...sampleIntegers.subarray(4 * row + 1, 4 * row + 4)];
}

interface Setting {
  readonly mtp?: boolean;
  readonly share?: boolean;
  readonly batchTokens?: number;
  readonly pages?: number;
}

function generate(requests: readonly GenerateRequest[], setting: Setting) {
  const { mtp = false, share = true, batchTokens = 64, pages: total = 200 } = setting;
  const pages = new KvPages(total);
  const graph = new FakeGraph();
  const scheduler = new GenerateScheduler(requests, {
    pages,
    batchTokens,
    mtp,
    sharePrefixes: share,
    eosIds: [EOS],
    decode: (ids) => ids.map((id) => 'abcdefg'[id % 7]).join(''),
    decodePrompt: () => '',
  });
  const results: GenerateResult[] = [];
  const counts = { steps: 0, taken: 0, drafted: 0, accepted: 0, decodeTokens: 0, mixedSteps: 0 };
  for (results.push(...scheduler.takeCompleted()); !scheduler.done; results.push(...scheduler.takeCompleted())) {
    const step = scheduler.nextStep();
    expect(step.builder.tokenCount).toBeLessThanOrEqual(batchTokens);
    expect(step.builder.tokenCount).toBeGreaterThan(0);
    expect(pages.used).toBeLessThanOrEqual(total);
    const { taken, drafted, accepted } = step.finish(graph.run(step.builder.build()));
    counts.taken += taken;
    counts.steps += 1;
    counts.drafted += drafted;
    counts.accepted += accepted;
    counts.decodeTokens += step.decodeTokens;
    if (step.prefillTokens > 0 && step.decodeTokens > 0) counts.mixedSteps += 1;
  }
  expect(pages.used).toBe(0);
  expect(results).toHaveLength(requests.length);
  return { results, counts, computedRows: graph.rows };
}

const byName = (results: readonly GenerateResult[]) =>
  new Map(results.map(({ sharedTokens: _, ...result }) => [`${result.id}#${result.repeat}`, result]));

const prefix = range(0, 150).map((i) => (i * 7) % VOCAB);
/** Prompts that are equal, that part inside a page and at its edge, and that begin one another; short and long answers. */
const requests: GenerateRequest[] = [
  [...prefix, ...range(1, 30)],
  [...prefix, ...range(3, 41)],
  prefix,
  prefix.slice(0, 64),
  prefix.slice(0, 65),
  prefix.slice(0, 128),
  [...prefix.slice(0, 20), 49, 48, 47],
  [42],
].flatMap((context, i) =>
  range(0, 3).map((repeat) => ({
    id: `prompt ${i}`,
    repeat,
    context,
    maxTokens: [1, 2, 3, 70, 9, 90, 33, 64][(i + 3 * repeat) % 8] as number,
    stop: i % 2 === 0 ? [] : ['dad', 'fbg'],
    sampling: repeat === 0 ? {} : { temperature: 1, seed: 5 },
  })),
);

describe('GenerateScheduler', () => {
  const plain = byName(generate(requests, { share: false, batchTokens: 4096 }).results);

  test('takes tokens one by one until the end of text, a stop string, or the most tokens', () => {
    for (const { id, repeat, context, maxTokens } of requests.filter(({ repeat }) => repeat === 0)) {
      const { ids, end } = plain.get(`${id}#${repeat}`) as GenerateResult;
      const tokens = [...context];
      for (const token of ids) {
        expect(token).toBe(nextOf(tokens));
        tokens.push(token);
      }
      if (end === 'eos') expect(nextOf(tokens)).toBe(EOS);
      if (end === 'truncated') expect(ids).toHaveLength(maxTokens);
    }
    expect(new Set([...plain.values()].map(({ end }) => end))).toEqual(new Set(['eos', 'stop', 'truncated']));
  });

  for (const mtp of [false, true]) {
    for (const share of [false, true]) {
      for (const [batchTokens, pages] of [
        [4096, 200],
        [17, 200],
        [64, 12],
        [4096, 6],
        ...(share ? [[1, 200] as const] : []),
      ] as const) {
        test(`gives the same texts (mtp ${mtp}, share ${share}, ${batchTokens} tokens a step, ${pages} pages)`, () => {
          expect(byName(generate(requests, { mtp, share, batchTokens, pages }).results)).toEqual(plain);
          const shuffled = [...requests].sort(
            (a, b) => hash([...a.context, a.maxTokens]) - hash([...b.context, b.maxTokens]),
          );
          expect(byName(generate(shuffled, { mtp, share, batchTokens, pages }).results)).toEqual(plain);
        });
      }
    }
  }

  test('drafts where the budget has room, and counts what they give', () => {
    // The fake module knows nothing of draws.
    const greedy = requests.filter(({ repeat }) => repeat === 0);
    const { results, counts } = generate(greedy, { mtp: true, batchTokens: 4096 });
    const tokens = results.reduce((sum, { ids, end }) => sum + ids.length + (end === 'eos' ? 1 : 0), 0);
    // Every sequence's first token comes from its prompt's row.
    expect(counts.taken).toBe(tokens - results.length);
    // A draft may be the token that ends its text.
    expect(counts.decodeTokens - counts.drafted + counts.accepted).toBeGreaterThanOrEqual(counts.taken);
    expect(counts.accepted / counts.drafted).toBeGreaterThan(0.55);
    expect(counts.accepted / counts.drafted).toBeLessThan(0.75);
    const without = generate(greedy, { batchTokens: 4096 });
    expect(without.counts).toMatchObject({
      drafted: 0,
      accepted: 0,
      taken: counts.taken,
      decodeTokens: counts.taken,
    });
    expect(counts.steps).toBeLessThan(0.75 * without.counts.steps);
    expect(generate(greedy, { mtp: true, batchTokens: 1 }).counts.drafted).toBe(0);
    // The second of two tokens needs no draft: nothing may follow it.
    expect(
      generate(
        greedy.map((request) => ({ ...request, maxTokens: 2 })),
        { mtp: true },
      ).counts.drafted,
    ).toBe(0);
  });

  test.each([false, true])('computes what prompts share once (mtp %s)', (mtp) => {
    const repeats = range(0, 8).map((repeat) => ({ id: 'x', repeat, context: prefix, maxTokens: 1 }));
    const { results, computedRows } = generate(repeats, { mtp });
    // With MTP the last shared token is the one whose next token is the same for all.
    const shared = prefix.length - 1;
    expect(computedRows).toBe(shared + 8);
    expect(results.map(({ sharedTokens }) => sharedTokens).sort()).toEqual(
      [0, ...range(0, 7).map(() => shared)].sort(),
    );
    expect(generate(repeats, { mtp, share: false }).computedRows).toBe(8 * prefix.length);
    const tails = range(0, 4).map((i) => ({ id: `${i}`, context: [...prefix, 30 + i, 1, 2], maxTokens: 1 }));
    expect(generate(tails, { mtp }).computedRows).toBe(prefix.length - (mtp ? 1 : 0) + 4 * (mtp ? 4 : 3));
  });

  test('goes on decoding beside the chunks of a long prompt', () => {
    const long = { id: 'long', context: range(0, 600).map((i) => (i * 11) % VOCAB), maxTokens: 2, stopIds: [] };
    const short = { id: 'short', context: [1, 2, 3], maxTokens: 40, stopIds: [] };
    const { counts } = generate([short, long], { batchTokens: 33 });
    expect(counts.mixedSteps).toBeGreaterThan(15);
    expect(counts.steps).toBeLessThan(45);
  });

  test('lets requests wait for pages in their order, and refuses one that can never have them before any step', () => {
    const asked = range(0, 6).map((i) => ({ id: `${i}`, context: [i, 2, 3], maxTokens: 100, stopIds: [] }));
    const { results } = generate(asked, { pages: 4 });
    expect(results.map(({ id }) => id)).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(() => generate([...asked, { id: 'y', context: range(0, 300), maxTokens: 1 }], { pages: 4 })).toThrow(
      /sequence of 301 tokens does not fit.*at least 5 pages.*found 4/,
    );
  });

  test('a request that fills the cache to its last page runs, though sharing would need one more', () => {
    const full = { id: 'full', context: [...prefix, 1], maxTokens: 4 * PAGE_TOKENS - 151, stopIds: [] };
    const other = { id: 'other', context: [...prefix, 2], maxTokens: 20, stopIds: [] };
    const { results } = generate([other, full, { ...other, id: 'third' }], { pages: 4 });
    expect(results.find(({ id }) => id === 'full')?.ids).toHaveLength(105);
  });
});
