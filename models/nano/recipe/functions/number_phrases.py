"""Conditions on a number and mappings of a number: the phrase and the expression of each."""

import random

# key: (expression, phrase, whether the phrase stands before the noun, constants)
CONDITIONS = {
    "even": ("{x} % 2 == 0", "even", True, ()),
    "odd": ("{x} % 2 == 1", "odd", True, ()),
    "positive": ("{x} > 0", "positive", True, ()),
    "negative": ("{x} < 0", "negative", True, ()),
    "greater": ("{x} > {k}", "greater than {k}", False, range(1, 11)),
    "less": ("{x} < {k}", "less than {k}", False, range(2, 11)),
    "divisible": ("{x} % {k} == 0", "divisible by {k}", False, range(3, 10)),
    "different": ("{x} != {k}", "different from {k}", False, range(0, 6)),
}

OPPOSITES = {"even": "odd", "odd": "even", "positive": "negative", "negative": "positive"}

# key: (expression, phrase for many, phrase for one, constants); {p} is the operand, in brackets where it needs them
MAPPINGS = {
    "same": ("{x}", "{noun}", "{noun}", ()),
    "square": ("{p} * {p}", "the squares of {noun}", "the square of {noun}", ()),
    "cube": ("{p} * {p} * {p}", "the cubes of {noun}", "the cube of {noun}", ()),
    "double": ("{p} * 2", "the doubles of {noun}", "the double of {noun}", ()),
    "absolute": ("abs({x})", "the absolute values of {noun}", "the absolute value of {noun}", ()),
    "opposite": ("-{p}", "the negatives of {noun}", "the negative of {noun}", ()),
    "plus": ("{x} + {k}", "{noun}, each increased by {k}", "{noun} plus {k}", range(1, 11)),
    "minus": ("{x} - {k}", "{noun}, each decreased by {k}", "{noun} minus {k}", range(1, 11)),
    "times": ("{p} * {k}", "{noun}, each multiplied by {k}", "{noun} times {k}", range(3, 11)),
}

Pick = tuple[str, int]  # a key and its constant, 0 where it has none
EVERY: Pick = ("all", 0)
SAME: Pick = ("same", 0)


def draw_pick(rng: random.Random, table: dict, keys: tuple[str, ...] | list[str]) -> Pick:
    """One of the keys with one of its constants; the last entry of a row lists the constants."""
    key = rng.choice(keys)
    constants = table[key][-1]
    return key, rng.choice(constants) if constants else 0


def draw_condition(rng: random.Random, without: tuple[str, ...] = (), beside: str = "") -> Pick:
    """A condition; `beside` another one, neither the same nor its opposite."""
    left_out = {*without, beside, OPPOSITES.get(beside)}
    return draw_pick(rng, CONDITIONS, [key for key in CONDITIONS if key not in left_out])


def draw_filter(rng: random.Random, share: float = 0.7, without: tuple[str, ...] = ()) -> Pick:
    """A condition, or EVERY for no filter at all."""
    return draw_condition(rng, without) if rng.random() < share else EVERY


def draw_mapping(rng: random.Random, share: float = 0.6, without: tuple[str, ...] = ()) -> Pick:
    """A mapping, or SAME."""
    if rng.random() >= share:
        return SAME
    return draw_pick(rng, MAPPINGS, [key for key in MAPPINGS if key != "same" and key not in without])


def condition_code(condition: Pick, x: str, constant: str | None = None) -> str:
    return CONDITIONS[condition[0]][0].format(x=x, k=condition[1] if constant is None else constant)


def condition_phrase(condition: Pick, constant: str | None = None) -> str:
    return CONDITIONS[condition[0]][1].format(k=condition[1] if constant is None else constant)


def mapping_code(mapping: Pick, x: str, constant: str | None = None) -> str:
    is_call = x.startswith(("abs(", "max(", "min(")) and x.endswith(")")
    operand = f"({x})" if " " in x and not is_call else x
    return MAPPINGS[mapping[0]][0].format(x=x, p=operand, k=mapping[1] if constant is None else constant)


def mapped(mapping: Pick, noun: str, constant: str | None = None) -> str:
    """The phrase for the mapped values of many numbers."""
    return MAPPINGS[mapping[0]][1].format(noun=noun, k=mapping[1] if constant is None else constant)


def mapped_one(mapping: Pick, noun: str) -> str:
    """The phrase for the mapped value of one number."""
    return MAPPINGS[mapping[0]][2].format(noun=noun, k=mapping[1])


def filtered(condition: Pick, noun: str, place: str, constant: str | None = None) -> str:
    """ "the even numbers in values", "the numbers greater than 3 in values"."""
    if condition == EVERY:
        return f"the {noun} {place}"
    phrase = condition_phrase(condition, constant)
    return f"the {phrase} {noun} {place}" if CONDITIONS[condition[0]][2] else f"the {noun} {phrase} {place}"


def comprehension(element: str, variable: str, iterable: str, condition: str | None) -> str:
    """The inside of a list comprehension or generator."""
    return f"{element} for {variable} in {iterable}" + (f" if {condition}" if condition else "")
