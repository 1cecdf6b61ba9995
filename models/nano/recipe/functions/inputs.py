"""Arguments to call the functions with, by the name and the annotation of the parameter."""

import random

WORDS = (
    "apple banana cat dog lemon tree stone river sun moon star table noon level salt sand train road boat milk "
    "rice bread green red blue small tall slow bird lion nut kayak radar ant ten net dot "
    "ox go to us glass radio bus picture kitchen garden"
).split()

EDGES = {"n": [0, 1], "k": [1, 2], "limit": [1, 2], "value": [0, 7, 100]}


def _word(rng: random.Random) -> str:
    word = rng.choice(WORDS)
    kind = rng.random()
    return word.capitalize() if kind < 0.2 else word.upper() if kind < 0.3 else word


def _text(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.35:
        return _word(rng)
    if kind < 0.75:
        return " ".join(_word(rng) for _ in range(rng.randint(2, 4)))
    if kind < 0.9:
        return _word(rng) + str(rng.randint(1, 99))
    return str(rng.randint(1, 9999))


def draw_input(rng: random.Random, name: str, annotation: str, sizes: tuple[int, int] = (3, 6)) -> object:
    """A common argument; `sizes` are the lengths of a list of numbers."""
    if annotation == "List[int]":
        low, high = (-9, 12) if rng.random() < 0.75 else (0, 5)
        return [rng.randint(low, high) for _ in range(rng.randint(*sizes))]
    if annotation == "int":
        if name == "n":
            return rng.randint(1, 12)
        if name == "value":
            return rng.randint(10, 9999)
        return rng.randint(1, 6) if name in ("k", "limit") else rng.randint(-9, 20)
    if annotation == "str":
        return rng.choice("aeiolnrst") if name == "char" else _text(rng)
    if annotation == "List[str]":
        return [_word(rng) for _ in range(rng.randint(2, 5))]
    return {rng.choice(WORDS): rng.randint(-9, 12) for _ in range(rng.randint(2, 4))}


def draw_inputs(rng: random.Random, arguments: tuple | list, sizes: tuple[int, int] = (3, 6)) -> tuple:
    """An argument for each (name, annotation); a character mostly comes from the text before it."""
    values = [draw_input(rng, *argument, sizes) for argument in arguments]
    if len(values) == 2 and arguments[1][0] == "char" and values[0] and rng.random() < 0.75:
        values[1] = rng.choice(values[0].replace(" ", "") or "a")
    return tuple(values)


def edge_inputs(name: str, annotation: str) -> list:
    """Empty, single and zero arguments."""
    return {
        "List[int]": [[], [0], [5], [-4], [2, 2, 2]],
        "int": EDGES.get(name, [0, 1, -1, 100]),
        "str": ["z"] if name == "char" else ["", "a", "Z"],
        "List[str]": [[], ["a"]],
        "Dict[str, int]": [{}, {"a": 0}, {"b": 7}],
    }[annotation]
