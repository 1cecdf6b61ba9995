"""Functions that filter, map and aggregate numbers: those of a list, those from 1 to n, the digits of n."""

import random

from functions.draft import Draft, returning
from functions.number_phrases import (
    EVERY,
    SAME,
    comprehension,
    condition_code,
    condition_phrase,
    draw_condition,
    draw_filter,
    draw_mapping,
    filtered,
    mapped,
    mapping_code,
)

NAMES = {
    "sum": ("sum_numbers", "total", "sum_{}"),
    "product": ("product", "multiply_all", "product_of_{}"),
    "count": ("count_numbers", "how_many", "count_{}"),
    "largest": ("largest", "find_largest", "largest_{}"),
    "smallest": ("smallest", "find_smallest", "smallest_{}"),
    "distinct": ("count_distinct", "count_unique"),
    "list": ("list_numbers", "get_numbers", "list_{}"),
}


def _reduction(rng: random.Random, source: tuple, aggregates: tuple[str, ...], without: tuple[str, ...] = ()) -> Draft:
    """`source` is (argument, annotation, noun, place, line before, iterable)."""
    argument, annotation, noun, place, before, iterable = source
    aggregate = rng.choice(aggregates)
    is_count = aggregate == "count"
    condition = draw_filter(rng, 1.0 if is_count else 0.65, without)
    while noun == "digits" and condition[0] == "greater" and condition[1] > 8:
        condition = draw_filter(rng, 1.0, without)
    mapping = SAME if is_count else draw_mapping(rng, 0.6, ("opposite",) if "negative" in without else ())
    test = None if condition == EVERY else condition_code(condition, "x")
    element = mapping_code(mapping, "x")
    is_plain = test is None and mapping == SAME
    inside = iterable if is_plain else comprehension(element, "x", iterable, test)
    things = mapped(mapping, filtered(condition, noun, place))
    loop = f"    for x in {iterable}:\n"
    multiply = f"result *= {element}\n"
    step = f"        {multiply}" if test is None else f"        if {test}:\n            {multiply}"
    group = inside if is_plain else f"({inside})"
    body, sentences = {
        "sum": (returning(f"sum({inside})"), (f"Return the sum of {things}.", f"Calculate the sum of {things}.")),
        "product": (
            f"    result = 1\n{loop}{step}    return result\n",
            (f"Return the product of {things}.", f"Calculate the product of {things}."),
        ),
        "count": (
            returning(f"sum(1 for x in {iterable} if {test})"),
            (f"Return the number of {things[4:]}.", f"Count {things}."),
        ),
        "largest": (
            returning(f"max({group}, default=None)"),
            (f"Return the largest of {things}, or None if there are none.",),
        ),
        "smallest": (
            returning(f"min({group}, default=None)"),
            (f"Return the smallest of {things}, or None if there are none.",),
        ),
        "distinct": (
            returning(f"len(set({inside}))"),
            (f"Return how many different values there are among {things}.",),
        ),
        "list": (
            returning(f"list({inside})" if is_plain else f"[{inside}]"),
            (f"Return a list of {things}.", f"Make a list of {things}."),
        ),
    }[aggregate]
    word = mapping[0] + "s" if mapping[0] in ("square", "cube") else condition[0]
    names = tuple(name.format(word) for name in NAMES[aggregate] if word != "all" or "{}" not in name)
    result = "List[int]" if aggregate == "list" else "int"
    return Draft(
        (aggregate, *condition, *mapping), names, ((argument, annotation),), result, sentences, before + body
    )


def list_reduction(rng: random.Random) -> Draft:
    numbers = rng.choice(("numbers", "values"))
    source = (numbers, "List[int]", "numbers", f"in {numbers}", "", numbers)
    return _reduction(rng, source, ("sum", "sum", "product", "count", "largest", "smallest", "distinct"))


def range_reduction(rng: random.Random) -> Draft:
    source = ("n", "int", "numbers", "from 1 to n", "", "range(1, n + 1)")
    return _reduction(rng, source, ("sum", "product", "count", "list"), ("positive", "negative"))


def digit_reduction(rng: random.Random) -> Draft:
    before = "    digits = [int(d) for d in str(value)]\n"
    source = ("value", "int", "digits", "in value", before, "digits")
    aggregates = ("sum", "product", "count", "largest", "smallest", "distinct")
    return _reduction(rng, source, aggregates, ("positive", "negative"))


def list_check(rng: random.Random) -> Draft:
    """Whether all, any or none of the numbers satisfy a condition or two."""
    numbers = rng.choice(("numbers", "values"))
    quantity = rng.choice(("all", "any", "none"))
    first, joint, second = draw_condition(rng), "", ("", 0)
    code, phrase = condition_code(first, "x"), condition_phrase(first)
    if rng.random() < 0.5:
        joint = rng.choice(("and", "or"))
        second = draw_condition(rng, beside=first[0])
        code, phrase = f"{code} {joint} {condition_code(second, 'x')}", f"{phrase} {joint} {condition_phrase(second)}"
    call = {"all": "all", "any": "any", "none": "not any"}[quantity]
    subject = {"all": "all numbers in {} are", "any": "any number in {} is", "none": "no number in {} is"}[quantity]
    said = f"{subject.format(numbers)} {phrase}"
    return Draft(
        (quantity, *first, joint, *second),
        (f"{quantity}_{first[0]}", f"check_{quantity}"),
        ((numbers, "List[int]"),),
        "bool",
        (f"Check whether {said}.", f"Return True if {said}, otherwise False."),
        returning(f"{call}({code} for x in {numbers})"),
    )


def argument_reduction(rng: random.Random) -> Draft:
    """A filter or a mapping whose constant is the second argument."""
    numbers, k = rng.choice(("numbers", "values")), rng.choice(("k", "limit"))
    aggregate = rng.choice(("sum", "count", "largest", "smallest", "list", "list"))
    by_filter = aggregate == "count" or rng.random() < 0.6
    if by_filter:
        condition = rng.choice(("greater", "less", "divisible", "different")), 0
        mapping = SAME if aggregate == "count" else draw_mapping(rng, 0.6)
        said = mapped(mapping, filtered(condition, "numbers", f"in {numbers}", k))
        element, test = mapping_code(mapping, "x"), condition_code(condition, "x", k)
    else:
        condition, mapping = draw_filter(rng, 0.7), (rng.choice(("plus", "minus", "times")), 0)
        said = mapped(mapping, filtered(condition, "numbers", f"in {numbers}"), k)
        element, test = mapping_code(mapping, "x", k), None if condition == EVERY else condition_code(condition, "x")
    inside = comprehension(element, "x", numbers, test)
    expression, sentences = {
        "sum": (f"sum({inside})", (f"Return the sum of {said}.", f"Calculate the sum of {said}.")),
        "count": (f"sum(1 for x in {numbers} if {test})", (f"Return the number of {said[4:]}.", f"Count {said}.")),
        "largest": (f"max(({inside}), default=None)", (f"Return the largest of {said}, or None if there are none.",)),
        "smallest": (f"min(({inside}), default=None)", (f"Return the smallest of {said}, or None if there are none.",)),
        "list": (f"[{inside}]", (f"Return a list of {said}.", f"Make a list of {said}.")),
    }[aggregate]
    return Draft(
        ("filter" if by_filter else "mapping", aggregate, *condition, *mapping),
        tuple(name for name in NAMES[aggregate] if "{}" not in name),
        ((numbers, "List[int]"), (k, "int")),
        "List[int]" if aggregate == "list" else "int",
        sentences,
        returning(expression),
    )


FAMILIES = {
    "list reduction": list_reduction,
    "range reduction": range_reduction,
    "digit reduction": digit_reduction,
    "list check": list_check,
    "argument reduction": argument_reduction,
}
