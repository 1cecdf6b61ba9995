import { describe, expect, test } from '@jest/globals';
import { expectedTensors } from '../../../engine/architectures/expected-tensors.js';
import type { RawConfig } from '../../../engine/architectures/family.js';
import { archSpecOf } from '../../../engine/architectures/registry.js';
import { DEEPSEEK_V3, LLAMA_3_2_1B, MOONLIGHT, QWEN2_5_0_5B, QWEN3_0_6B, QWEN3_30B_A3B } from './published-configs.js';

function shapesOf(config: RawConfig): Record<string, string> {
  return Object.fromEntries(expectedTensors(archSpecOf(config)).map(({ name, shape }) => [name, shape.join('x')]));
}

describe('expectedTensors', () => {
  test('names the tensors of a dense and of an expert layer of DeepSeek-V3 with their shapes', () => {
    const shapes = shapesOf(DEEPSEEK_V3);
    expect(shapes).toMatchObject({
      'model.embed_tokens.weight': '129280x7168',
      'model.layers.0.self_attn.q_a_proj.weight': '1536x7168',
      'model.layers.0.self_attn.q_a_layernorm.weight': '1536',
      'model.layers.0.self_attn.q_b_proj.weight': '24576x1536',
      'model.layers.0.self_attn.kv_a_proj_with_mqa.weight': '576x7168',
      'model.layers.0.self_attn.kv_a_layernorm.weight': '512',
      'model.layers.0.self_attn.kv_b_proj.weight': '32768x512',
      'model.layers.0.self_attn.o_proj.weight': '7168x16384',
      'model.layers.0.mlp.down_proj.weight': '7168x18432',
      'model.layers.3.mlp.gate.weight': '256x7168',
      'model.layers.3.mlp.gate.e_score_correction_bias': '256',
      'model.layers.3.mlp.experts.255.up_proj.weight': '2048x7168',
      'model.layers.3.mlp.shared_experts.down_proj.weight': '7168x2048',
      'model.layers.60.post_attention_layernorm.weight': '7168',
      'model.layers.61.eh_proj.weight': '7168x14336',
      'model.layers.61.enorm.weight': '7168',
      'model.layers.61.hnorm.weight': '7168',
      'model.layers.61.mlp.experts.0.gate_proj.weight': '2048x7168',
      'model.layers.61.shared_head.norm.weight': '7168',
      'model.norm.weight': '7168',
      'lm_head.weight': '129280x7168',
    });
    expect(shapes).not.toHaveProperty('model.layers.2.mlp.gate.weight');
    expect(shapes).not.toHaveProperty('model.layers.62.input_layernorm.weight');
  });

  test('projects queries in one step without a query rank', () => {
    const shapes = shapesOf(MOONLIGHT);
    expect(shapes['model.layers.0.self_attn.q_proj.weight']).toBe('3072x2048');
    expect(shapes).not.toHaveProperty('model.layers.0.self_attn.q_a_proj.weight');
  });

  test('has biases on q, k and v in Qwen2, and no head where it is tied', () => {
    const shapes = shapesOf(QWEN2_5_0_5B);
    expect(shapes['model.layers.0.self_attn.q_proj.bias']).toBe('896');
    expect(shapes['model.layers.0.self_attn.k_proj.bias']).toBe('128');
    expect(shapes).not.toHaveProperty('model.layers.0.self_attn.o_proj.bias');
    expect(shapes).not.toHaveProperty('lm_head.weight');
  });

  test('has norms per head in Qwen3', () => {
    const shapes = shapesOf(QWEN3_0_6B);
    expect(shapes['model.layers.0.self_attn.q_norm.weight']).toBe('128');
    expect(shapes['model.layers.0.self_attn.k_norm.weight']).toBe('128');
    expect(shapes['model.layers.0.self_attn.o_proj.weight']).toBe('1024x2048');
  });

  test('has no selection bias and no shared expert in Qwen3-MoE', () => {
    const names = Object.keys(shapesOf(QWEN3_30B_A3B));
    expect(names.filter((name) => /e_score|shared/.test(name))).toEqual([]);
    expect(names).toContain('model.layers.47.mlp.experts.127.down_proj.weight');
  });

  test('has every bias that attention_bias and mlp_bias give Llama', () => {
    const shapes = shapesOf({ ...LLAMA_3_2_1B, attention_bias: true, mlp_bias: true });
    for (const [name, shape] of [
      ['self_attn.v_proj', '512'],
      ['self_attn.o_proj', '2048'],
      ['mlp.gate_proj', '8192'],
      ['mlp.down_proj', '2048'],
    ]) {
      expect(shapes[`model.layers.0.${name}.bias`]).toBe(shape);
    }
  });

  test('has the biases that attention_bias gives latent attention: on the compressions and the output', () => {
    const shapes = shapesOf({ ...DEEPSEEK_V3, attention_bias: true });
    const biases = Object.keys(shapes).filter((name) => /layers\.0\..*\.bias$/.test(name));
    expect(biases.map((name) => name.split('.').at(-2))).toEqual(['q_a_proj', 'kv_a_proj_with_mqa', 'o_proj']);
  });

  test('may store as FP8 exactly what the published DeepSeek-V3 does', () => {
    const tensors = expectedTensors(archSpecOf(DEEPSEEK_V3));
    const kinds = (quantizable: boolean) =>
      new Set(
        tensors
          .filter((tensor) => tensor.quantizable === quantizable)
          .map(({ name }) => name.replace(/^model\.layers\.\d+\./, '').replace(/\.\d+\./, '.N.')),
      );
    expect([...kinds(false)].sort()).toEqual([
      'eh_proj.weight',
      'enorm.weight',
      'hnorm.weight',
      'input_layernorm.weight',
      'lm_head.weight',
      'mlp.gate.e_score_correction_bias',
      'mlp.gate.weight',
      'model.embed_tokens.weight',
      'model.norm.weight',
      'post_attention_layernorm.weight',
      'self_attn.kv_a_layernorm.weight',
      'self_attn.q_a_layernorm.weight',
      'shared_head.norm.weight',
    ]);
    expect(kinds(true).size).toBe(14);
    const kept = tensors.filter(({ bf16InFp8Mode }) => bf16InFp8Mode);
    expect(kept).toHaveLength(62);
    expect(kept.every(({ name }) => name.endsWith('kv_b_proj.weight'))).toBe(true);
  });

  test('names no tensor twice', () => {
    for (const config of [DEEPSEEK_V3, LLAMA_3_2_1B, QWEN3_30B_A3B]) {
      const tensors = expectedTensors(archSpecOf(config));
      expect(new Set(tensors.map(({ name }) => name)).size).toBe(tensors.length);
    }
  });
});
