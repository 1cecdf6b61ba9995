"""The sample questions of this repository: what the corpus must not hold.

They are read from a copy, `held_out.csv`, so that a later change of a sample does not change the corpus that the shipped weights
were trained on. Whether today's samples are held out is for test/models/nano/corpus.test.ts to find.
"""

import csv
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import NamedTuple

class Sample(NamedTuple):
    question: str
    options: tuple[str, str, str, str]


@cache
def choice_samples() -> tuple[Sample, ...]:
    """Every multiple-choice question in the box, few-shot questions included, as the box was when the corpus was written."""
    with (Path(__file__).parent / "held_out.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(Sample(row[0], tuple(row[1:])) for row in csv.reader(lines))


def words(text: str) -> tuple[str, ...]:
    """Words, numbers and single Chinese characters, without case, width or punctuation."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return tuple(re.findall(r"[a-z]+|\d+|[\u3400-\u9fff]", plain))


def run_length(gram: tuple[str, ...]) -> int:
    """How many units in a row count as the same wording: 8 words, 12 Chinese characters."""
    chinese = sum("\u3400" <= word[0] <= "\u9fff" for word in gram)
    return 12 if chinese * 2 > len(gram) else 8


def grams(text: str) -> set[tuple[str, ...]]:
    """The runs by which a wording is known again; a shorter text is one run."""
    units = words(text)
    size = run_length(units)
    if len(units) <= size:
        return {units}
    return {units[i : i + size] for i in range(len(units) - size + 1)}


@cache
def sample_grams() -> frozenset[tuple[str, ...]]:
    return frozenset(gram for sample in choice_samples() for gram in grams(sample.question))


@cache
def option_sets() -> frozenset[frozenset[str]]:
    return frozenset(frozenset(sample.options) for sample in choice_samples())


def shares_wording(text: str) -> bool:
    """Whether `text` holds a whole short sample question or a run of a longer one."""
    units = words(text)
    known = sample_grams()
    lengths = {len(gram) for gram in known}
    return any(units[i : i + size] in known for size in lengths for i in range(len(units) - size + 1))
