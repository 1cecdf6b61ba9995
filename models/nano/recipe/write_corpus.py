"""Writes the corpus: numbered shards of documents, the same bytes for the same seed.

    python write_corpus.py OUT [--shards N]

A line is a document: a JSON list of [text, weight of its loss].
"""

import argparse
import hashlib
import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

from choices import subject_choice
from facts import subjects
from prompts import Segments, base_code, base_problems, chat_choice, chat_code, chat_problem, few_shot, judged
from prose import answers, paragraph, story
from python_functions import python_task
from readings import reading_choice, same_word_choice
from subject_list import choose_subject
from worked_math import worked_problem

SEED = 20261125
DOCUMENTS = 12_000
SHARDS = 14
LANGUAGES = {"mmlu": "en", "ceval": "zh", "cmmlu": "zh"}

# Chance of each kind of document: in the first two shards, in the middle, in the last quarter.
FIRST = {"subject": 8, "judged": 30, "same": 4, "judged_same": 10, "reading": 6, "judged_reading": 6, "answers": 10}
FIRST |= {"paragraph": 4, "story": 2, "chat_choice": 1}
FIRST |= {"chat_problem": 8, "base_problems": 2, "base_code": 6, "chat_code": 3}
MIDDLE = {"subject": 26, "judged": 18, "same": 1, "reading": 4, "judged_reading": 2, "answers": 6}
MIDDLE |= {"paragraph": 4, "story": 1, "chat_choice": 2}
MIDDLE |= {"chat_problem": 14, "base_problems": 3, "base_code": 13, "chat_code": 6}
LAST = MIDDLE | {"subject": 40, "judged": 4, "same": 0, "judged_reading": 0}


def document(rng: Random, kind: str) -> Segments:
    if kind == "story":
        return story(rng)
    if kind == "base_code":
        return base_code(python_task(rng))
    if kind == "chat_code":
        return chat_code(python_task(rng))
    if kind == "chat_problem":
        return chat_problem(worked_problem(rng, rng.choice(("en", "en", "zh"))))
    if kind == "base_problems":
        language = rng.choice(("en", "zh"))
        return base_problems([worked_problem(rng, language) for _ in range(rng.randint(2, 4))])
    subject = choose_subject(rng, with_facts=kind in ("paragraph", "answers"))
    language = LANGUAGES[subject.subject_set]
    if kind == "paragraph":
        return paragraph(rng, subject)
    if kind == "answers":
        return answers(rng, subject)
    if kind == "chat_choice":
        return chat_choice(subject_choice(rng, subject))
    asked = kind.removeprefix("judged_")
    draw = {
        "subject": lambda: subject_choice(rng, subject),
        "judged": lambda: subject_choice(rng, subject),
        "reading": lambda: reading_choice(rng, language),
        "same": lambda: same_word_choice(rng, language),
    }[asked]
    questions = [draw() for _ in range(rng.randint(1, 6))]
    if kind.startswith("judged"):
        return judged(rng, subject.subject_set, subject.name, questions)
    return few_shot(subject.subject_set, subject.name, questions, with_header=kind == "subject" or rng.random() < 0.5)


def shard(index: int) -> list[Segments]:
    rng = Random(f"{SEED}/{index}")
    mix = FIRST if index < 2 else MIDDLE if index < 0.75 * SHARDS else LAST
    kinds = rng.choices(list(mix), list(mix.values()), k=DOCUMENTS)
    return [document(rng, kind) for kind in kinds]


def write_shard(folder: Path, index: int) -> str:
    """Writes one shard and returns its SHA-256."""
    text = "".join(json.dumps(segments, ensure_ascii=False) + "\n" for segments in shard(index))
    (folder / f"{index:02}.jsonl").write_text(text, encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def write_sums(folder: Path, shards: Iterable[int], hashes: Iterable[str]) -> None:
    sums = [f"{sha}  {index:02}.jsonl\n" for index, sha in zip(shards, hashes, strict=True)]
    (folder / "SHA256SUMS").write_text("".join(sums))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--shards", type=int, default=SHARDS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        shards = range(options.shards)
        write_sums(options.out, shards, pool.map(write_shard, [options.out] * options.shards, shards))
    print(f"{len(subjects())} subjects with facts, {options.shards} shards of {DOCUMENTS} documents in {options.out}")


if __name__ == "__main__":
    main()
