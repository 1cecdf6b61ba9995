"""What transformers does with the same shape, the same prompts and the same GPU: DeepSeek-V2-Lite with random bf16 weights, MMLU-shaped
prompts scored whole. Beside it the GPU's own limits by PyTorch: a copy and a product of large matrices. A peer, not a part of evalrun."""

import argparse
import json
import statistics
import time

import torch
import transformers

PREFIX_TOKENS = 600
QUESTION_TOKENS = 110
BATCHES = (8, 16, 32)
REPEATS = 5


def seconds(work, repeats=REPEATS):
    for _ in range(2):
        work()
    torch.cuda.synchronize()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - begin)
    return statistics.median(times), min(times), max(times)


def limits():
    a, b = (torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    median, least, most = seconds(lambda: a @ b, 10)
    operations = 2e-12 * 8192**3
    yield {"limit": "bf16 product by PyTorch, TFLOP/s", "size": 8192, "median": operations / median, "at least": operations / most, "at most": operations / least}
    source = torch.randint(0, 255, (4 << 30,), device="cuda", dtype=torch.uint8)
    target = torch.empty_like(source)
    median, least, most = seconds(lambda: target.copy_(source), 10)
    moved = 2e-9 * source.numel()
    yield {"limit": "copy by PyTorch, GB/s", "size": source.numel(), "median": moved / median, "at least": moved / most, "at most": moved / least}


def model(layers):
    config = transformers.DeepseekV2Config(
        vocab_size=102400, hidden_size=2048, intermediate_size=10944, moe_intermediate_size=1408, num_hidden_layers=layers,
        num_attention_heads=16, num_key_value_heads=16, n_routed_experts=64, n_shared_experts=2, num_experts_per_tok=6, n_group=1,
        topk_group=1, routed_scaling_factor=1.0, topk_method="greedy", norm_topk_prob=False, first_k_dense_replace=1, kv_lora_rank=512,
        q_lora_rank=None, qk_rope_head_dim=64, qk_nope_head_dim=128, v_head_dim=128, max_position_embeddings=16384)
    torch.manual_seed(1)
    with torch.device("cuda"):
        return transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).eval()


def score(network, batch):
    length = PREFIX_TOKENS + QUESTION_TOKENS
    ids = torch.randint(0, 102400, (batch, length), device="cuda")
    letters = torch.tensor([32, 33, 34, 35], device="cuda")

    def work():
        logits = network(input_ids=ids, use_cache=False, logits_to_keep=1).logits[:, -1].float()
        return torch.log_softmax(logits, -1)[:, letters].cpu()

    median, least, most = seconds(work)
    return {"measured": "transformers, whole prompts", "batch": batch, "tokens/s": batch * length / median, "questions/s": batch / median,
            "at least": batch / most, "at most": batch / least, "s for 14,042 questions": 14042 * median / batch}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    parser.add_argument("--layers", type=int, default=27)
    options = parser.parse_args()
    records = []

    def note(record):
        records.append(record)
        print("  ".join(f"{name}: {value:.4g}" if isinstance(value, float) else f"{name}: {value}" for name, value in record.items()), flush=True)
        # Written each time: a time limit may end this.
        if options.json:
            with open(options.json, "w") as out:
                json.dump(records, out)

    note({"software": f"torch {torch.__version__}, transformers {transformers.__version__}", "gpu": torch.cuda.get_device_name()})
    with torch.inference_mode():
        for record in limits():
            note(record)
        network = model(options.layers)
        # How transformers chose to compute the experts and the attention, where this version says so.
        note({"experts": str(getattr(network.config, "_experts_implementation", None)), "attention": str(network.config._attn_implementation)})
        for batch in BATCHES:
            note(score(network, batch))


if __name__ == "__main__":
    main()
