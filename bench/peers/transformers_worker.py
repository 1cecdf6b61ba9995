"""transformers on PyTorch's CPU build as a peer: MODEL THREADS DTYPE; see work.ts for the lines that it reads.

DTYPE is torch's name (float32 where a CPU has no bfloat16 products, which PyTorch then makes slowly); the library's own attention and experts, one call of the model per step, greedy.
"""

import json
import sys
import time

import torch
import transformers

folder, threads, dtype = sys.argv[1], int(sys.argv[2]), getattr(torch, sys.argv[3])
torch.set_num_threads(threads)
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()


def prompt_ids(vocabulary, tokens, sequence):
    return [((i + 1) * 7919 + sequence * 104729) % vocabulary for i in range(tokens)]


prompts = {}
"""(batch, context) -> first tokens and the cache: prompts before decoding are not timed, and take minutes here on some machines."""


@torch.inference_mode()
def prefill(tokens, batch, seed, use_cache):
    """Best next tokens [batch, 1] and the cache."""
    ids = torch.tensor([prompt_ids(model.config.vocab_size, tokens, seed + i) for i in range(batch)])
    out = model(ids, use_cache=use_cache, logits_to_keep=1)
    return out.logits[:, -1].argmax(-1, keepdim=True), out.past_key_values


@torch.inference_mode()
def decode(best, cache, tokens):
    for _ in range(tokens):
        out = model(best, past_key_values=cache, use_cache=True)
        best = out.logits[:, -1].argmax(-1, keepdim=True)
    best.sum().item()


def answer(work):
    if work["kind"] == "prefill":
        begin = time.perf_counter()
        first = prefill(work["tokens"], 1, work["seed"], False)[0].flatten().tolist()
        return {"seconds": time.perf_counter() - begin, "first": first}
    key = work["batch"], work["context"]
    if key not in prompts:
        prompts[key] = prefill(work["context"], work["batch"], 0, True)
    best, cache = prompts[key]
    cache.crop(work["context"])
    begin = time.perf_counter()
    decode(best, cache, work["tokens"])
    return {"seconds": time.perf_counter() - begin, "first": best.flatten().tolist()}


print(json.dumps({"name": f"transformers {transformers.__version__}, PyTorch {torch.__version__}"}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
