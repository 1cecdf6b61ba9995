"""Functions of one to three whole numbers: steps of arithmetic, combinations, conditions, branches."""

import random

from functions.draft import Draft, capital, returning
from functions.number_phrases import (
    condition_code,
    condition_phrase,
    draw_condition,
    draw_mapping,
    draw_pick,
    mapped,
    mapped_one,
    mapping_code,
)

# key: (expression, strength of its operator, needs a bracketed operand below this strength, phrase, constants)
STEPS = {
    "add": ("{x} + {k}", 1, 1, "add {k} to {noun}", range(1, 13)),
    "subtract": ("{x} - {k}", 1, 1, "subtract {k} from {noun}", range(1, 13)),
    "multiply": ("{x} * {k}", 2, 2, "multiply {noun} by {k}", range(2, 13)),
    "divide": ("{x} // {k}", 2, 2, "divide {noun} by {k} and round down", range(2, 11)),
    "remainder": ("{x} % {k}", 2, 2, "take the remainder of {noun} divided by {k}", range(2, 11)),
    "square": ("{x} ** 2", 3, 4, "square {noun}", ()),
    "absolute": ("abs({x})", 4, 0, "take the absolute value of {noun}", ()),
    "limit": ("min({x}, {k})", 4, 0, "limit {noun} to at most {k}", range(2, 13)),
    "raise": ("max({x}, {k})", 4, 0, "raise {noun} to at least {k}", range(0, 11)),
}

LABELS = (("yes", "no"), ("good", "bad"), ("high", "low"), ("big", "small"), ("hot", "cold"), ("pass", "fail"))


def arithmetic(rng: random.Random) -> Draft:
    """One step or two steps, as in (n + 3) * 4."""
    n = rng.choice(("n", "x", "number"))
    picks = [draw_pick(rng, STEPS, list(STEPS)) for _ in range(1 if rng.random() < 0.25 else 2)]
    expression, strength, phrases = n, 9, []
    for key, k in picks:
        template, own, needed, phrase, _ = STEPS[key]
        operand = f"({expression})" if strength < needed else expression
        expression, strength = template.format(x=operand, k=k), own
        phrases.append(phrase.format(k=k, noun="the result" if phrases else n))
    said = ", then ".join(phrases)
    return Draft(
        tuple(part for pick in picks for part in pick),
        (f"{picks[0][0]}_number", "calculate", "compute"),
        ((n, "int"),),
        "int",
        (capital(said) + ".", capital(said) + " and return it.", f"Given {n}, {said}."),
        returning(expression),
    )


def combination(rng: random.Random) -> Draft:
    """A sum, product, maximum, minimum or difference of two or three numbers."""
    aggregate = rng.choice(("sum", "product", "largest", "smallest", "difference", "distance"))
    is_pair = aggregate in ("difference", "distance")
    names = ("a", "b") if is_pair or rng.random() < 0.5 else ("a", "b", "c")
    mapping = draw_mapping(rng, 0.5, ("plus", "minus", "times", "opposite"))
    values = [mapping_code(mapping, name) for name in names]
    noun = mapped(mapping, "a and b" if len(names) == 2 else "a, b and c")
    is_sum = aggregate in ("sum", "difference")
    if aggregate == "product":
        values = [f"({value})" if " " in value else value for value in values]
    expression, phrase = {
        "sum": (" + ".join(values), f"the sum of {noun}"),
        "product": (" * ".join(values), f"the product of {noun}"),
        "largest": (f"max({', '.join(values)})", f"the largest of {noun}"),
        "smallest": (f"min({', '.join(values)})", f"the smallest of {noun}"),
        "difference": (" - ".join(values), f"the difference between {noun}"),
        "distance": (f"abs({' - '.join(values)})", f"the absolute difference between {noun}"),
    }[aggregate]
    after, k = rng.choice(("same", "more", "less", "times")), 0
    if after != "same":
        k = rng.randint(2, 9)
        if after == "times":
            expression, phrase = f"({expression}) * {k}" if is_sum else f"{expression} * {k}", f"{k} times {phrase}"
        else:
            expression, phrase = f"{expression} {'+' if after == 'more' else '-'} {k}", f"{k} {after} than {phrase}"
    return Draft(
        (aggregate, len(names), mapping[0], after, k),
        {
            "sum": ("add_numbers", "sum_of_numbers"),
            "product": ("multiply_numbers", "product_of_numbers"),
            "largest": ("largest_number", "maximum"),
            "smallest": ("smallest_number", "minimum"),
            "difference": ("difference", "subtract_numbers"),
            "distance": ("absolute_difference", "distance"),
        }[aggregate],
        tuple((name, "int") for name in names),
        "int",
        (f"Return {phrase}.", f"Calculate {phrase}."),
        returning(expression),
    )


def number_check(rng: random.Random) -> Draft:
    """One condition, or two joined by and / or."""
    n = rng.choice(("n", "x", "number"))
    first, joint, second = draw_condition(rng), "", ("", 0)
    code, phrase = condition_code(first, n), condition_phrase(first)
    if rng.random() < 0.7:
        joint = rng.choice(("and", "or"))
        second = draw_condition(rng, beside=first[0])
        code, phrase = f"{code} {joint} {condition_code(second, n)}", f"{phrase} {joint} {condition_phrase(second)}"
    return Draft(
        (*first, joint, *second),
        ("check_number", f"is_{first[0]}") if not joint else ("check_number", "is_valid"),
        ((n, "int"),),
        "bool",
        (f"Check whether {n} is {phrase}.", f"Return True if {n} is {phrase}, otherwise False."),
        returning(code),
    )


def branch(rng: random.Random) -> Draft:
    """One of two results, by a condition."""
    n = rng.choice(("n", "x", "number"))
    condition = draw_condition(rng)
    if rng.random() < 0.3:
        labels = rng.choice(LABELS)
        parameters, result, names = (*condition, *labels), "str", ("label_number", "describe_number")
        codes = phrases = tuple(repr(label) for label in labels)
    else:
        then = draw_mapping(rng, 0.8)
        other = draw_mapping(rng, 0.8)
        while other == then:
            other = draw_mapping(rng, 0.8)
        parameters, result, names = (*condition, *then, *other), "int", ("change_number", "choose_result")
        codes = mapping_code(then, n), mapping_code(other, n)
        phrases = mapped_one(then, n), mapped_one(other, n)
    said = condition_phrase(condition)
    return Draft(
        parameters,
        names,
        ((n, "int"),),
        result,
        (
            f"Return {phrases[0]} if {n} is {said}, otherwise return {phrases[1]}.",
            f"If {n} is {said}, return {phrases[0]}. Otherwise return {phrases[1]}.",
        ),
        f"    if {condition_code(condition, n)}:\n        return {codes[0]}\n    return {codes[1]}\n",
    )


FAMILIES = {
    "arithmetic": arithmetic,
    "combination": combination,
    "number check": number_check,
    "branch": branch,
}
