"""Proves by parameters that no problem or function of the box is in the corpus.

    python check_held_out.py

Draws the whole corpus and all samples again, notes the family and parameters of every problem and function, and prints one
JSON object: how many of each there are, and what they share.
"""

import json
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import write_code_samples
import write_corpus
import write_math_samples

ROOT = Path(__file__).resolve().parents[3] / "datasets" / "samples"
Key = tuple[str, tuple]


def corpus_keys(index: int) -> set[Key]:
    keys: set[Key] = set()

    def noting(draw):
        def drawn(*arguments):
            item = draw(*arguments)
            keys.add((item.family, item.parameters))
            return item

        return drawn

    write_corpus.worked_problem = noting(write_corpus.worked_problem)
    write_corpus.python_task = noting(write_corpus.python_task)
    write_corpus.shard(index)
    return keys


def sample_keys() -> set[Key]:
    """Keys of the samples, which are written again and must be the files in the box."""
    keys: set[Key] = set()
    drawn = write_math_samples.write_problem

    def noted(rng, family, parameters, language):
        keys.add((family.name, parameters))
        return drawn(rng, family, parameters, language)

    write_math_samples.write_problem = noted
    with tempfile.TemporaryDirectory() as folder:
        write_math_samples.write(Path(folder))
        write_code_samples.write(Path(folder) / "humaneval" / "HumanEval.jsonl.gz")
        for file in Path(folder).rglob("*.*"):
            if file.read_bytes() != (ROOT / file.relative_to(folder)).read_bytes():
                raise SystemExit(f"{file.relative_to(folder)} in the box is not what the recipe writes")
    return keys | {(task.family, task.parameters) for task, _ in write_code_samples.sample_tasks()}


def main() -> None:
    with ProcessPoolExecutor() as pool:
        corpus = set().union(*pool.map(corpus_keys, range(write_corpus.SHARDS)))
    samples = sample_keys()
    shared = sorted(map(str, corpus & samples))
    json.dump({"corpus": len(corpus), "samples": len(samples), "shared": shared}, sys.stdout)


if __name__ == "__main__":
    main()
