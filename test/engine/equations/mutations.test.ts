/** That the fixtures make every detail visible: the equations with one mistake in them are far from the engine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { loadEngine } from '../../../engine/load-engine.js';
import { makeCheckpoint } from './checkpoint-maker.js';
import type { Details } from './details.js';
import { type EngineLogits, engineLogits, maxDifference, median, rowRms } from './engine-logits.js';
import { fixtures, fp8Fixtures, randomIds, shortPrompts } from './fixtures.js';
import { forward } from './forward.js';
import type { PublishedConfig } from './published-config.js';
import { item } from './vectors.js';

interface Mistake {
  readonly mistake: string;
  readonly details?: Partial<Details>;
  readonly config?: Partial<PublishedConfig>;
}

const folder = mkdtempSync(path.join(tmpdir(), 'evalrun-mutations-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** 250 times the agreement that the right equations reach. */
const VISIBLE = 0.05;
const LENGTH = 75;

const MISTAKES: Partial<Record<keyof typeof fixtures, readonly Mistake[]>> = {
  v3: [
    { mistake: 'masked groups filled with 0', details: { maskedScore: 0 } },
    { mistake: 'expert weights from the biased scores', details: { weightsFrom: 'biased scores' } },
    { mistake: 'groups ranked by their maximum', details: { groupScore: 'the other' } },
    { mistake: 'groups ignored', details: { respectGroups: false } },
    { mistake: 'one group too few', config: { topk_group: 1 } },
    { mistake: 'one expert too few', config: { num_experts_per_tok: 3 } },
    { mistake: 'weights not normalised', details: { normalizeTopK: 'inverted' } },
    { mistake: 'routed scale left out', details: { routedScaleFactor: 1 / 2.5 } },
    { mistake: 'routed scale 2 % off', details: { routedScaleFactor: 1.02 } },
    { mistake: 'shared experts scaled too', details: { scaleShared: true } },
    { mistake: 'a softmax router', config: { scoring_func: 'softmax' } },
    { mistake: 'no YaRN correction of the softmax scale', details: { yarnSoftmaxCorrection: false } },
    {
      mistake: 'YaRN correction on cos and sin',
      details: { yarnSoftmaxCorrection: false },
      config: yarnWith({ mscale_all_dim: 0 }),
    },
    { mistake: 'no YaRN frequencies', details: { scaleFrequencies: false } },
    { mistake: 'rope halves instead of pairs', details: { ropeLayout: 'the other' } },
    { mistake: 'gate and up exchanged', details: { swapGateAndUp: true } },
    { mistake: 'MTP joins hidden state first', details: { mtpConcat: 'hidden first' } },
    { mistake: 'MTP takes the hidden state before the final norm', details: { mtpHidden: 'before final norm' } },
  ],
  moonlight: [
    { mistake: 'config eps in the norms inside attention', details: { latentNormEps: undefined } },
    { mistake: 'eps 1e-6 in the layer norms', details: { normEps: 1e-6 } },
    { mistake: 'weights not normalised', details: { normalizeTopK: 'inverted' } },
    { mistake: 'weights from the biased scores', details: { weightsFrom: 'biased scores' } },
  ],
  v3UnequalMscale: [
    { mistake: 'cos and sin without m(mscale) / m(mscale_all_dim)', details: { yarnCosSinFactor: false } },
    { mistake: 'no YaRN correction of the softmax scale', details: { yarnSoftmaxCorrection: false } },
    { mistake: 'weights normalised', details: { normalizeTopK: 'inverted' } },
  ],
  saturated: [
    { mistake: 'scores recovered as biased minus bias', details: { weightsFrom: 'float32 of biased minus bias' } },
    { mistake: 'weights from the biased scores', details: { weightsFrom: 'biased scores' } },
  ],
  ties: [{ mistake: 'ties to the higher expert', details: { tieGoesTo: 'higher' } }],
  kimi: [
    { mistake: 'beta_fast 32', config: { rope_scaling: { ...fixtures.kimi.config.rope_scaling, beta_fast: 32 } } },
    { mistake: 'no YaRN frequencies', details: { scaleFrequencies: false } },
  ],
  v2Lite: [
    { mistake: 'no YaRN correction of the softmax scale', details: { yarnSoftmaxCorrection: false } },
    {
      mistake: 'mscale 1 for 0.707',
      config: { rope_scaling: { ...fixtures.v2Lite.config.rope_scaling, mscale: 1, mscale_all_dim: 1 } },
    },
    { mistake: 'weights normalised', details: { normalizeTopK: 'inverted' } },
    { mistake: 'a sigmoid router', config: { scoring_func: 'sigmoid' } },
  ],
  v2: [
    { mistake: 'groups ranked by their two best', details: { groupScore: 'the other' } },
    { mistake: 'groups ignored', details: { respectGroups: false } },
    { mistake: 'weights normalised', details: { normalizeTopK: 'inverted' } },
    { mistake: 'routed scale 2 % off', details: { routedScaleFactor: 1.02 } },
  ],
  llama: [
    { mistake: 'llama3 frequencies unscaled', details: { scaleFrequencies: false } },
    { mistake: 'rope pairs instead of halves', details: { ropeLayout: 'the other' } },
  ],
  llamaTied: [{ mistake: 'biases left out', details: { useBiases: false } }],
  mistral: [
    { mistake: 'no window', details: { useWindow: false } },
    { mistake: 'a window one wider', details: { extraWindow: 1 } },
    { mistake: 'a window one narrower', details: { extraWindow: -1 } },
    { mistake: 'query heads dealt to kv heads in turn', details: { headOfQuery: 'h % kv heads' } },
  ],
  qwen2: [
    { mistake: 'biases left out', details: { useBiases: false } },
    { mistake: 'eps 1e-6', details: { normEps: 1e-6 } },
  ],
  qwen2Window: [
    { mistake: 'no window', details: { useWindow: false } },
    { mistake: 'a window one wider', details: { extraWindow: 1 } },
    { mistake: 'the window in every layer', config: { max_window_layers: 0 } },
    { mistake: 'the window one layer late', config: { max_window_layers: 2 } },
  ],
  qwen3: [
    { mistake: 'no norm on q and k', details: { qkNorm: 'none' } },
    { mistake: 'the norm after rope', details: { qkNorm: 'after rope' } },
  ],
  qwen3Yarn: [
    { mistake: 'cos and sin without 0.1 ln(factor) + 1', details: { yarnCosSinFactor: false } },
    { mistake: 'no YaRN frequencies', details: { scaleFrequencies: false } },
  ],
  qwen3Moe: [{ mistake: 'weights not normalised', details: { normalizeTopK: 'inverted' } }],
  qwen3MoeRaw: [{ mistake: 'weights normalised', details: { normalizeTopK: 'inverted' } }],
};

function yarnWith(changes: Partial<NonNullable<PublishedConfig['rope_scaling']>>): Partial<PublishedConfig> {
  const { rope_scaling } = fixtures.v3.config;
  return rope_scaling ? { rope_scaling: { ...rope_scaling, ...changes } } : {};
}

describe.each(Object.entries(MISTAKES))('%s', (key, mistakes) => {
  const spec = fixtures[key as keyof typeof fixtures];
  const checkpoint = makeCheckpoint(spec, folder);
  const ids = randomIds(spec, LENGTH);
  const engineRows = once(() => throughEngine(checkpoint.folder, [ids], 'f32'));

  test.each(mistakes)('$mistake: would be seen', async ({ details, config }) => {
    const ours = item(await engineRows(), 0);
    const mistaken = forward(
      { ...checkpoint, config: { ...checkpoint.config, ...config } },
      ids,
      details ? { details } : {},
    );
    const seen = Math.max(maxDifference(ours.logits, mistaken.logits), maxDifference(ours.drafts, mistaken.drafts));
    expect(seen).toBeGreaterThan(VISIBLE);
  });
});

const QUANTIZATION_MISTAKES: Record<keyof typeof fp8Fixtures, readonly Mistake[]> = {
  llama: [
    { mistake: 'one scale per row of activations', details: { activationGroup: 1 << 20 } },
    { mistake: 'exact activations', details: { activationGroup: 1 } },
  ],
  llamaTies: [
    { mistake: 'activation amax clamped at 1e-10', details: { activationClamp: 1e-10 } },
    { mistake: 'halves rounded away from zero', details: { ties: 'away from zero' } },
    { mistake: 'times a reciprocal instead of a division', details: { divide: 'by reciprocal' } },
  ],
  v3: [
    { mistake: 'kv_b_proj quantised', details: { quantizeKvB: true } },
    { mistake: 'the router quantised', details: { quantizeRouter: true } },
  ],
};

describe.each(Object.entries(QUANTIZATION_MISTAKES))('fp8 %s', (key, mistakes) => {
  const spec = fp8Fixtures[key as keyof typeof fp8Fixtures];
  const checkpoint = makeCheckpoint(spec, folder);
  const prompts = shortPrompts(spec);
  const engineRows = once(() => throughEngine(checkpoint.folder, prompts, 'fp8'));
  const distance = async (details: Partial<Details>) => {
    const equations = prompts.map((ids) => forward(checkpoint, ids, { arithmetic: 'w8a8', details }));
    return median((await engineRows()).flatMap(({ logits }, i) => rowRms(logits, item(equations, i).logits)));
  };

  test.each(mistakes)('$mistake: would be seen', async ({ details = {} }) => {
    expect(await distance(details)).toBeGreaterThan(100 * (await distance({})));
  });
});

/** Logits of each prompt, computed on its own. */
async function throughEngine(
  model: string,
  prompts: readonly number[][],
  dtype: 'f32' | 'fp8',
): Promise<EngineLogits[]> {
  const engine = await loadEngine({ model, dtype, withoutTokenizer: true, threads: 2 });
  try {
    const out: EngineLogits[] = [];
    for (const ids of prompts) out.push(await engineLogits(engine, ids));
    return out;
  } finally {
    await engine.close();
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
