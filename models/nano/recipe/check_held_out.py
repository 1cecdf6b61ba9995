"""Proves by parameters that no problem or function of the box is in the corpus.

    python check_held_out.py OUT [--only SHARD,..]

Writes the corpus to OUT, as write_corpus.py does, or some of its shards, and draws all samples again. Notes the family and parameters of every
problem and function on the way, and prints one JSON object: how many of each there are, and what they share.
"""

import argparse
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


def write_noting(folder: Path, index: int) -> tuple[str, set[Key]]:
    """Writes one shard of the corpus and returns its SHA-256 and its keys."""
    keys: set[Key] = set()

    def noting(draw):
        def drawn(*arguments):
            item = draw(*arguments)
            keys.add((item.family, item.parameters))
            return item

        return drawn

    drawers = write_corpus.worked_problem, write_corpus.python_task
    write_corpus.worked_problem, write_corpus.python_task = map(noting, drawers)
    sha = write_corpus.write_shard(folder, index)
    write_corpus.worked_problem, write_corpus.python_task = drawers
    return sha, keys


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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default=",".join(map(str, range(write_corpus.SHARDS))))
    options = parser.parse_args()
    out: Path = options.out
    shards = [int(index) for index in options.only.split(",")]
    out.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        hashes, keys = zip(*pool.map(write_noting, [out] * len(shards), shards), strict=True)
    write_corpus.write_sums(out, shards, hashes)
    corpus = set().union(*keys)
    samples = sample_keys()
    shared = sorted(map(str, corpus & samples))
    json.dump({"corpus": len(corpus), "samples": len(samples), "shared": shared}, sys.stdout)


if __name__ == "__main__":
    main()
