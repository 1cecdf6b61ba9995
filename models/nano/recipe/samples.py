"""The sample questions of this repository: what the corpus must not hold."""

import csv
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[3] / "datasets" / "samples"
COLUMNS = {"mmlu": (0, 1), "ceval": (1, 2), "cmmlu": (1, 2)}


class Sample(NamedTuple):
    question: str
    options: tuple[str, str, str, str]


@cache
def choice_samples() -> tuple[Sample, ...]:
    """Every multiple-choice question in the box, few-shot questions included."""
    found = []
    for subject_set, (question, first) in COLUMNS.items():
        for file in sorted((ROOT / subject_set).glob("*/*.csv")):
            with file.open(encoding="utf-8", newline="") as lines:
                for row in csv.reader(lines):
                    if row[question].lower() != "question":
                        found.append(Sample(row[question], tuple(row[first : first + 4])))
    return tuple(found)


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
