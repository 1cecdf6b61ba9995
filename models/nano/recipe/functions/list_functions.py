"""Functions from lists: filtered and ordered lists, slices, pairs of elements, running totals, dictionaries."""

import random

from functions.draft import Draft, returning
from functions.number_phrases import (
    EVERY,
    SAME,
    comprehension,
    condition_code,
    condition_phrase,
    draw_filter,
    draw_mapping,
    filtered,
    mapped,
    mapping_code,
)

# key: (expression, phrase after a noun)
ORDERS = {
    "given": ("{x}", ""),
    "ascending": ("sorted({x})", " in ascending order"),
    "descending": ("sorted({x}, reverse=True)", " in descending order"),
    "reversed": ("{x}[::-1]", " in reverse order"),
    "distinct": ("sorted(set({x}))", " without duplicates in ascending order"),
}
ORDER_NAMES = {
    "given": ("list_numbers", "get_numbers"),
    "ascending": ("sort_numbers", "sorted_numbers"),
    "descending": ("sort_descending", "largest_first"),
    "reversed": ("reverse_numbers", "reversed_numbers"),
    "distinct": ("unique_numbers", "distinct_numbers"),
}
# key: (slice, phrase, constants)
SLICES = {
    "first": ("[:{k}]", "the first {k} elements", range(2, 5)),
    "last": ("[-{k}:]", "the last {k} elements", range(2, 5)),
    "after": ("[{k}:]", "all but the first {k} elements", range(2, 5)),
    "before": ("[:-{k}]", "all but the last {k} elements", range(2, 5)),
    "every": ("[::{k}]", "every {nth} element", range(2, 5)),
    "all": ("", "the elements", (0,)),
    "element": ("[{i}]", "the {nth} element", range(1, 6)),
    "end": ("[-1]", "the last element", (0,)),
}
ORDINALS = ("", "first", "second", "third", "fourth", "fifth")
PAIRS = {
    "sum": ("x + y", "sums"),
    "product": ("x * y", "products"),
    "difference": ("x - y", "differences"),
    "distance": ("abs(x - y)", "absolute differences"),
    "largest": ("max(x, y)", "maxima"),
    "smallest": ("min(x, y)", "minima"),
}


def list_building(rng: random.Random) -> Draft:
    """A filtered, mapped and ordered list."""
    numbers = rng.choice(("numbers", "values"))
    order = rng.choice(tuple(ORDERS))
    condition, mapping = draw_filter(rng, 0.75), draw_mapping(rng, 0.6)
    while condition == EVERY and mapping == SAME:
        condition, mapping = draw_filter(rng, 0.75), draw_mapping(rng, 0.6)
    test = None if condition == EVERY else condition_code(condition, "x")
    inside = comprehension(mapping_code(mapping, "x"), "x", numbers, test)
    code, phrase = ORDERS[order]
    said = mapped(mapping, filtered(condition, "numbers", f"in {numbers}"))
    said += ("," if phrase and "," in said else "") + phrase
    return Draft(
        (order, *condition, *mapping),
        ORDER_NAMES[order],
        ((numbers, "List[int]"),),
        "List[int]",
        (f"Return a list of {said}.", f"Make a list of {said}."),
        returning(code.format(x=f"[{inside}]")),
    )


def slicing(rng: random.Random) -> Draft:
    """Some elements of an ordered list, or their sum, largest or smallest."""
    numbers = rng.choice(("numbers", "values"))
    order = rng.choice(tuple(ORDERS))
    part = rng.choice([key for key in SLICES if order != "given" or key != "all"])
    is_one = part in ("element", "end")
    aggregate = "list" if is_one or part == "all" else rng.choice(("list", "list", "sum", "largest", "smallest"))
    suffix, phrase, constants = SLICES[part]
    k = rng.choice(constants)
    if part == "all":
        said = f"the elements of {numbers}{ORDERS[order][1]}"
    else:
        said = f"{phrase.format(k=k, nth=ORDINALS[min(k, 5)])} of {numbers}{ORDERS[order][1]}"
    ordered = ORDERS[order][0].format(x=numbers)
    expression = ordered + suffix.format(k=k, i=k - 1)
    call, before = {
        "list": ("{}", ""),
        "sum": ("sum({})", "the sum of "),
        "largest": ("max({})", "the largest of "),
        "smallest": ("min({})", "the smallest of "),
    }[aggregate]
    verb = {"given": "Take", "reversed": "Reverse"}.get(order, "Sort")
    sentences = [f"Return {before}{said}."]
    if verb == "Sort" and order != "distinct" and part != "all":
        what = phrase.format(k=k, nth=ORDINALS[min(k, 5)])
        sentences.append(f"Sort {numbers}{ORDERS[order][1]}, then return {before}{what}.")
    return Draft(
        (aggregate, order, part, k),
        {
            "list": ("get_element", "find_element") if is_one else (*ORDER_NAMES[order], "get_elements"),
            "sum": ("sum_elements", "sum_part"),
            "largest": ("largest_element", "largest_of_part"),
            "smallest": ("smallest_element", "smallest_of_part"),
        }[aggregate],
        ((numbers, "List[int]"),),
        "int" if is_one or aggregate != "list" else "List[int]",
        tuple(sentences),
        returning(call.format(expression)),
    )


def pairing(rng: random.Random) -> Draft:
    """Elements of two lists at the same positions, or neighbours in one list."""
    is_two = rng.random() < 0.5
    numbers = rng.choice(("numbers", "values"))
    pair, aggregate = rng.choice(tuple(PAIRS)), rng.choice(("list", "list", "sum", "largest", "smallest"))
    mapping = draw_mapping(rng, 0.5, ("square", "cube", "absolute", "opposite"))
    code, noun = PAIRS[pair]
    where = "of the elements of a and b at the same positions" if is_two else f"of neighbouring elements of {numbers}"
    iterable = "zip(a, b)" if is_two else f"zip({numbers}, {numbers}[1:])"
    said = mapped(mapping, f"the {noun} {where}")
    inside = comprehension(mapping_code(mapping, code), "x, y", iterable, None)
    expression, sentences = {
        "list": (f"[{inside}]", (f"Return a list of {said}.", f"Make a list of {said}.")),
        "sum": (f"sum({inside})", (f"Return the sum of {said}.", f"Calculate the sum of {said}.")),
        "largest": (f"max(({inside}), default=None)", (f"Return the largest of {said}, or None if there are none.",)),
        "smallest": (f"min(({inside}), default=None)", (f"Return the smallest of {said}, or None if there are none.",)),
    }[aggregate]
    arguments = (("a", "List[int]"), ("b", "List[int]")) if is_two else ((numbers, "List[int]"),)
    ending = "pairs" if is_two else "neighbours"
    return Draft(
        ("two" if is_two else "neighbours", pair, *mapping, aggregate),
        (f"{pair}_{ending}", f"combine_{ending}"),
        arguments,
        "List[int]" if aggregate == "list" else "int",
        sentences,
        returning(expression),
    )


def running(rng: random.Random) -> Draft:
    """The totals so far, in a loop."""
    numbers = rng.choice(("numbers", "values"))
    kind = rng.choice(("sums", "products"))
    condition, mapping = draw_filter(rng, 0.6), draw_mapping(rng, 0.6)
    said = f"the running {kind} of {mapped(mapping, filtered(condition, 'numbers', f'in {numbers}'))}"
    start, operator = ("0", "+=") if kind == "sums" else ("1", "*=")
    lines = [f"total {operator} {mapping_code(mapping, 'x')}", "result.append(total)"]
    indent, test = "        ", ""
    if condition != EVERY:
        indent, test = "            ", f"        if {condition_code(condition, 'x')}:\n"
    loop = f"    for x in {numbers}:\n{test}" + "".join(f"{indent}{line}\n" for line in lines)
    return Draft(
        (kind, *condition, *mapping),
        (f"running_{kind}", "running_totals"),
        ((numbers, "List[int]"),),
        "List[int]",
        (f"Return a list of {said}.", f"Make a list of {said}."),
        f"    result = []\n    total = {start}\n{loop}    return result\n",
    )


def dictionary(rng: random.Random) -> Draft:
    """The keys, the values or the part of a dictionary whose values satisfy a condition."""
    scores = rng.choice(("scores", "prices", "ages"))
    aggregate = rng.choice(("keys", "sorted", "values", "sum", "count", "largest", "dictionary"))
    condition = draw_filter(rng, 1.0 if aggregate in ("keys", "sorted", "count") else 0.75)
    mapping = draw_mapping(rng, 0.5) if aggregate in ("values", "sum", "dictionary", "largest") else SAME
    if aggregate == "dictionary":
        while condition == EVERY and mapping == SAME:
            condition, mapping = draw_filter(rng, 0.75), draw_mapping(rng, 0.5)
    code = None if condition == EVERY else condition_code(condition, "v")
    phrase = "" if condition == EVERY else condition_phrase(condition)
    items, only = f"{scores}.items()", f"{scores}.values()"
    keys = f"the keys of {scores} whose value is {phrase}"
    values = mapped(mapping, f"the values of {scores}" + (f" that are {phrase}" if phrase else ""))
    element = mapping_code(mapping, "v")
    inside = comprehension(element, "v", only, code)
    pairs = comprehension("k", "k, v", items, code)
    entries = f"the entries of {scores}" + (f" whose value is {phrase}" if phrase else "")
    changed = mapped(mapping, "the values") if mapping != SAME else ""
    expression, result, said = {
        "keys": (f"[{pairs}]", "List[str]", f"a list of {keys}"),
        "sorted": (f"sorted([{pairs}])", "List[str]", f"a sorted list of {keys}"),
        "values": (f"[{inside}]", "List[int]", f"a list of {values}"),
        "sum": (f"sum({inside})", "int", f"the sum of {values}"),
        "count": (f"sum(1 for v in {only} if {code})", "int", f"the number of {values[4:]}"),
        "largest": (f"max(({inside}), default=None)", "int", f"the largest of {values}, or None if there are none"),
        "dictionary": (
            "{" + comprehension(f"k: {element}", "k, v", items, code) + "}",
            "Dict[str, int]",
            f"a dictionary of {entries}" + (f" with {changed}" if changed else ""),
        ),
    }[aggregate]
    names = {"sorted": ("sorted_keys", "sort_keys"), "dictionary": (f"filter_{scores}", f"select_{scores}")}
    return Draft(
        (aggregate, *condition, *mapping),
        names.get(aggregate, (f"{aggregate}_of_{scores}", f"get_{aggregate}")),
        ((scores, "Dict[str, int]"),),
        result,
        (f"Return {said}.", f"Given the dictionary {scores}, return {said}."),
        returning(expression),
    )


FAMILIES = {
    "list building": list_building,
    "slicing": slicing,
    "pairing": pairing,
    "running": running,
    "dictionary": dictionary,
}
