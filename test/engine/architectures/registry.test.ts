import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { GqaSpec, MlaSpec } from '../../../engine/arch-spec.js';
import type { RawConfig } from '../../../engine/architectures/family.js';
import { archSpecOf } from '../../../engine/architectures/registry.js';
import { packageRoot } from '../../../package-root.js';
import { errorOf } from '../thrown-error.js';
import {
  DEEPSEEK_V2,
  DEEPSEEK_V2_LITE,
  DEEPSEEK_V3,
  LLAMA_3_2_1B,
  MISTRAL_7B,
  MOONLIGHT,
  QWEN2_5_0_5B,
  QWEN3_0_6B,
  QWEN3_30B_A3B,
} from './published-configs.js';

function gqaOf(config: RawConfig): GqaSpec {
  return archSpecOf(config).attention as GqaSpec;
}

function without(config: RawConfig, key: string): RawConfig {
  return Object.fromEntries(Object.entries(config).filter(([name]) => name !== key));
}

describe('archSpecOf, DeepSeek', () => {
  test.each([
    ['DeepSeek-V3', DEEPSEEK_V3, 0.1352337788608801],
    ['DeepSeek-V2', DEEPSEEK_V2, 0.1147213867929261],
    ['DeepSeek-V2-Lite', DEEPSEEK_V2_LITE, 0.1147213867929261],
    ['Moonlight', MOONLIGHT, 0.07216878364870322],
  ])('gives %s its softmax scale', (_, config, scale) => {
    expect(Math.abs(archSpecOf(config).softmaxScale / scale - 1)).toBeLessThan(1e-14);
  });

  test('routes DeepSeek-V3 by sigmoid and bias over the best 4 of 8 groups, each by its two best', () => {
    expect(archSpecOf(DEEPSEEK_V3).moe).toEqual({
      experts: 256,
      expertsPerToken: 8,
      width: 2048,
      sharedWidth: 2048,
      scoring: 'sigmoid',
      selectionBias: true,
      groups: 8,
      groupsPerToken: 4,
      groupScore: 'top2-sum',
      normalizeTopK: true,
      routedScale: 2.5,
    });
  });

  test('routes DeepSeek-V2 by softmax over the best 3 of 8 groups, each by its best', () => {
    expect(archSpecOf(DEEPSEEK_V2).moe).toEqual({
      experts: 160,
      expertsPerToken: 6,
      width: 1536,
      sharedWidth: 3072,
      scoring: 'softmax',
      selectionBias: false,
      groups: 8,
      groupsPerToken: 3,
      groupScore: 'max',
      normalizeTopK: false,
      routedScale: 16,
    });
  });

  test('knows no groups with the greedy method, whatever n_group says', () => {
    const { moe } = archSpecOf({ ...DEEPSEEK_V2_LITE, n_group: 8, topk_group: 3 });
    expect([moe?.groups, moe?.groupsPerToken]).toEqual([1, 1]);
  });

  test("leaves routed_scaling_factor out of a V2 that normalises, as DeepSeek's code does", () => {
    const { moe } = archSpecOf({ ...DEEPSEEK_V2, norm_topk_prob: true });
    expect([moe?.normalizeTopK, moe?.routedScale]).toEqual([true, 1]);
  });

  test('keeps 1e-6 inside attention whatever rms_norm_eps is', () => {
    const { attention, normEps } = archSpecOf(MOONLIGHT);
    expect([(attention as MlaSpec).latentNormEps, normEps]).toEqual([1e-6, 1e-5]);
  });

  test('puts dense layers first, and the MTP module after the last layer', () => {
    const { feedForward, layers, mtpLayers, slidingWindows } = archSpecOf(DEEPSEEK_V3);
    expect([layers, mtpLayers]).toEqual([61, 1]);
    expect(feedForward).toEqual([...Array(3).fill('dense'), ...Array(59).fill('moe')]);
    expect(slidingWindows).toEqual(Array(62).fill(0));
  });

  test('uses one MTP module where config.json declares several', () => {
    expect(archSpecOf({ ...DEEPSEEK_V3, num_nextn_predict_layers: 3 }).mtpLayers).toBe(1);
  });

  test('honours moe_layer_freq', () => {
    const { feedForward } = archSpecOf({ ...MOONLIGHT, moe_layer_freq: 2 });
    expect(feedForward.slice(0, 5)).toEqual(['dense', 'dense', 'moe', 'dense', 'moe']);
  });

  test('rotates pairs unless rope_interleave is false', () => {
    expect(archSpecOf(DEEPSEEK_V3).rope.layout).toBe('interleaved');
    expect(archSpecOf({ ...DEEPSEEK_V3, rope_interleave: false }).rope.layout).toBe('half');
    expect(archSpecOf(DEEPSEEK_V3).rope.dim).toBe(64);
  });

  test('reads kimi_k2 as the same graph', () => {
    const { modelType, ...spec } = archSpecOf({ ...DEEPSEEK_V3, model_type: 'kimi_k2' });
    expect(modelType).toBe('kimi_k2');
    expect(spec).toEqual(without(archSpecOf(DEEPSEEK_V3) as unknown as RawConfig, 'modelType'));
  });

  test('reads a model without experts as dense', () => {
    const spec = archSpecOf({ ...MOONLIGHT, n_routed_experts: null });
    expect(spec.moe).toBe(null);
    expect(new Set(spec.feedForward)).toEqual(new Set(['dense']));
  });

  test.each([
    ['V3 in FP8', DEEPSEEK_V3, 'f32'],
    [
      'V3.1 with ue8m0',
      {
        ...DEEPSEEK_V3,
        quantization_config: { quant_method: 'fp8', weight_block_size: [128, 128], scale_fmt: 'ue8m0' },
      },
      'ue8m0',
    ],
    ['a model in BF16', MOONLIGHT, undefined],
  ])('says how the weights of %s are stored', (_, config, scaleFormat) => {
    const { weightQuantization } = archSpecOf(config);
    expect(weightQuantization?.scaleFormat).toBe(scaleFormat);
    if (weightQuantization !== null) expect(weightQuantization.block).toEqual([128, 128]);
  });
});

describe('archSpecOf, Llama, Mistral and Qwen', () => {
  test('reads Llama', () => {
    const spec = archSpecOf(LLAMA_3_2_1B);
    expect(spec).toMatchObject({
      softmaxScale: 0.125,
      normEps: 1e-5,
      tiedHead: true,
      contextLength: 131072,
      bosId: 128000,
      eosIds: [128001],
    });
    expect(spec.rope.layout).toBe('half');
    expect(gqaOf(LLAMA_3_2_1B)).toEqual({
      kind: 'gqa',
      heads: 32,
      kvHeads: 8,
      headDim: 64,
      qkvBias: false,
      outputBias: false,
      qkNorm: false,
      qkNormEps: 1e-5,
    });
  });

  test.each([
    ['llama', LLAMA_3_2_1B, false, false, false],
    ['llama with attention_bias', { ...LLAMA_3_2_1B, attention_bias: true }, true, true, false],
    ['mistral', MISTRAL_7B, false, false, false],
    ['mistral with a key it ignores', { ...MISTRAL_7B, attention_bias: true }, false, false, false],
    ['qwen2', QWEN2_5_0_5B, true, false, false],
    ['qwen3', QWEN3_0_6B, false, false, true],
    ['qwen3 with attention_bias', { ...QWEN3_0_6B, attention_bias: true }, true, true, true],
    ['qwen3_moe', QWEN3_30B_A3B, false, false, true],
  ])('gives %s its biases and norms', (_, config, qkvBias, outputBias, qkNorm) => {
    expect(gqaOf(config)).toMatchObject({ qkvBias, outputBias, qkNorm });
  });

  test('derives head_dim and num_key_value_heads where Llama leaves them out', () => {
    const config = without(without(LLAMA_3_2_1B, 'head_dim'), 'num_key_value_heads');
    expect(gqaOf({ ...config, hidden_size: 4096 })).toMatchObject({ headDim: 128, kvHeads: 32 });
  });

  test('takes heads of 128 where Qwen3 leaves head_dim out', () => {
    expect(gqaOf(without(QWEN3_0_6B, 'head_dim')).headDim).toBe(128);
    expect(archSpecOf(QWEN3_0_6B).softmaxScale).toBeCloseTo(128 ** -0.5, 15);
  });

  test('gives an mlp_bias to Llama alone', () => {
    expect(archSpecOf({ ...LLAMA_3_2_1B, mlp_bias: true }).mlpBias).toBe(true);
    expect(archSpecOf({ ...QWEN3_0_6B, mlp_bias: true }).mlpBias).toBe(false);
  });

  test('routes Qwen3-MoE by plain softmax, without a shared expert', () => {
    expect(archSpecOf(QWEN3_30B_A3B).moe).toEqual({
      experts: 128,
      expertsPerToken: 8,
      width: 768,
      sharedWidth: 0,
      scoring: 'softmax',
      selectionBias: false,
      groups: 1,
      groupsPerToken: 1,
      groupScore: 'max',
      normalizeTopK: true,
      routedScale: 1,
    });
  });

  test('puts Qwen3-MoE experts where decoder_sparse_step and mlp_only_layers say', () => {
    const { feedForward } = archSpecOf({
      ...QWEN3_30B_A3B,
      num_hidden_layers: 6,
      decoder_sparse_step: 2,
      mlp_only_layers: [3],
    });
    expect(feedForward).toEqual(['dense', 'moe', 'dense', 'dense', 'dense', 'moe']);
  });

  const windowed = { num_hidden_layers: 4, sliding_window: 100, max_window_layers: 3 };
  test.each([
    ['every layer of Mistral', { ...MISTRAL_7B, ...windowed }, [100, 100, 100, 100]],
    ['no layer of a Mistral without', { ...MISTRAL_7B, ...windowed, sliding_window: null }, [0, 0, 0, 0]],
    ['no layer of Qwen2 that does not use it', { ...QWEN2_5_0_5B, ...windowed }, [0, 0, 0, 0]],
    ['upper layers of Qwen2', { ...QWEN2_5_0_5B, ...windowed, use_sliding_window: true }, [0, 0, 0, 100]],
    ['upper layers of Qwen3', { ...QWEN3_0_6B, ...windowed, use_sliding_window: true }, [0, 0, 0, 100]],
    ['every layer of Qwen3-MoE', { ...QWEN3_30B_A3B, ...windowed, use_sliding_window: true }, [100, 100, 100, 100]],
    ['no layer of Llama', { ...LLAMA_3_2_1B, ...windowed }, [0, 0, 0, 0]],
    [
      'the layers that layer_types names',
      {
        ...QWEN2_5_0_5B,
        ...windowed,
        use_sliding_window: true,
        layer_types: ['sliding_attention', 'full_attention', 'full_attention', 'sliding_attention'],
      },
      [100, 0, 0, 100],
    ],
  ])('slides a window over %s', (_, config, windows) => {
    expect(archSpecOf(config).slidingWindows).toEqual(windows);
  });

  test.each([
    ['one id', 5, [5]],
    ['a list', [5, 6], [5, 6]],
    ['null', null, []],
  ])('reads eos_token_id as %s', (_, eos, ids) => {
    expect(archSpecOf({ ...LLAMA_3_2_1B, eos_token_id: eos }).eosIds).toEqual(ids);
  });
});

describe('archSpecOf, refusals', () => {
  test('lists the families that exist', () => {
    expect(errorOf(() => archSpecOf({ model_type: 'gpt2' }))).toMatch(
      /config\/model-type: .*deepseek_v3, kimi_k2, deepseek_v2, llama, mistral, qwen2, qwen3, qwen3_moe, found "gpt2"/,
    );
    expect(errorOf(() => archSpecOf({}))).toMatch(/config\.json has no model_type/);
    expect(errorOf(() => archSpecOf({ model_type: 'toString' }))).toMatch(/config\/model-type/);
  });

  test.each([
    ['hidden_size', 0],
    ['hidden_size', -64],
    ['hidden_size', 1.5],
    ['hidden_size', '7168'],
    ['hidden_size', 2 ** 40],
    ['num_hidden_layers', 0],
    ['num_hidden_layers', 1e9],
    ['num_attention_heads', 0],
    ['vocab_size', null],
    ['intermediate_size', []],
    ['max_position_embeddings', 0],
    ['rms_norm_eps', 0],
    ['rms_norm_eps', 5],
    ['hidden_act', 'gelu'],
    ['tie_word_embeddings', 1],
    ['eos_token_id', 'a'],
    ['eos_token_id', 129280],
    ['bos_token_id', -1],
    ['q_lora_rank', 0],
    ['kv_lora_rank', 0],
    ['qk_rope_head_dim', 63],
    ['v_head_dim', 0],
    ['n_routed_experts', 0],
    ['n_routed_experts', 255],
    ['n_group', 0],
    ['n_group', 3],
    ['n_group', 256],
    ['topk_group', 9],
    ['num_experts_per_tok', 257],
    ['num_experts_per_tok', 129],
    ['moe_intermediate_size', 0],
    ['n_shared_experts', -1],
    ['routed_scaling_factor', 0],
    ['norm_topk_prob', 'yes'],
    ['scoring_func', 'softmax'],
    ['topk_method', 'greedy'],
    ['quantization_config', { quant_method: 'gptq', bits: 4 }],
    ['quantization_config', { quant_method: 'awq' }],
    ['quantization_config', { quant_method: 'compressed-tensors' }],
    ['quantization_config', { quant_method: 'bitsandbytes', load_in_4bit: true }],
    ['quantization_config', { quant_method: 'fp8' }],
    ['quantization_config', { quant_method: 'fp8', weight_block_size: [64, 128] }],
    ['quantization_config', { quant_method: 'fp8', weight_block_size: [128, 128], fmt: 'e5m2' }],
    ['quantization_config', { quant_method: 'fp8', weight_block_size: [128, 128], activation_scheme: 'static' }],
    ['quantization_config', { quant_method: 'fp8', weight_block_size: [128, 128], scale_fmt: 'other' }],
    ['quantization_config', 'fp8'],
  ])('refuses a DeepSeek-V3 with %s %j', (key, value) => {
    const name =
      key === 'qk_rope_head_dim' ? 'rotary width' : key === 'n_routed_experts' && value === 255 ? 'n_group' : key;
    const message = errorOf(() => archSpecOf({ ...DEEPSEEK_V3, [key]: value }));
    expect(message).toMatch(/^config\/bad-value: /);
    expect(message.split('Expected')[0]).toContain(name);
  });

  test.each([
    'hidden_size',
    'kv_lora_rank',
    'q_lora_rank',
    'n_routed_experts',
    'first_k_dense_replace',
    'n_group',
    'routed_scaling_factor',
  ])('asks for %s where config.json lacks it', (key) => {
    expect(errorOf(() => archSpecOf(without(DEEPSEEK_V3, key)))).toMatch(
      new RegExp(`^config/missing-key: config.json has no ${key}`),
    );
  });

  test.each<[string, RawConfig, RegExp]>([
    [
      'heads that the kv heads do not divide',
      { ...LLAMA_3_2_1B, num_key_value_heads: 7 },
      /num_key_value_heads.*divisor of num_attention_heads = 32, found 7/,
    ],
    [
      'a width that the heads do not divide',
      { ...without(LLAMA_3_2_1B, 'head_dim'), num_attention_heads: 24 },
      /num_attention_heads.*divisor of hidden_size/,
    ],
    [
      'more chosen experts than there are',
      { ...QWEN3_30B_A3B, num_experts_per_tok: 129 },
      /num_experts_per_tok.*at most num_experts = 128/,
    ],
    [
      'an absurd number of experts',
      { ...QWEN3_30B_A3B, num_experts: 8192, num_hidden_layers: 2048 },
      /num_hidden_layers \* num_experts/,
    ],
    ['too few layer_types', { ...QWEN3_0_6B, layer_types: ['full_attention'] }, /layer_types.*28 entries/],
    ['another kind of layer', { ...QWEN3_0_6B, layer_types: ['linear_attention'] }, /layer_types\.0/],
    [
      'a sliding layer without a window',
      { ...QWEN3_0_6B, num_hidden_layers: 1, layer_types: ['sliding_attention'] },
      /layer_types\.0.*full_attention/,
    ],
    ['a Mistral without num_key_value_heads', without(MISTRAL_7B, 'num_key_value_heads'), /config\/missing-key/],
    [
      'another routing method of V2',
      { ...DEEPSEEK_V2, topk_method: 'noaux_tc' },
      /topk_method.*greedy or group_limited_greedy/,
    ],
    ['a grouped V2 without n_group', without(DEEPSEEK_V2, 'n_group'), /has no n_group/],
  ])('refuses %s', (_, config, message) => {
    expect(errorOf(() => archSpecOf(config))).toMatch(message);
  });
});

describe('archSpecOf, configs of tiny reference checkpoints', () => {
  const folder = path.join(packageRoot, 'test/fixtures/oracle');

  test.each(readdirSync(folder))('reads %s', (name) => {
    const config = JSON.parse(readFileSync(path.join(folder, name, 'config.json'), 'utf8')) as RawConfig;
    expect(archSpecOf(config)).toMatchObject({
      modelType: config.model_type,
      vocabSize: 512,
      layers: config.num_hidden_layers,
    });
  });
});
