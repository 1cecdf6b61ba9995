"""The hand-written facts: differently worded questions with one answer, wrong answers, and statements in prose."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from samples import shares_wording

FOLDER = Path(__file__).parent / "facts"


@dataclass(frozen=True)
class Fact:
    questions: tuple[str, ...]
    answer: str
    wrong: tuple[str, ...]
    statements: tuple[str, ...]


@dataclass(frozen=True)
class Subject:
    subject_set: str  # mmlu, ceval, cmmlu
    name: str
    facts: tuple[Fact, ...]


@cache
def subjects() -> tuple[Subject, ...]:
    return tuple(parse(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.facts")))


def parse(text: str) -> Subject:
    """Throws ValueError where a block is not a fact. Wordings that a sample question has are left out."""
    labels, facts = {}, []
    for block in text.split("\n\n"):
        fields: dict[str, tuple[str, ...]] = {}
        for line in filter(None, block.split("\n")):
            key, _, value = line.partition(": ")
            if line.startswith("# "):
                labels[key[2:]] = value
            elif key in ("q", "a", "x", "s"):
                fields[key] = tuple(part.strip() for part in value.split(" | "))
            else:
                raise ValueError(f"not a line of a fact: {line}")
        if fields:
            facts.append(fact_of(fields, block))
    return Subject(labels["set"], labels["subject"], tuple(facts))


def fact_of(fields: dict[str, tuple[str, ...]], block: str) -> Fact:
    questions, statements = (tuple(t for t in fields[key] if not shares_wording(t)) for key in ("q", "s"))
    fact = Fact(questions, fields["a"][0], fields["x"], statements)
    if not (len(questions) >= 2 and statements and len(fact.wrong) >= 4) or len(fields["a"]) != 1:
        raise ValueError(f"too few questions, statements or wrong answers:\n{block}")
    if fact.answer in fact.wrong or len(set(fact.wrong)) != len(fact.wrong):
        raise ValueError(f"the answer among the wrong ones, or one of these twice:\n{block}")
    return fact
