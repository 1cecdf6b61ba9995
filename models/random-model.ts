/** Makes a small seeded random checkpoint in DeepSeek-V3's published layout: every part of the engine runs, nothing is known. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ArchSpec } from '../engine/arch-spec.js';
import { expectedTensors } from '../engine/architectures/expected-tensors.js';
import { archSpecOf } from '../engine/architectures/registry.js';
import { SafetensorsWriter } from '../engine/safetensors-writer.js';
import { byteTokenizer } from './byte-tokenizer.js';
import { NormalNumbers } from './normal-numbers.js';

const SEED = 20261123;

const CONFIG = {
  architectures: ['DeepseekV3ForCausalLM'],
  model_type: 'deepseek_v3',
  vocab_size: 384,
  hidden_size: 128,
  intermediate_size: 256,
  moe_intermediate_size: 64,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  num_key_value_heads: 4,
  n_shared_experts: 1,
  n_routed_experts: 16,
  routed_scaling_factor: 2.5,
  kv_lora_rank: 64,
  q_lora_rank: 96,
  qk_rope_head_dim: 16,
  v_head_dim: 32,
  qk_nope_head_dim: 32,
  n_group: 4,
  topk_group: 2,
  num_experts_per_tok: 4,
  first_k_dense_replace: 1,
  moe_layer_freq: 1,
  norm_topk_prob: true,
  scoring_func: 'sigmoid',
  topk_method: 'noaux_tc',
  hidden_act: 'silu',
  max_position_embeddings: 16_384,
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  rope_scaling: null,
  attention_bias: false,
  tie_word_embeddings: false,
  num_nextn_predict_layers: 0,
  bos_token_id: 256,
  eos_token_id: 257,
  torch_dtype: 'bfloat16',
};

/** Writes the checkpoint to `folder`, whole or not at all; a folder that another process finished first is left as it is. */
export function writeRandomModel(folder: string, note: string): void {
  mkdirSync(path.dirname(folder), { recursive: true });
  const scratch = mkdtempSync(`${folder}.`);
  try {
    const { tokenizer, tokenizerConfig } = byteTokenizer(CONFIG.bos_token_id, CONFIG.eos_token_id);
    writeFileSync(path.join(scratch, 'config.json'), `${JSON.stringify(CONFIG, null, 2)}\n`);
    writeFileSync(path.join(scratch, 'tokenizer.json'), `${JSON.stringify(tokenizer)}\n`);
    writeFileSync(path.join(scratch, 'tokenizer_config.json'), `${JSON.stringify(tokenizerConfig, null, 2)}\n`);
    writeFileSync(path.join(scratch, 'RANDOM_WEIGHTS'), `${note}\n`);
    writeRandomWeights(path.join(scratch, 'model.safetensors'), archSpecOf(CONFIG));
    renameSync(scratch, folder);
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

/** BF16 weights: norms near 1, everything else with variance 1 / inputs. */
function writeRandomWeights(file: string, arch: ArchSpec): void {
  const numbers = new NormalNumbers(SEED);
  const tensors = expectedTensors(arch);
  const writer = new SafetensorsWriter(
    file,
    tensors.map(({ name, shape }) => ({ name, shape, dtype: 'BF16' })),
  );
  for (const { name, shape } of tensors) {
    const values = new Uint16Array(shape.reduce((product, size) => product * size, 1));
    const [mean, spread] =
      shape.length > 1 ? [0, 1 / Math.sqrt(shape.at(-1) ?? 1)] : /bias/.test(name) ? [0, 0.1] : [1, 0.1];
    for (let i = 0; i < values.length; ++i) values[i] = bfloat16(mean + spread * numbers.next());
    writer.append(name, values);
  }
  writer.close();
}

const scratchFloat = new Float32Array(1);
const scratchBits = new Uint32Array(scratchFloat.buffer);

/** Nearest even. */
function bfloat16(value: number): number {
  scratchFloat[0] = value;
  const bits = scratchBits[0] as number;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}
