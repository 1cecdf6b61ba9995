"""Small Python functions to write, in HumanEval's format, from a grammar of phrases and the code each stands for."""

import hashlib
import inspect
import random
from collections.abc import Callable
from functools import lru_cache

from functions import aggregate_functions, list_functions, number_functions, string_functions
from functions.draft import Draft
from functions.inputs import draw_inputs, edge_inputs
from items import Task, is_reserved

FAMILIES: dict[str, Callable[[random.Random], Draft]] = {
    **number_functions.FAMILIES,
    **aggregate_functions.FAMILIES,
    **list_functions.FAMILIES,
    **string_functions.FAMILIES,
}
_NAMES = tuple(FAMILIES)
TYPING = ("Dict", "List")
HEADER = "from typing import Dict, List\n"
PLAIN = ("[]", "''", "0", "{}")


def python_task(rng: random.Random) -> Task:
    """A task for the corpus, never a reserved one. Its `test` is empty: `build_test` makes one."""
    while True:
        family = rng.choice(_NAMES)
        draft = FAMILIES[family](rng)
        if not is_reserved(family, draft.parameters):
            return _render(rng, family, draft)


def reserved_task(rng: random.Random, family: str | None = None) -> Task:
    """A task for the sample questions: a combination that the corpus leaves out."""
    family = family or rng.choice(_NAMES)
    while True:
        draft = FAMILIES[family](rng)
        if is_reserved(family, draft.parameters):
            return _render(rng, family, draft)


def build_test(task: Task, cases: int = 8) -> str:
    """check(candidate) with calls whose results differ as much as they can, the edges first."""
    rng = random.Random(int.from_bytes(hashlib.sha256(task.prompt.encode()).digest()[:8], "big"))
    function = _function(HEADER + task.prompt + task.canonical_solution, task.entry_point)
    arguments = _arguments(function)
    edges = [edge_inputs(*argument) for argument in arguments]
    inputs = [tuple(choice[i % len(choice)] for choice in edges) for i in range(max(map(len, edges)))]
    pools = [
        _results(function, inputs),
        _results(function, [draw_inputs(rng, arguments, (1, 8)) for _ in range(120)]),
    ]
    calls: dict[str, str] = {}
    for pool, limit in zip(pools, (3, cases)):
        while pool and len(calls) < limit:
            met = list(calls.values())
            call = min(pool, key=lambda each: met.count(pool[each]))
            calls[call] = pool.pop(call)
    lines = [f"    assert candidate({call}) == {result}\n" for call, result in calls.items()]
    return "\n\nMETADATA = {}\n\n\ndef check(candidate):\n" + "".join(lines)


def _results(function: Callable, inputs: list[tuple], longest: int = 80) -> dict[str, str]:
    """Calls and their results as written, without those that raise and those with very long results."""
    results = {}
    for values in inputs:
        try:
            result = repr(function(*values))
        except (ValueError, IndexError, ZeroDivisionError):
            continue
        if len(result) <= longest:
            results[", ".join(map(repr, values))] = result
    return results


def _render(rng: random.Random, family: str, draft: Draft) -> Task:
    name = rng.choice(draft.names)
    listed = ", ".join(f"{argument}: {annotation}" for argument, annotation in draft.arguments)
    signature = f"def {name}({listed}) -> {draft.result}:\n"
    imports = ", ".join(kind for kind in TYPING if f"{kind}[" in signature)
    head = (f"from typing import {imports}\n\n\n" if imports else "") + signature
    examples = _examples(rng, name, draft)
    prompt = f'{head}    """ {rng.choice(draft.sentences)}\n{examples}    """\n'
    return Task(family, draft.parameters, name, prompt, draft.body, "")


def _examples(rng: random.Random, name: str, draft: Draft) -> str:
    """One or two doctests; of a few calls those come first whose result says something."""
    listed = ", ".join(argument for argument, _ in draft.arguments)
    function = _function(f"def candidate({listed}):\n{draft.body}", "candidate")
    examples: dict[str, str] = {}
    for _ in range(8):
        for call, result in _results(function, [draw_inputs(rng, draft.arguments)], 40).items():
            # A doctest shows nothing for None, so it cannot be an example.
            if result != "None" and result not in examples:
                examples[result] = f"    >>> {name}({call})\n    {result}\n"
        if sum(result not in PLAIN for result in examples) == 2:
            break
    shown = sorted(examples, key=lambda result: result in PLAIN)
    return "".join(examples[result] for result in shown[: rng.randint(1, 2)])


@lru_cache(maxsize=8192)
def _function(source: str, name: str) -> Callable:
    scope: dict = {}
    exec(source, scope)  # noqa: S102 - the source is the grammar's own
    return scope[name]


def _arguments(function: Callable) -> list[tuple[str, str]]:
    parameters = inspect.signature(function).parameters.values()
    return [
        (each.name, each.annotation.__name__ if isinstance(each.annotation, type) else str(each.annotation)[7:])
        for each in parameters
    ]
