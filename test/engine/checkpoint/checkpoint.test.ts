import { existsSync, readdirSync, renameSync, symlinkSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { RawConfig } from '../../../engine/architectures/family.js';
import { openCheckpoint } from '../../../engine/checkpoint/checkpoint.js';
import { packageRoot } from '../../../package-root.js';
import { DEEPSEEK_V3, LLAMA_3_2_1B } from '../architectures/published-configs.js';
import { errorOf } from '../thrown-error.js';
import {
  checkpointOf,
  folderOf,
  soundFile,
  type TensorToWrite,
  temporaryFolder,
  tensorsOf,
} from './safetensors-file.js';

/** Llama with one layer, small enough to write in every test. */
const LLAMA: RawConfig = {
  ...LLAMA_3_2_1B,
  vocab_size: 16,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  head_dim: 4,
  tie_word_embeddings: false,
  bos_token_id: 0,
  eos_token_id: 1,
};

/** DeepSeek-V3 with a dense layer, an expert layer and an MTP module, its blocks ragged in both directions. */
const DEEPSEEK: RawConfig = {
  ...DEEPSEEK_V3,
  vocab_size: 16,
  hidden_size: 136,
  intermediate_size: 260,
  moe_intermediate_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 1,
  q_lora_rank: 8,
  kv_lora_rank: 8,
  qk_nope_head_dim: 4,
  qk_rope_head_dim: 4,
  v_head_dim: 4,
  n_routed_experts: 4,
  num_experts_per_tok: 2,
  n_group: 2,
  topk_group: 1,
  first_k_dense_replace: 1,
};

const BF16 = (...shape: number[]): TensorToWrite => ({ dtype: 'BF16', shape });
const Q_PROJ = 'model.layers.0.self_attn.q_proj.weight';
const DOWN = 'model.layers.0.mlp.down_proj.weight';

function openWith(config: RawConfig, changes: Readonly<Record<string, TensorToWrite | undefined>>) {
  const tensors = Object.entries({ ...tensorsOf(config), ...changes }).filter(([, tensor]) => tensor !== undefined);
  return openCheckpoint(checkpointOf(config, Object.fromEntries(tensors) as Record<string, TensorToWrite>));
}

function sharded(
  map: Readonly<Record<string, unknown>>,
  shards: Readonly<Record<string, Record<string, TensorToWrite>>>,
): string {
  const files = Object.entries(shards).map(([name, tensors]) => [name, soundFile(tensors)]);
  return folderOf({
    'config.json': LLAMA,
    'model.safetensors.index.json': { weight_map: map },
    ...Object.fromEntries(files),
  });
}

/** LLAMA's tensors in two shards, with their map. */
function twoShards() {
  const all = Object.entries(tensorsOf(LLAMA));
  const first = Object.fromEntries(all.slice(0, 5));
  const second = Object.fromEntries(all.slice(5));
  const map = Object.fromEntries(all.map(([name], i) => [name, i < 5 ? 'a.safetensors' : 'b.safetensors']));
  return { first, second, map };
}

describe('openCheckpoint', () => {
  test('finds every tensor of a single file, in the order of the forward pass', () => {
    const { tensors, files, ignored, notes, arch } = openWith(LLAMA, {});
    expect(tensors.map(({ name }) => name)).toEqual(Object.keys(tensorsOf(LLAMA)));
    expect(files).toHaveLength(1);
    expect(tensors[0]).toEqual({
      name: 'model.embed_tokens.weight',
      dtype: 'BF16',
      shape: [16, 8],
      file: 0,
      offset: files[0]?.dataStart,
      bytes: 256,
    });
    expect([ignored, notes]).toEqual([[], []]);
    expect(arch.modelType).toBe('llama');
  });

  test('finds every tensor of shards', () => {
    const { first, second, map } = twoShards();
    const { tensors, files } = openCheckpoint(sharded(map, { 'a.safetensors': first, 'b.safetensors': second }));
    expect(files.map((file) => path.basename(file.path))).toEqual(['a.safetensors', 'b.safetensors']);
    expect(tensors.map(({ file }) => file)).toEqual(tensors.map((_, i) => (i < 5 ? 0 : 1)));
    expect(tensors[5]?.offset).toBe(files[1]?.dataStart);
  });

  test('follows links into a cache', () => {
    const folder = checkpointOf(LLAMA);
    const blob = path.join(temporaryFolder(), 'blob');
    renameSync(path.join(folder, 'model.safetensors'), blob);
    symlinkSync(blob, path.join(folder, 'model.safetensors'));
    expect(openCheckpoint(folder).tensors).toHaveLength(12);
  });

  test('takes the single file where both layouts are there, and says so', () => {
    const { first, map } = twoShards();
    const files = {
      'config.json': LLAMA,
      'model.safetensors': soundFile(tensorsOf(LLAMA)),
      'a.safetensors': soundFile(first),
    };
    const { notes, tensors } = openCheckpoint(
      folderOf({ ...files, 'model.safetensors.index.json': { weight_map: map } }),
    );
    expect(tensors).toHaveLength(12);
    expect(notes.join('; ')).toMatch(/a\.safetensors is not part of the checkpoint.*index\.json was not read/);
  });

  test("prefers generation_config.json's end-of-sequence ids", () => {
    const folder = (eos: unknown) =>
      folderOf({
        'config.json': LLAMA,
        'model.safetensors': soundFile(tensorsOf(LLAMA)),
        'generation_config.json': { eos_token_id: eos },
      });
    expect(openCheckpoint(folder([3, 1])).arch.eosIds).toEqual([3, 1]);
    expect(openCheckpoint(folder(null)).arch.eosIds).toEqual([1]);
    expect(errorOf(() => openCheckpoint(folder('x')))).toMatch(/generation_config\.json: eos_token_id is not usable/);
  });
});

describe('openCheckpoint, tensors', () => {
  test.each<[string, RawConfig, Record<string, TensorToWrite>, RegExp]>([
    [
      'rotary tables',
      LLAMA,
      { 'model.layers.0.self_attn.rotary_emb.inv_freq': { dtype: 'F32', shape: [2] } },
      /rotary/,
    ],
    ['a tied head', { ...LLAMA, tie_word_embeddings: true }, { 'lm_head.weight': BF16(16, 8) }, /tied/],
    ["an MTP module's embedding", DEEPSEEK, { 'model.layers.2.embed_tokens.weight': BF16(16, 136) }, /copy/],
    ["an MTP module's head", DEEPSEEK, { 'model.layers.2.shared_head.head.weight': BF16(16, 136) }, /copy/],
    [
      'a second MTP module',
      { ...DEEPSEEK, num_nextn_predict_layers: 2 },
      { 'model.layers.3.enorm.weight': BF16(136) },
      /first MTP/,
    ],
  ])('leaves out %s by a stated rule', (_, config, extra, rule) => {
    const { ignored } = openWith(config, extra);
    expect(ignored.map(({ name }) => name)).toEqual(Object.keys(extra));
    expect(ignored[0]?.rule).toMatch(rule);
  });

  test.each<[string, RawConfig, Record<string, TensorToWrite | undefined>, RegExp]>([
    [
      'an unknown tensor',
      LLAMA,
      { 'model.layers.0.self_attn.k_scale': BF16() },
      /unknown-tensor: .*tensor model\.layers\.0\.self_attn\.k_scale, which a llama/,
    ],
    ['a layer too many', LLAMA, { 'model.layers.1.input_layernorm.weight': BF16(8) }, /unknown-tensor: .*layers\.1\./],
    [
      'a third MTP module of two',
      { ...DEEPSEEK, num_nextn_predict_layers: 2 },
      { 'model.layers.4.enorm.weight': BF16(136) },
      /unknown-tensor/,
    ],
    [
      'an MTP embedding that config.json does not declare',
      { ...DEEPSEEK, num_nextn_predict_layers: 0 },
      { 'model.layers.2.embed_tokens.weight': BF16(16, 136) },
      /unknown-tensor/,
    ],
    [
      'an embedding in a main layer',
      DEEPSEEK,
      { 'model.layers.1.embed_tokens.weight': BF16(16, 136) },
      /unknown-tensor/,
    ],
    [
      'a bias that the config does not have',
      LLAMA,
      { 'model.layers.0.self_attn.q_proj.bias': BF16(8) },
      /unknown-tensor/,
    ],
    [
      'a tensor that is missing',
      LLAMA,
      { [Q_PROJ]: undefined },
      /missing-tensor: .*lacks 1 of the 12 tensors.*first is model\.layers\.0\.self_attn\.q_proj\.weight/,
    ],
    [
      'many that are missing',
      { ...LLAMA, num_hidden_layers: 3 },
      Object.fromEntries(
        Object.keys(tensorsOf({ ...LLAMA, num_hidden_layers: 3 }))
          .filter((name) => name.includes('layers.2'))
          .map((name) => [name, undefined]),
      ),
      /lacks 9 of the 30/,
    ],
    ['a head that is missing', LLAMA, { 'lm_head.weight': undefined }, /missing-tensor: .*lm_head\.weight/],
    [
      'half of an MTP module',
      DEEPSEEK,
      { 'model.layers.2.enorm.weight': undefined },
      /missing-tensor: .*layers\.2\.enorm/,
    ],
    [
      'a transposed weight',
      LLAMA,
      { [DOWN]: BF16(12, 8) },
      /checkpoint\/shape: Tensor model\.layers\.0\.mlp\.down_proj\.weight .*Expected \[8, 12\], found \[12, 8\]/,
    ],
    ['a flat weight', LLAMA, { [DOWN]: BF16(96) }, /Expected \[8, 12\], found \[96\]/],
    [
      'integer weights',
      LLAMA,
      { [DOWN]: { dtype: 'I32', shape: [8, 12] } },
      /checkpoint\/dtype: .*down_proj.*found I32/,
    ],
    [
      'an FP8 norm',
      DEEPSEEK,
      { 'model.norm.weight': { dtype: 'F8_E4M3', shape: [136] } },
      /checkpoint\/dtype: .*model\.norm\.weight.*F32, F16, BF16, found F8_E4M3/,
    ],
  ])('refuses %s', (_, config, changes, message) => {
    expect(errorOf(() => openWith(config, changes))).toMatch(message);
  });

  test('uses no MTP module where the files hold none of the one that config.json promises, and says so', () => {
    const { arch, notes } = openWith(
      DEEPSEEK,
      Object.fromEntries(
        Object.keys(tensorsOf(DEEPSEEK))
          .filter((name) => name.includes('layers.2.'))
          .map((name) => [name, undefined]),
      ),
    );
    expect([arch.mtpLayers, arch.feedForward, arch.slidingWindows]).toEqual([0, ['dense', 'moe'], [0, 0]]);
    expect(notes.join()).toMatch(/multi-token-prediction/);
  });

  test.each(['F32', 'F16', 'BF16'])('takes weights in %s', (dtype) => {
    expect(
      openWith(LLAMA, { [DOWN]: { dtype, shape: [8, 12] } }).tensors.find(({ name }) => name === DOWN)?.dtype,
    ).toBe(dtype);
  });
});

describe('openCheckpoint, FP8', () => {
  const weight: TensorToWrite = { dtype: 'F8_E4M3', shape: [136, 260] };
  const scales = (...shape: number[]): TensorToWrite => ({ dtype: 'F32', shape });

  test.each(['F32', 'BF16'])('joins a weight with its ragged %s scales', (dtype) => {
    const { tensors, arch } = openWith(DEEPSEEK, { [DOWN]: weight, [`${DOWN}_scale_inv`]: { dtype, shape: [2, 3] } });
    const down = tensors.find(({ name }) => name === DOWN);
    expect(down).toMatchObject({
      dtype: 'F8_E4M3',
      bytes: 136 * 260,
      scale: { dtype, shape: [2, 3], name: `${DOWN}_scale_inv` },
    });
    expect(tensors.map(({ name }) => name)).toEqual(Object.keys(tensorsOf(DEEPSEEK)));
    expect(arch.weightQuantization?.block).toEqual([128, 128]);
  });

  test('forgets a quantisation that config.json promises and the files lack, and says so', () => {
    const { arch, notes } = openWith(DEEPSEEK, {});
    expect(arch.weightQuantization).toBe(null);
    expect(notes.join()).toMatch(/promises FP8 weights/);
  });

  test.each<[string, RawConfig, Record<string, TensorToWrite>, RegExp]>([
    [
      'a weight without scales',
      DEEPSEEK,
      { [DOWN]: weight },
      /checkpoint\/scale: .*without its scales.*down_proj\.weight_scale_inv/,
    ],
    [
      'scales without a weight',
      DEEPSEEK,
      { 'model.layers.0.mlp.other.weight_scale_inv': scales(1, 1) },
      /checkpoint\/scale: .*not there/,
    ],
    [
      'scales of a BF16 weight',
      DEEPSEEK,
      { [`${DOWN}_scale_inv`]: scales(2, 3) },
      /checkpoint\/scale: .*weight that is BF16/,
    ],
    [
      'scales rounded down',
      DEEPSEEK,
      { [DOWN]: weight, [`${DOWN}_scale_inv`]: scales(1, 2) },
      /checkpoint\/shape: .*Expected \[2, 3\], found \[1, 2\]/,
    ],
    [
      'scales transposed',
      DEEPSEEK,
      { [DOWN]: weight, [`${DOWN}_scale_inv`]: scales(3, 2) },
      /Expected \[2, 3\], found \[3, 2\]/,
    ],
    [
      'one scale for all',
      DEEPSEEK,
      { [DOWN]: weight, [`${DOWN}_scale_inv`]: scales() },
      /Expected \[2, 3\], found \[\]/,
    ],
    [
      'scales in F16',
      DEEPSEEK,
      { [DOWN]: weight, [`${DOWN}_scale_inv`]: { dtype: 'F16', shape: [2, 3] } },
      /F32 or BF16, found F16/,
    ],
    [
      'FP8 without a block size',
      { ...DEEPSEEK, quantization_config: null },
      { [DOWN]: weight, [`${DOWN}_scale_inv`]: scales(2, 3) },
      /quantization_config/,
    ],
    [
      'an FP8 router',
      DEEPSEEK,
      { 'model.layers.1.mlp.gate.weight': { dtype: 'F8_E4M3', shape: [4, 136] } },
      /checkpoint\/dtype/,
    ],
  ])('refuses %s', (_, config, changes, message) => {
    expect(errorOf(() => openWith(config, changes))).toMatch(message);
  });
});

describe('openCheckpoint, folders', () => {
  test.each<[string, Record<string, string | object>, RegExp]>([
    ['without config.json', { 'model.safetensors': '' }, /config\/file: .*config\.json cannot be read/],
    ['with a list as config.json', { 'config.json': '[]' }, /config\/file: .*an object, found a list/],
    [
      'with NaN in config.json',
      { 'config.json': '{\n "rms_norm_eps": NaN}' },
      /config\/file: .*NaN is not JSON.*line 2, column 18/,
    ],
    ['with a key twice in config.json', { 'config.json': '{"a": 1, "a": 2}' }, /"a" appears twice/],
    ['without weights', { 'config.json': LLAMA }, /checkpoint\/no-weights: .*found no weights at all/],
    [
      'with PyTorch weights',
      { 'config.json': LLAMA, 'pytorch_model.bin': '' },
      /no-weights: .*model\.safetensors.*found pytorch_model\.bin.*safetensors format/,
    ],
    [
      'with GGUF weights',
      { 'config.json': LLAMA, 'a.gguf': '', 'b.gguf': '', 'c.gguf': '', 'd.gguf': '' },
      /found a\.gguf, b\.gguf, c\.gguf and 1 more/,
    ],
    [
      'with an index that is empty',
      { 'config.json': LLAMA, 'model.safetensors.index.json': '{"weight_map":{}}' },
      /checkpoint\/index: .*no weight_map/,
    ],
    [
      'with an index that is a list',
      { 'config.json': LLAMA, 'model.safetensors.index.json': '[]' },
      /checkpoint\/index: .*found a list/,
    ],
  ])('refuses a folder %s', (_, files, message) => {
    expect(errorOf(() => openCheckpoint(folderOf(files)))).toMatch(message);
  });

  test('refuses what is not a folder', () => {
    const folder = folderOf({ 'config.json': LLAMA });
    expect(errorOf(() => openCheckpoint(path.join(folder, 'none')))).toMatch(
      /checkpoint\/not-found: There is no folder/,
    );
    expect(errorOf(() => openCheckpoint(path.join(folder, 'config.json')))).toMatch(/is not a folder/);
  });

  test.each([
    '../a.safetensors',
    '/etc/a.safetensors',
    'sub/a.safetensors',
    '..\\a.safetensors',
    'a.bin',
    '.safetensors/..',
    5,
    null,
  ])('refuses an index that names the file %j', (name) => {
    const { first, map } = twoShards();
    const folder = sharded({ ...map, 'model.norm.weight': name }, { 'a.safetensors': first });
    expect(errorOf(() => openCheckpoint(folder))).toMatch(/checkpoint\/index: .*tensor "model\.norm\.weight"/);
  });

  test('refuses an index that disagrees with its shards, naming the tensor', () => {
    const { first, second, map } = twoShards();
    const shards = { 'a.safetensors': first, 'b.safetensors': second };
    const open = (newMap: Record<string, unknown>, newShards: Record<string, Record<string, TensorToWrite>> = shards) =>
      errorOf(() => openCheckpoint(sharded(newMap, newShards)));
    expect(open({ ...map, 'model.norm.weight': 'a.safetensors' })).toMatch(
      /checkpoint\/index: .*"model\.norm\.weight" in a\.safetensors.*found it in b\.safetensors/,
    );
    expect(open({ ...map, ghost: 'a.safetensors' })).toMatch(/"ghost" in a\.safetensors.*found it in none/);
    expect(open({ ...map, 'model.norm.weight': 'c.safetensors' })).toMatch(
      /checkpoint\/not-found: .*c\.safetensors is missing/,
    );
    const { 'model.norm.weight': _, ...lacking } = map;
    expect(open(lacking)).toMatch(/checkpoint\/index: b\.safetensors holds tensor "model\.norm\.weight", which/);
    expect(open(map, { ...shards, 'b.safetensors': { ...second, 'model.embed_tokens.weight': BF16(16, 8) } })).toMatch(
      /checkpoint\/duplicate: Tensor "model\.embed_tokens\.weight" is in two files, .*a\.safetensors and .*b\.safetensors/,
    );
  });

  test('refuses a truncated shard with its name and sizes', () => {
    const { first, second, map } = twoShards();
    const folder = sharded(map, { 'a.safetensors': first, 'b.safetensors': second });
    const size = soundFile(second).length;
    truncateSync(path.join(folder, 'b.safetensors'), size - 3);
    expect(errorOf(() => openCheckpoint(folder))).toMatch(
      new RegExp(`b\\.safetensors is truncated\\. Expected ${size} bytes, .* found ${size - 3}\\.`),
    );
  });
});

describe('openCheckpoint, tiny reference checkpoints', () => {
  const fixtures = path.join(packageRoot, 'test/fixtures/oracle');
  const shared = path.join(process.env.EVALRUN_SHARED ?? path.join(packageRoot, '..', 'shared'), 'oracle/checkpoints');

  test.each([
    ['deepseek-v3', 3, 201],
    ['deepseek-v2', 1, 198],
    ['llama', 1, 30],
    ['qwen2', 1, 38],
    ['qwen3-moe', 3, 102],
  ])('opens %s', (name, files, tensors) => {
    const checkpoint = openCheckpoint(path.join(fixtures, name));
    expect([checkpoint.files.length, checkpoint.tensors.length, checkpoint.ignored]).toEqual([files, tensors, []]);
  });

  // Skipped where the reference material is not beside the checkout; the five above are in the repository.
  (existsSync(shared)
    ? test.each(readdirSync(shared))
    : test.skip.each(['reference checkpoints: not on this machine']))('opens the whole of %s', (name) => {
    const { arch, tensors } = openCheckpoint(path.join(shared, name));
    expect(tensors.length).toBeGreaterThan(20);
    expect(arch.mtpLayers).toBe(name === 'deepseek-v3-mtp' ? 1 : 0);
    expect(tensors.filter(({ scale }) => scale !== undefined)).toHaveLength(name === 'deepseek-v3-fp8' ? 72 : 0);
  });
});
