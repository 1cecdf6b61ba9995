"""Trains the model on a written corpus and exports it.

    python train.py CORPUS TOKENIZER_FOLDER OUT

On a GPU where there is one, else on the CPU in bfloat16 autocast. The log is OUT/training.jsonl.
"""

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from export import export
from model import Nano, Shape
from muon import Muon
from pack import WEIGHT_UNIT, encode_shard, pack

SEED = 20261125
TOKENS_PER_STEP = 4096
LONG_ROWS_FROM = 0.9  # the last tenth of the shards is packed into rows of 1,024 tokens, the rest into 512
MUON_RATE, ADAM_RATE, BIAS_RATE = 0.012, 3e-3, 2e-3
WARMUP_STEPS = 100
DRAFT_WEIGHT, BALANCE_WEIGHT = 0.3, 2e-3
KINDS = {"letter": 8.0, "judged_letter": 4.0, "words": 3.0, "verdict": 2.0, "written": 1.0}
# Of tokens that are only read, this share is drawn for the loss, with its weight raised to match.
READ_SHARE, DRAFT_READ_SHARE, DRAFT_WRITTEN_SHARE = 0.3, 0.1, 0.6


def packed_rows(corpus: Path, tokenizer: Tokenizer) -> list[tuple[np.ndarray, np.ndarray]]:
    """(ids, weights) [rows, length] of each shard, in order."""
    files = sorted(corpus.glob("*.jsonl"))
    lengths = [1024 if index >= LONG_ROWS_FROM * len(files) else 512 for index in range(len(files))]
    return [pack(encode_shard(tokenizer, file), length) for file, length in zip(files, lengths)]


def count_steps(shards: list[tuple[np.ndarray, np.ndarray]]) -> int:
    return sum(len(ids) // (TOKENS_PER_STEP // ids.shape[1]) for ids, _ in shards)


def batches(shards: list[tuple[np.ndarray, np.ndarray]]) -> Iterator[tuple[Tensor, Tensor]]:
    """(ids, weights) [B, T] of one pass over the corpus, shard by shard, rows shuffled within a shard."""
    shuffle = np.random.default_rng(SEED)
    for ids, weights in shards:
        rows = TOKENS_PER_STEP // ids.shape[1]
        order = shuffle.permutation(len(ids))
        for start in range(0, len(order) - rows + 1, rows):
            pick = order[start : start + rows]
            yield torch.from_numpy(ids[pick].astype(np.int64)), torch.from_numpy(weights[pick] * WEIGHT_UNIT)


def drawn(weights: Tensor, read_share: float, written_share: float) -> tuple[Tensor, Tensor]:
    """Rows that the loss looks at, and their weights: an unbiased sample of the weighted tokens."""
    share = torch.where(weights < 1, read_share, torch.where(weights < KINDS["letter"], written_share, 1.0))
    rows = ((torch.rand_like(weights) < share) & (weights > 0)).nonzero()[:, 0]
    return rows, weights[rows] / share[rows]


def weighted_loss(model: Nano, states: Tensor, targets: Tensor, rows: Tensor, weights: Tensor, total: Tensor):
    logits = model.head(states[rows]).float()
    losses = F.cross_entropy(logits, targets[rows], reduction="none")
    return (losses * weights).sum() / total, losses.detach(), logits.detach().argmax(-1) == targets[rows]


def learning_rate(step: int, steps: int) -> float:
    """Share of the full rate: linear warm-up, then a cosine to nearly nothing."""
    if step < WARMUP_STEPS:
        return (step + 1) / WARMUP_STEPS
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - WARMUP_STEPS) / (steps - WARMUP_STEPS)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--stop-after", type=int, help="stop early, for a trial")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = Tokenizer.from_file(str(options.tokenizer / "tokenizer.json"))
    model = Nano().to(device)
    muon_parameters = [p for name, p in model.named_parameters() if p.ndim >= 2 and is_hidden(name)]
    chosen = {id(p) for p in muon_parameters}
    others = [p for p in model.parameters() if id(p) not in chosen]
    muon, adam = Muon(muon_parameters), torch.optim.AdamW(others, lr=ADAM_RATE, betas=(0.9, 0.97), weight_decay=0.0)
    shards = packed_rows(options.corpus, tokenizer)
    steps = count_steps(shards)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {steps} steps on {device}", flush=True)
    log = (options.out / "training.jsonl").open("w", encoding="utf-8")
    window = Window()
    for step, (ids, weights) in enumerate(batches(shards)):
        share = learning_rate(step, steps)
        train_step(model, ids.to(device), weights.to(device).float(), window)
        for group in adam.param_groups:
            group["lr"] = ADAM_RATE * share
        torch.nn.utils.clip_grad_norm_(others, 1.0)
        adam.step()
        adam.zero_grad(set_to_none=True)
        muon.step(MUON_RATE * share)
        balance(model, BIAS_RATE * max(share, 0.05))
        if step % 50 == 49:
            record = window.record(step + 1, MUON_RATE * share)
            log.write(json.dumps(record) + "\n")
            log.flush()
            print(record, flush=True)
        if step % 500 == 499 or step + 1 == options.stop_after:
            export(model, options.out)
        if step + 1 == options.stop_after:
            return
    export(model, options.out)


def is_hidden(name: str) -> bool:
    """Whether a matrix is inside the network: not the embedding, the head or a router."""
    return not (name.startswith(("embed", "head")) or name.endswith("mlp.gate"))


def train_step(model: Nano, ids: Tensor, weights: Tensor, window: "Window") -> None:
    """Gradients of next-token, draft and balance losses on ids [B, T]."""
    with torch.autocast(ids.device.type, torch.bfloat16):
        hidden, drafted = model(ids)
        next_weights, draft_weights = weights[:, 1:].flatten(), weights[:, 2:].flatten()
        rows, row_weights = drawn(next_weights, READ_SHARE, 1.0)
        main_loss, losses, right = weighted_loss(
            model, hidden[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), rows, row_weights, next_weights.sum()
        )
        draft_rows, draft_row_weights = drawn(draft_weights, DRAFT_READ_SHARE, DRAFT_WRITTEN_SHARE)
        draft_loss, draft_losses, draft_right = weighted_loss(
            model, drafted[:, :-1].flatten(0, 1), ids[:, 2:].flatten(), draft_rows, draft_row_weights, draft_weights.sum()
        )
        balance_loss = sum(layer.balance_loss for layer in model.moe_layers())
        loss = main_loss + DRAFT_WEIGHT * draft_loss + BALANCE_WEIGHT * balance_loss
    loss.backward()
    window.add(model, next_weights[rows], losses, right, draft_weights[draft_rows], draft_losses, draft_right, ids.numel())


@torch.no_grad()
def balance(model: Nano, rate: float) -> None:
    """The auxiliary-loss-free rule: an expert above the mean load is made less likely to be chosen, one below more."""
    for layer in model.moe_layers():
        layer.bias += rate * (layer.load.mean() - layer.load).sign()


class Window:
    """Sums since the last record."""

    def __init__(self):
        self.clear()

    def clear(self) -> None:
        self.start, self.tokens = time.monotonic(), 0
        self.sums: dict[str, list[float]] = {}
        self.loads: list[Tensor] = []

    def add(self, model, weights, losses, right, draft_weights, draft_losses, draft_right, tokens: int) -> None:
        self.tokens += tokens
        for name, weight in KINDS.items():
            self.mean(f"{name}_loss", losses[weights == weight])
            self.mean(f"{name}_accuracy", right[weights == weight].float())
        draft_written = draft_weights == KINDS["written"]
        self.mean("draft_loss", draft_losses[draft_written])
        self.mean("draft_accuracy", draft_right[draft_written].float())
        loads = [layer.load for layer in model.moe_layers()]
        self.loads = [a + b for a, b in zip(self.loads, loads)] if self.loads else loads

    def mean(self, name: str, values: Tensor) -> None:
        total = self.sums.setdefault(name, [0.0, 0])
        total[0] += float(values.sum())
        total[1] += values.numel()

    def record(self, step: int, rate: float) -> dict:
        record = {"step": step, "tokens": step * TOKENS_PER_STEP, "rate": round(rate, 6)}
        record |= {name: round(total / max(count, 1), 4) for name, (total, count) in self.sums.items()}
        record["max_over_mean_load"] = [round(float(load.max() / load.mean()), 3) for load in self.loads]
        record["tokens_per_second"] = round(self.tokens / (time.monotonic() - self.start))
        self.clear()
        return record


if __name__ == "__main__":
    # glibc gives large blocks back to the system after each use; keeping them halves the time of a step.
    keep = {"MALLOC_MMAP_THRESHOLD_": str(1 << 33), "MALLOC_TRIM_THRESHOLD_": str(1 << 34), "MALLOC_TOP_PAD_": str(1 << 28)}
    if not keep.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **keep})
    main()
