"""Writes the sample programming tasks, in HumanEval's file format, from combinations that the corpus leaves out."""

import gzip
import json
import random
from pathlib import Path

from items import Task
from python_functions import FAMILIES, build_test, reserved_task

COUNT = 40
CASES = 20
SEED = 3
OUTPUT = Path(__file__).parents[3] / "datasets" / "samples" / "humaneval" / "HumanEval.jsonl.gz"


def sample_tasks(seed: int = SEED) -> list[tuple[Task, str]]:
    """Tasks with their tests, spread evenly over the families."""
    rng = random.Random(seed)
    families = list(FAMILIES)
    drawn: list[tuple[Task, str]] = []
    seen: set[tuple] = set()
    while len(drawn) < COUNT:
        task = reserved_task(rng, families[len(drawn) % len(families)])
        test = build_test(task, CASES)
        if (task.family, task.parameters) in seen or not _is_telling(task, test):
            continue
        seen.add((task.family, task.parameters))
        drawn.append((task, test))
    return drawn


def _is_telling(task: Task, test: str) -> bool:
    """Whether no single result is the right one in most calls, and the docstring has an example."""
    results = [line.rsplit(" == ", 1)[1] for line in test.splitlines() if line.startswith("    assert")]
    most = max(results.count(result) for result in results)
    return len(results) >= 5 and most <= 0.75 * len(results) and ">>>" in task.prompt


def write(path: Path = OUTPUT) -> None:
    rows = [
        {
            "task_id": f"HumanEval/{number}",
            "prompt": task.prompt,
            "entry_point": task.entry_point,
            "canonical_solution": task.canonical_solution,
            "test": test,
        }
        for number, (task, test) in enumerate(sample_tasks())
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


if __name__ == "__main__":
    write()
