/** Files of a made-up model, small enough to write out: one with all weights in one file, one with shards. */

const filled = (bytes: number, seed: number) =>
  Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 7 + seed) % 251));

export const WEIGHTS = filled(5000, 1);

/** A repository as publishers fill them: with much that evalrun must not fetch. */
export const SINGLE: Readonly<Record<string, string | Buffer>> = {
  '.gitattributes': '*.safetensors filter=lfs\n',
  'README.md': '# a model\n',
  'config.json': '{"model_type":"llama"}\n',
  'generation_config.json': '{"eos_token_id":1}\n',
  'tokenizer.json': '{"model":{}}\n',
  'tokenizer_config.json': '{}\n',
  'chat_template.jinja': '{{ messages }}\n',
  'merges.txt': '',
  'model.safetensors': WEIGHTS,
  'consolidated.safetensors': filled(900, 2),
  'modeling_evil.py': 'import os\n',
  'pytorch_model.bin': filled(900, 3),
  'model-q4.gguf': filled(900, 4),
  'model.pt': filled(900, 5),
  'onnx/model.safetensors': filled(900, 6),
};

export const SINGLE_CHOSEN = [
  'chat_template.jinja',
  'config.json',
  'generation_config.json',
  'merges.txt',
  'model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
];

export const SHARDED: Readonly<Record<string, string | Buffer>> = {
  'config.json': '{"model_type":"llama"}\n',
  'tokenizer.json': '{"model":{}}\n',
  'model.safetensors.index.json': JSON.stringify({
    weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' },
  }),
  'model-00001-of-00002.safetensors': filled(3000, 7),
  'model-00002-of-00002.safetensors': filled(4000, 8),
};
