"""Writes a Llama checkpoint in Hugging Face layout as a BF16 GGUF file: the same weights for llama.cpp.

    python bench/peers/to_gguf.py CHECKPOINT FILE.gguf        needs the packages gguf and numpy

Matrices stay the bits that they are; norms become f32, as llama.cpp wants them. Rows of q and k are put from halves into pairs, which
is how llama.cpp rotates them. A checkpoint without a tokenizer becomes a file for token ids alone. Only byte-level BPE with GPT-2's
pattern is known; anything else is an error.
"""

import json
import pathlib
import sys

import gguf
import numpy as np

BF16 = gguf.GGMLQuantizationType.BF16


def read_tensors(folder):
    """Name -> uint16 array of BF16 bits, over all safetensors files of the folder."""
    tensors = {}
    for file in sorted(folder.glob("*.safetensors")):
        with open(file, "rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(size))
        data = np.memmap(file, np.uint8, "r", offset=8 + size)
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            if entry["dtype"] != "BF16":
                raise SystemExit(f"{name} is {entry['dtype']}, expected BF16: convert the checkpoint first")
            begin, end = entry["data_offsets"]
            tensors[name] = data[begin:end].view(np.uint16).reshape(entry["shape"])
    return tensors


def pair_rows(weight, heads):
    """Row i and row i + D/2 of each head turn together; llama.cpp expects them side by side. Weight [heads * D, C]."""
    rows, width = weight.shape
    halves = weight.reshape(heads, 2, rows // heads // 2, width)
    return np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(rows, width)


def add_tokenizer(writer, folder):
    tokenizer = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    split = tokenizer["pre_tokenizer"]
    if tokenizer["model"]["type"] != "BPE" or split["type"] != "ByteLevel" or not split.get("use_regex", True):
        raise SystemExit("only byte-level BPE with GPT-2's pattern is known here: use llama.cpp's own converter")
    tokens = dict(tokenizer["model"]["vocab"])
    added = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    tokens.update(added)
    ordered = sorted(tokens, key=tokens.get)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(ordered)
    kinds = (gguf.TokenType.CONTROL if token in added else gguf.TokenType.NORMAL for token in ordered)
    writer.add_token_types(list(kinds))
    merges = tokenizer["model"]["merges"]
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])


def add_placeholders(writer, size):
    """llama.cpp's binding refuses a file without a tokenizer, even for token ids: names that nothing tokenizes to."""
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([f"<{i}>" for i in range(size)])
    writer.add_token_types([gguf.TokenType.NORMAL] * size)
    writer.add_token_merges(["< 0"])


def main(folder, out):
    config = json.loads((folder / "config.json").read_text("utf-8"))
    if config["model_type"] != "llama":
        raise SystemExit(f"{folder} is a {config['model_type']}, expected a llama")
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    head_width = config.get("head_dim") or config["hidden_size"] // heads
    writer = gguf.GGUFWriter(out, "llama")
    writer.add_name(folder.name)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_rope_dimension_count(head_width)
    writer.add_rope_freq_base(config.get("rope_theta", 10_000.0))
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    if (folder / "tokenizer.json").exists():
        add_tokenizer(writer, folder)
    else:
        add_placeholders(writer, config["vocab_size"])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_add_bos_token(False)

    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    for name, bits in read_tensors(folder).items():
        to = names.get_name(name, try_suffixes=(".weight",))
        if to is None:
            raise SystemExit(f"{name} has no place in a GGUF file of a llama")
        if bits.ndim == 1:
            writer.add_tensor(to, (bits.astype(np.uint32) << 16).view(np.float32))
            continue
        if name.endswith("q_proj.weight"):
            bits = pair_rows(bits, heads)
        if name.endswith("k_proj.weight"):
            bits = pair_rows(bits, kv_heads)
        writer.add_tensor(to, np.ascontiguousarray(bits).view(np.uint8), raw_dtype=BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
