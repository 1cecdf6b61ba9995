"""Measures an exported model on the sample questions: letters, load of the experts, names never seen.

    python measure.py FOLDER
"""

import csv
import sys
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer
from torch import Tensor

from export import load_published
from items import Choice
from model import Nano
from prompts import few_shot
from readings import reading_choice, same_word_choice

ROOT = Path(__file__).resolve().parents[3] / "datasets" / "samples"
COLUMNS = {"mmlu": (0, 1), "ceval": (1, 2), "cmmlu": (1, 2)}
SPLITS = {"mmlu": ("test", "_dev", "_test"), "ceval": ("val", "_dev", "_val"), "cmmlu": ("test", "", "")}


def rows(file: Path, subject_set: str) -> list[Choice]:
    question, first = COLUMNS[subject_set]
    with file.open(encoding="utf-8", newline="") as lines:
        return [
            Choice("sample", (), row[question], tuple(row[first : first + 4]), "ABCD".index(row[first + 4]))
            for row in csv.reader(lines)
            if row[question].lower() != "question"
        ]


def subjects(subject_set: str) -> dict[str, tuple[list[Choice], list[Choice]]]:
    """Shots and asked questions of each subject."""
    split, dev, end = SPLITS[subject_set]
    names = sorted(file.stem.removesuffix(end) for file in (ROOT / subject_set / split).glob("*.csv"))
    return {
        name: (
            rows(ROOT / subject_set / "dev" / f"{name}{dev}.csv", subject_set),
            rows(ROOT / subject_set / split / f"{name}{end}.csv", subject_set),
        )
        for name in names
    }


class Scorer:
    def __init__(self, folder: Path):
        self.model: Nano = load_published(folder).eval()
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.loads = [torch.zeros_like(layer.load) for layer in self.model.moe_layers()]

    @torch.no_grad()
    def right(self, subject_set: str, subject: str, shots: list[Choice], asked: list[Choice]) -> list[bool]:
        """Whether the right letter is the likeliest of the four, question by question."""
        space = " " if subject_set == "mmlu" else ""
        letters = [self.tokenizer.encode(space + letter, add_special_tokens=False).ids[0] for letter in "ABCD"]
        answers = []
        for choice in asked:
            prompt = "".join(text for text, _ in few_shot(subject_set, subject, [*shots, choice])[:-2])
            ids = torch.tensor([self.tokenizer.encode(prompt, add_special_tokens=False).ids])
            logits = self.last_logits(ids)
            answers.append(int(logits[letters].argmax()) == choice.answer)
        return answers

    def last_logits(self, ids: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            hidden, _ = self.model(ids)
            logits = self.model.head(hidden[0, -1]).float()
        for total, layer in zip(self.loads, self.model.moe_layers()):
            total += layer.load
        return logits


def main() -> None:
    scorer = Scorer(Path(sys.argv[1]))
    for subject_set in SPLITS:
        answers: list[bool] = []
        for subject, (shots, asked) in subjects(subject_set).items():
            right = scorer.right(subject_set, subject, shots, asked)
            answers += right
            print(f"  {subject_set}/{subject}: {sum(right)} of {len(right)}")
        print(f"{subject_set}: {sum(answers)} of {len(answers)} = {sum(answers) / len(answers):.3f}")
    print("max/mean load by MoE layer:", [round(float(load.max() / load.mean()), 3) for load in scorer.loads])
    for language, subject_set, subject in (("en", "mmlu", "nutrition"), ("zh", "ceval", "sports_science")):
        for kind, draw in (("readings", reading_choice), ("the option that the question repeats", same_word_choice)):
            rng = Random(7)
            drawn = [draw(rng, language, reserved=True) for _ in range(240)]
            groups = [drawn[i : i + 6] for i in range(0, 240, 6)]
            right = [answer for group in groups for answer in scorer.right(subject_set, subject, group[:5], group[5:])]
            print(f"{kind}, unseen names, {language}: {sum(right)} of {len(right)}")


if __name__ == "__main__":
    main()
