"""Turns shards of documents into rows of token ids with loss weights."""

import json
from itertools import accumulate
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from config import CONFIG

# Weights are kept as bytes, in twentieths.
WEIGHT_UNIT = 0.05


def encode_shard(tokenizer: Tokenizer, file: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """(ids, weights) of each document; a token that crosses into a part has that part's weight."""
    documents = [json.loads(line) for line in file.open(encoding="utf-8")]
    encoded = tokenizer.encode_batch(["".join(text for text, _ in parts) for parts in documents], add_special_tokens=False)
    result = []
    for parts, encoding in zip(documents, encoded):
        ends = list(accumulate(len(text) for text, _ in parts))
        weights = np.array([round(weight / WEIGHT_UNIT) for _, weight in parts], dtype=np.uint8)
        last_character = np.array([end - 1 for _, end in encoding.offsets])
        part = np.searchsorted(ends, last_character, side="right")
        result.append((np.array(encoding.ids, dtype=np.uint16), weights[part]))
    return result


def pack(documents: list[tuple[np.ndarray, np.ndarray]], length: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows [N, length] of whole documents, each put into the fullest of eight open rows that has room; the rest is padding."""
    rows: list[tuple[list[np.ndarray], list[np.ndarray], int]] = []
    done: list[tuple[list[np.ndarray], list[np.ndarray], int]] = []
    for ids, weights in documents:
        ids, weights = ids[:length], weights[:length]
        fitting = [i for i, row in enumerate(rows) if row[2] + len(ids) <= length]
        if fitting:
            i = max(fitting, key=lambda place: rows[place][2])
            row = rows[i]
            row[0].append(ids)
            row[1].append(weights)
            rows[i] = (row[0], row[1], row[2] + len(ids))
        else:
            if len(rows) == 8:
                done.append(rows.pop(max(range(8), key=lambda place: rows[place][2])))
            rows.append(([ids], [weights], len(ids)))
    done += rows
    all_ids = np.full((len(done), length), CONFIG["pad_token_id"], dtype=np.uint16)
    all_weights = np.zeros((len(done), length), dtype=np.uint8)
    for i, (ids, weights, used) in enumerate(done):
        all_ids[i, :used] = np.concatenate(ids)
        all_weights[i, :used] = np.concatenate(weights)
    return all_ids, all_weights
