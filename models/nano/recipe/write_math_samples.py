"""Writes sample mathematics problems, in the formats of MATH-500, GSM8K, CMATH and MGSM, with reserved parameters."""

import json
import random
import re
from collections import Counter, defaultdict
from itertools import cycle, islice
from pathlib import Path

from items import Problem
from math_family import Family
from worked_math import FAMILIES, draw_parameters, write_problem

SEED = 11
OUTPUT = Path(__file__).parents[3] / "datasets" / "samples"
SUBJECTS = ("Prealgebra", "Algebra", "Number Theory", "Counting & Probability", "Geometry")
WORD_FAMILIES = [family for family in FAMILIES if family.is_word_problem]
# The school year in which a Chinese pupil meets the problem.
GRADES = {
    "give and get": 1,
    "bus": 1,
    "more than": 2,
    "ages": 2,
    "times as many": 3,
    "share": 3,
    "boxes": 3,
    "pages": 3,
    "two kinds": 3,
    "change": 3,
    "saving": 3,
    "area": 3,
    "perimeter": 3,
    "way": 4,
    "scores": 4,
    "speed": 5,
    "sum and difference": 5,
    "discount": 6,
    "interest": 6,
    "ratio": 6,
}


class Samples:
    """Draws reserved problems so that no two have the same family and parameters, whatever their language."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.seen: set[tuple[str, tuple]] = set()

    def parameters(self, family: Family) -> tuple:
        while True:
            parameters = draw_parameters(self.rng, family, reserved=True)
            if (family.name, parameters) not in self.seen:
                self.seen.add((family.name, parameters))
                return parameters

    def problem(self, family: Family, language: str) -> Problem:
        return write_problem(self.rng, family, self.parameters(family), language)


def spread(families: list[Family], count: int, rng: random.Random) -> list[Family]:
    """`count` families in mixed order, each as often as any other, give or take one."""
    order = rng.sample(families, len(families))
    return list(islice(cycle(order), count))


def math500(samples: Samples) -> list[dict]:
    by_subject = defaultdict(list)
    for family in FAMILIES:
        if not family.is_word_problem:
            by_subject[family.subject].append(family)
    columns = [spread(by_subject[subject], 12, samples.rng) for subject in SUBJECTS]
    numbers: Counter[str] = Counter()
    rows = []
    for family in (family for row in zip(*columns, strict=True) for family in row):
        problem = samples.problem(family, "en")
        folder = family.subject.lower().replace(" & ", "_and_").replace(" ", "_")
        numbers[folder] += 1
        rows.append(
            {
                "problem": problem.question,
                "solution": problem.solution,
                "answer": problem.answer,
                "subject": family.subject,
                "level": family.level,
                "unique_id": f"test/{folder}/{numbers[folder]}.json",
            }
        )
    return rows


def plain_steps(problem: Problem) -> list[str]:
    """The solution without LaTeX and without the sentence that holds the box."""
    text = problem.solution.replace("$", "").replace(r"\times", "*").replace(r"\div", "/").replace(r"\%", "%")
    return text.split("\n")[:-1]


def gsm8k(samples: Samples) -> list[dict]:
    rows = []
    for family in spread(WORD_FAMILIES, 30, samples.rng):
        problem = samples.problem(family, "en")
        rows.append(
            {"question": problem.question, "answer": "\n".join([*plain_steps(problem), f"#### {problem.answer}"])}
        )
    return rows


def cmath(samples: Samples) -> list[dict]:
    families = [family for family in FAMILIES if family.name in GRADES]
    rows = []
    for family in spread(families, 40, samples.rng):
        problem = samples.problem(family, "zh")
        rows.append(
            {
                "grade": GRADES[family.name],
                "input": problem.question,
                "golden": problem.answer,
                "reasoning_step": len(plain_steps(problem)),
                "num_digits": max(len(number) for number in re.findall(r"\d+", problem.question)),
            }
        )
    return sorted(rows, key=lambda row: row["grade"])


def mgsm(samples: Samples) -> dict[str, list[str]]:
    rows: dict[str, list[str]] = {"en": [], "zh": []}
    for family in spread(WORD_FAMILIES, 20, samples.rng):
        parameters, seed = samples.parameters(family), samples.rng.random()
        for language, lines in rows.items():
            problem = write_problem(random.Random(seed), family, parameters, language)
            lines.append(f"{problem.question}\t{problem.answer}")
    return rows


def _write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _json_lines(rows: list[dict]) -> list[str]:
    return [json.dumps(row, ensure_ascii=False) for row in rows]


def write(folder: Path = OUTPUT) -> None:
    samples = Samples(SEED)
    _write(folder / "math500" / "test.jsonl", _json_lines(math500(samples)))
    _write(folder / "gsm8k" / "test.jsonl", _json_lines(gsm8k(samples)))
    _write(folder / "cmath" / "cmath_dev.jsonl", _json_lines(cmath(samples)))
    for language, lines in mgsm(samples).items():
        _write(folder / "mgsm" / f"mgsm_{language}.tsv", lines)


if __name__ == "__main__":
    write()
