/** Generation by the model in the box: the same bytes however it is computed, drafts included. */
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { GenerateOptions, GenerateRequest, GenerateResult, StepStats } from '../../engine/engine.js';
import { loadEngine } from '../../engine/load-engine.js';
import type { LocalEngine } from '../../engine/local-engine.js';
import type { NativeModel, NativeStep, NativeStepResult } from '../../engine/native.js';
import { CHOSEN_NEXT } from '../../engine/step-builder.js';
import { packageRoot } from '../../package-root.js';
import { readGolden } from './golden.js';

const nano = path.join(packageRoot, 'models', 'nano');
let engine: LocalEngine;
beforeAll(async () => {
  engine = await loadEngine({ model: nano, batchTokens: 256 });
});
afterAll(() => engine.close());

const shots =
  'Problem: A box holds 12 pens. How many pens do 3 boxes hold?\nAnswer: 36\n\n' +
  'Problem: 小明有5个苹果,又买了4个。他现在有几个苹果?\nAnswer: 9\n\n' +
  'Problem: What is the remainder when 17 is divided by 5?\nAnswer: 2\n\n';
const questions = [
  'def add(a, b):\n    """Return the sum of a and b."""\n',
  'def largest(values):\n    """Return the largest value, or None if there are none."""\n',
  'The capital of the country is',
  '问题:一个长方形长6厘米,宽4厘米,面积是多少?\n答案:',
  `${shots}Problem: What is 7 times 8?\nAnswer:`,
  `${shots}Problem: A train goes 60 km in one hour. How far in 3 hours?\nAnswer:`,
  `${shots}Problem: A train goes 60 km in one hour. How far in 5 hours?\nAnswer:`,
  'A',
];

/** 64 samples: every question greedily and at temperature 0.8, four times each. */
const requests = (): GenerateRequest[] =>
  questions.flatMap((question, i) =>
    Array.from({ length: 8 }, (_, repeat) => ({
      id: `question ${i}`,
      repeat,
      context: engine.tokenizer.encode(question),
      maxTokens: 8 + ((i * 5 + repeat * 3) % 9),
      stop: i % 2 === 0 ? ['\n\n'] : [],
      sampling: repeat < 4 ? {} : { temperature: 0.8, topP: 0.9, seed: 11 },
    })),
  );

async function generate(on: LocalEngine, asked: readonly GenerateRequest[], options: GenerateOptions = {}) {
  const results: GenerateResult[] = [];
  const stats = { drafted: 0, accepted: 0 };
  on.onStep = ({ draftedTokens = 0, acceptedTokens = 0 }: StepStats) => {
    stats.drafted += draftedTokens;
    stats.accepted += acceptedTokens;
  };
  for await (const result of on.generate(asked, options)) results.push(result);
  on.onStep = undefined;
  return { results, stats };
}

/** One line a sample, in the order of their names. */
function bytesOf(results: readonly GenerateResult[]): string {
  const lines = results.map(({ id, repeat, ids, text, end }) => JSON.stringify({ id, repeat, ids, text, end }));
  return lines.sort().join('\n');
}

describe('64 samples are the same bytes', () => {
  let alone: string;
  beforeAll(async () => {
    const results: GenerateResult[] = [];
    for (const request of requests()) results.push(...(await generate(engine, [request])).results);
    alone = bytesOf(results);
  });

  test('alone, and draws differ from each other', () => {
    expect(alone.split('\n')).toHaveLength(64);
    const texts = (from: number) =>
      alone
        .split('\n')
        .map((line) => JSON.parse(line) as GenerateResult)
        .filter(({ repeat, id }) => id === 'question 0' && repeat >= from && repeat < from + 4)
        .map(({ ids }) => ids.slice(0, 8).join());
    expect(new Set(texts(0)).size).toBe(1);
    expect(new Set(texts(4)).size).toBeGreaterThan(1);
  });

  test.each<[string, GenerateOptions]>([
    ['in one batch', { sharePrefixes: false }],
    ['with shared prefixes', {}],
    ['with MTP', { mtp: true, sharePrefixes: false }],
    ['with MTP and shared prefixes', { mtp: true }],
  ])('%s, and shuffled', async (_, options) => {
    const asked = requests();
    const { results, stats } = await generate(engine, asked, options);
    expect(bytesOf(results)).toBe(alone);
    const shuffled = asked.map((request, i) => asked[(i * 37 + 5) % asked.length] ?? request);
    expect(bytesOf((await generate(engine, shuffled, options)).results)).toBe(alone);
    if (options.mtp) {
      // Both kinds of draft have to occur, or nothing was tried.
      expect(stats.accepted).toBeGreaterThan(0.3 * stats.drafted);
      expect(stats.accepted).toBeLessThan(0.95 * stats.drafted);
    } else expect(stats.drafted).toBe(0);
    const shared = results.reduce((sum, { sharedTokens = 0 }) => sum + sharedTokens, 0);
    expect(shared > 0).toBe(options.sharePrefixes !== false);
  });

  test.each<[string, { batchTokens: number; kvTokens?: number; threads?: number }]>([
    ['in steps of 13 tokens', { batchTokens: 13 }],
    ['in a cache that holds few at a time, on one thread', { batchTokens: 256, kvTokens: 600, threads: 1 }],
  ])('%s, with and without MTP', async (_, options) => {
    const other = await loadEngine({ model: nano, ...options });
    try {
      expect(bytesOf((await generate(other, requests(), { mtp: true })).results)).toBe(alone);
      expect(bytesOf((await generate(other, requests())).results)).toBe(alone);
    } finally {
      await other.close();
    }
  });
});

test('a text that ends inside an accepted pair ends there', async () => {
  const context = engine.tokenizer.encode(questions[0] as string);
  const ask = (more: Partial<GenerateRequest>, mtp: boolean) =>
    generate(engine, [{ id: 'x', context, maxTokens: 16, stopIds: [], ...more }], { mtp });
  const [whole] = (await ask({}, false)).results as [GenerateResult];
  expect((await ask({}, true)).stats.accepted).toBeGreaterThan(3);
  for (let length = 1; length <= 16; ++length) {
    const id = whole.ids[length - 1] as number;
    const first = whole.ids.indexOf(id);
    const [cut] = (await ask({ maxTokens: length }, true)).results;
    expect(cut).toMatchObject({ ids: whole.ids.slice(0, length), end: 'truncated' });
    const [ended] = (await ask({ stopIds: [id] }, true)).results;
    expect(ended).toMatchObject({ ids: whole.ids.slice(0, first), end: 'eos' });
  }
});

test('drafts to the very end of the context', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'evalrun-context-'));
  const config = JSON.parse(readFileSync(path.join(nano, 'config.json'), 'utf8'));
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify({ ...config, max_position_embeddings: 70 }));
  symlinkSync(path.join(nano, 'model.safetensors'), path.join(folder, 'model.safetensors'));
  const short = await loadEngine({ model: folder, optionalTokenizer: true });
  const context = Array.from({ length: 58 }, (_, i) => 5 + ((i * 13) % 400));
  const asked = [{ id: 'x', context, maxTokens: 12, stopIds: [] }];
  const { results } = await generate(short, asked);
  expect(results[0]?.ids).toHaveLength(12);
  const drafted = await generate(short, asked, { mtp: true });
  expect(drafted.stats.drafted).toBeGreaterThan(5);
  expect(bytesOf(drafted.results)).toBe(bytesOf(results));
  await short.close();
  rmSync(folder, { recursive: true });
});

const oracle = path.join(
  process.env.EVALRUN_SHARED ?? path.join(packageRoot, '..', 'shared'),
  'oracle',
  'checkpoints',
  'deepseek-v3-mtp',
);

describe.each([
  ['the model in the box', nano],
  ['deepseek-v3-mtp (needs the shared references)', oracle],
])('%s', (_, folder) => {
  (existsSync(folder) ? test : test.skip)(
    "proposes its module's best token at every position, and nothing else changes",
    async () => {
      const checked = await loadEngine({ model: folder, dtype: 'f32', optionalTokenizer: true });
      try {
        const golden = folder === oracle ? readGolden(path.join(folder, 'golden.safetensors')) : undefined;
        const contexts = golden
          ? golden.prompts.map((prompt) => [...golden.ints(`tokens.${prompt}`)])
          : questions.map((question) => engine.tokenizer.encode(question));
        for (const [i, context] of contexts.entries()) {
          const proposed = await draftsOf(checked, context);
          const [result] = proposed.results as [GenerateResult];
          if (golden) expect(result.ids).toEqual([...golden.ints(`greedy.${golden.prompts[i]}`)]);
          const expected = await moduleArgmax(checked, [...context, ...result.ids]);
          expect(proposed.drafts.size).toBeGreaterThan(8);
          for (const [position, draft] of proposed.drafts)
            expect([position, draft]).toEqual([position, expected[position]]);
        }
      } finally {
        await checked.close();
      }
    },
  );
});

/** Greedy with MTP: position of a row -> what the module proposed behind the token that was taken after it. */
async function draftsOf(on: LocalEngine, context: readonly number[]) {
  const inside = on as unknown as { model: Pick<NativeModel, 'forward'> };
  const { model } = inside;
  const drafts = new Map<number, number>();
  const forward = async (step: NativeStep): Promise<NativeStepResult> => {
    const result = await model.forward(step);
    let row = 0;
    let at = 0;
    for (let s = 0; s < step.spans.length; s += 4) {
      const [count, start] = [...step.spans.subarray(s, s + 2)] as [number, number];
      for (let i = 0; i < count; ++i, ++row) {
        if (step.nextTokens[row] !== CHOSEN_NEXT) continue;
        // Behind a wrong draft nothing is used.
        const isUsed = i === 0 || step.spans[s + 3] === 0 || result.best[at - 1] === step.tokens[row];
        if (isUsed) drafts.set(start + i, result.drafts[at] as number);
        at += 1;
      }
    }
    return result;
  };
  const asked = [{ id: 'x', context, maxTokens: 16, stopIds: [] }];
  inside.model = { forward };
  const { results } = await generate(on, asked, { mtp: true });
  inside.model = model;
  // The last row's next token is taken, so the module has been asked behind it as well, where the sequence does not reach.
  drafts.delete(context.length + 14);
  return { results, drafts };
}

/** The module's best token at every position of a sequence, from the logits that the oracle checks. */
async function moduleArgmax(on: LocalEngine, ids: readonly number[]): Promise<number[]> {
  const best: number[] = [];
  const vocab = on.arch.vocabSize;
  for await (const { mtpLogits } of on.logits(ids)) {
    for (let begin = 0; begin < mtpLogits.length; begin += vocab) {
      const row = mtpLogits.subarray(begin, begin + vocab);
      best.push(row.indexOf(Math.max(...row)));
    }
  }
  return best;
}

test('is refused where there is no module', async () => {
  const llama = await loadEngine({
    model: path.join(packageRoot, 'test', 'fixtures', 'oracle', 'llama'),
    withoutTokenizer: true,
  });
  const failed = generate(llama, [{ id: 'x', context: [1], maxTokens: 1 }], { mtp: true });
  await expect(failed).rejects.toMatchObject({ code: 'engine/mtp', message: expect.stringMatching(/llama.*has none/) });
  await llama.close();
});
