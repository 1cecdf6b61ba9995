"""What the corpus is made of: a question with options, a worked problem, a programming task."""

import hashlib
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """A multiple-choice question. `parameters` are the numbers of a computed item, () for a knowledge item."""

    family: str
    parameters: tuple
    question: str
    options: tuple[str, str, str, str]
    answer: int  # 0..3


@dataclass(frozen=True)
class Problem:
    """A mathematics problem with a worked solution that ends in \\boxed{answer}. `language` is "en" or "zh"."""

    family: str
    parameters: tuple
    language: str
    question: str
    solution: str
    answer: str


@dataclass(frozen=True)
class Task:
    """A Python function to write, in HumanEval's format: `test` defines check(candidate)."""

    family: str
    parameters: tuple
    entry_point: str
    prompt: str
    canonical_solution: str
    test: str


def is_reserved(family: str, parameters: tuple) -> bool:
    """Whether these parameters are kept for the sample questions: one in sixteen, by hash. The corpus never uses them."""
    key = json.dumps([family, list(parameters)], ensure_ascii=True)
    return hashlib.sha256(key.encode()).digest()[0] % 16 == 0
