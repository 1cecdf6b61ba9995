"""Functions of strings: steps, characters, words, checks."""

import random

from functions.draft import Draft, capital, returning
from functions.number_phrases import comprehension, draw_pick

LETTERS = "aeiolnrst"
COUNTS = range(2, 6)
# key: (expression, phrase, constants); steps that end in an operator need brackets before another step
STEPS = {
    "upper": ("{x}.upper()", "convert {noun} to upper case", ()),
    "lower": ("{x}.lower()", "convert {noun} to lower case", ()),
    "swap": ("{x}.swapcase()", "swap the case of {noun}", ()),
    "reverse": ("{x}[::-1]", "reverse {noun}", ()),
    "first": ("{x}[:{k}]", "keep the first {k} characters of {noun}", COUNTS),
    "last": ("{x}[-{k}:]", "keep the last {k} characters of {noun}", COUNTS),
    "after": ("{x}[{k}:]", "drop the first {k} characters of {noun}", COUNTS),
    "before": ("{x}[:-{k}]", "drop the last {k} characters of {noun}", COUNTS),
    "remove": ("{x}.replace({k}, '')", "remove every {k} from {noun}", [repr(c) for c in LETTERS]),
    "replace": ("{x}.replace({k}, '-')", "replace every {k} in {noun} with '-'", [repr(c) for c in LETTERS + " "]),
    "repeat": ("{x} * {k}", "repeat {noun} {k} times", COUNTS),
    "append": ("{x} + {k}", "add {k} to the end of {noun}", ["'!'", "'?'", "'.'", "'s'"]),
}
# key: (expression, plural noun, expression of the opposite, constants)
CHARACTERS = {
    "vowel": ("c.lower() in 'aeiou'", "vowels", "c.lower() not in 'aeiou'", ()),
    "digit": ("c.isdigit()", "digits", "not c.isdigit()", ()),
    "letter": ("c.isalpha()", "letters", "not c.isalpha()", ()),
    "upper": ("c.isupper()", "upper case letters", "not c.isupper()", ()),
    "lower": ("c.islower()", "lower case letters", "not c.islower()", ()),
    "space": ("c == ' '", "spaces", "c != ' '", ()),
    "equal": ("c == {k}", "equal to {k}", "c != {k}", [repr(c) for c in LETTERS]),
    "among": ("c in {k}", "among {k}", "c not in {k}", ["'abc'", "'xyz'", "'lmn'", "'rst'"]),
}
WORD_FILTERS = {
    "all": ("", "", (0,)),
    "longer": ("len(w) > {k}", " longer than {k} letters", range(2, 7)),
    "shorter": ("len(w) < {k}", " shorter than {k} letters", range(3, 8)),
    "length": ("len(w) == {k}", " of exactly {k} letters", range(2, 7)),
    "starts": ("w.startswith({k})", " starting with {k}", [repr(c) for c in "abcdlmst"]),
    "ends": ("w.endswith({k})", " ending with {k}", [repr(c) for c in "deknorst"]),
    "contains": ("{k} in w", " containing {k}", [repr(c) for c in LETTERS]),
}
WORD_MAPPINGS = {
    "same": ("w", "{noun}"),
    "upper": ("w.upper()", "{noun}, each in upper case"),
    "lower": ("w.lower()", "{noun}, each in lower case"),
    "reverse": ("w[::-1]", "{noun}, each reversed"),
    "length": ("len(w)", "the lengths of {noun}"),
    "initial": ("w[0]", "the first letters of {noun}"),
    "final": ("w[-1]", "the last letters of {noun}"),
}
TEXT_CHECKS = {
    "starts": ("{x}.startswith({k})", "starts with {k}", [repr(c) for c in "abclmst"]),
    "ends": ("{x}.endswith({k})", "ends with {k}", [repr(c) for c in "denrst"]),
    "contains": ("{k} in {x}", "contains {k}", [repr(c) for c in LETTERS]),
    "lacks": ("{k} not in {x}", "does not contain {k}", [repr(c) for c in LETTERS]),
    "longer": ("len({x}) > {k}", "is longer than {k} characters", range(3, 9)),
    "shorter": ("len({x}) < {k}", "is shorter than {k} characters", range(4, 10)),
    "palindrome": ("{x} == {x}[::-1]", "is a palindrome", ()),
    "upper": ("{x}.isupper()", "is in upper case", ()),
    "lower": ("{x}.islower()", "is in lower case", ()),
    "digits": ("{x}.isdigit()", "consists of digits", ()),
    "letters": ("{x}.isalpha()", "consists of letters", ()),
}
CLASSES = ("upper", "lower", "digits", "letters")


def _steps(picks: list[tuple], text: str) -> tuple[str, list[str]]:
    """The expression and the phrases of steps, each (key, constant as written)."""
    expression, is_open, phrases = text, False, []
    for key, k in picks:
        template, phrase, _ = STEPS[key]
        operand = f"({expression})" if is_open else expression
        expression, is_open = template.format(x=operand, k=k), key in ("repeat", "append")
        phrases.append(phrase.format(k=k, noun="the result" if phrases else text))
    return expression, phrases


def string_steps(rng: random.Random) -> Draft:
    """One step or two."""
    text = rng.choice(("text", "string"))
    picks = [draw_pick(rng, STEPS, list(STEPS)) for _ in range(1 if rng.random() < 0.3 else 2)]
    while len(picks) == 2 and picks[0][0] == picks[1][0]:
        picks[1] = draw_pick(rng, STEPS, list(STEPS))
    expression, phrases = _steps(picks, text)
    said = ", then ".join(phrases)
    return Draft(
        tuple(part for pick in picks for part in pick),
        (f"{picks[-1][0]}_text", "change_text", "transform"),
        ((text, "str"),),
        "str",
        (capital(said) + ".", capital(said) + " and return it."),
        returning(expression),
    )


def string_argument(rng: random.Random) -> Draft:
    """Steps of which one takes its constant from the second argument."""
    text = rng.choice(("text", "string"))
    key = rng.choice(("first", "last", "after", "before", "repeat", "remove", "replace", "append"))
    argument, annotation = ("k", "int") if STEPS[key][2] is COUNTS else ("char", "str")
    picks = [(key, argument)]
    if rng.random() < 0.85:
        other = draw_pick(rng, STEPS, [name for name in STEPS if name != key])
        picks.insert(rng.randint(0, 1), other)
    parameters = tuple(part for pick in picks for part in pick)
    expression, phrases = _steps(picks, text)
    said = ", then ".join(phrases)
    return Draft(
        parameters,
        (f"{key}_{argument}", "change_text", "transform"),
        ((text, "str"), (argument, annotation)),
        "str",
        (capital(said) + ".", capital(said) + " and return it."),
        returning(expression),
    )


def characters(rng: random.Random) -> Draft:
    """The characters of a text that are, or are not, of a kind."""
    text = rng.choice(("text", "string"))
    key, k = draw_pick(rng, CHARACTERS, list(CHARACTERS))
    code, noun, opposite, _ = CHARACTERS[key]
    is_opposite = rng.random() < 0.5
    aggregate = rng.choice(("count", "string", "string", "list", "distinct"))
    mapping = rng.choice(("same", "upper", "lower", "twice")) if aggregate in ("string", "list") else "same"
    element = {"same": "c", "upper": "c.upper()", "lower": "c.lower()", "twice": "c * 2"}[mapping]
    tail = {"same": "", "upper": ", each in upper case", "lower": ", each in lower case", "twice": ", each twice"}
    noun = noun.format(k=k)
    if is_opposite:
        said = f"the characters in {text} that are not {noun}"
    else:
        said = f"the characters in {text} that are {noun}" if key in ("equal", "among") else f"the {noun} in {text}"
    said += tail[mapping]
    test = (opposite if is_opposite else code).format(k=k)
    inside = comprehension(element, "c", text, test)
    expression, result, sentences = {
        "count": (f"sum(1 for c in {text} if {test})", "int", (f"Return the number of {said[4:]}.", f"Count {said}.")),
        "string": (f"''.join({inside})", "str", (f"Return a string of {said}.", f"Make a string of {said}.")),
        "list": (f"[{inside}]", "List[str]", (f"Return a list of {said}.", f"Make a list of {said}.")),
        "distinct": (f"len(set({inside}))", "int", (f"Return how many different values there are among {said}.",)),
    }[aggregate]
    names = {
        "count": ("count_characters", "count_letters"),
        "string": ("keep_characters", "filter_text"),
        "list": ("list_characters", "get_characters"),
        "distinct": ("count_distinct", "count_unique"),
    }[aggregate]
    return Draft(
        (aggregate, "not" if is_opposite else "", key, k, mapping),
        names,
        ((text, "str"),),
        result,
        sentences,
        returning(expression),
    )


def words(rng: random.Random) -> Draft:
    """The words of a text or of a list, filtered, mapped and aggregated."""
    is_text = rng.random() < 0.5
    source = rng.choice(("text", "sentence") if is_text else ("words", "names"))
    iterable = f"{source}.split()" if is_text else source
    aggregate = rng.choice(("list", "list", "count", "join", "sorted", "longest", "shortest", "sum"))
    key, k = draw_pick(rng, WORD_FILTERS, list(WORD_FILTERS))
    while aggregate == "count" and key == "all":
        key, k = draw_pick(rng, WORD_FILTERS, list(WORD_FILTERS))
    mapping = rng.choice(tuple(WORD_MAPPINGS))
    if aggregate in ("count", "longest", "shortest"):
        mapping = "same"
    elif aggregate == "sum":
        mapping = "length"
    elif aggregate == "join" and mapping == "length":
        mapping = "same"
    code, phrase, _ = WORD_FILTERS[key]
    element, noun = WORD_MAPPINGS[mapping]
    said = noun.format(noun=f"the words in {source}{phrase.format(k=k)}")
    test = code.format(k=k) or None
    inside = comprehension(element, "w", iterable, test)
    kind = "int" if mapping == "length" else "str"
    comma = "," if "," in said else ""
    expression, result, sentences = {
        "list": (f"[{inside}]", f"List[{kind}]", (f"Return a list of {said}.", f"Make a list of {said}.")),
        "count": (
            f"sum(1 for w in {iterable} if {test})",
            "int",
            (f"Return the number of {said[4:]}.", f"Count {said}."),
        ),
        "join": (f"' '.join({inside})", "str", (f"Join {said}{comma} with spaces.",)),
        "sorted": (f"sorted([{inside}])", f"List[{kind}]", (f"Return a sorted list of {said}.",)),
        "longest": (
            f"max(({inside}), key=len, default=None)",
            "str",
            (f"Return the longest of {said}, or None if there are none.",),
        ),
        "shortest": (
            f"min(({inside}), key=len, default=None)",
            "str",
            (f"Return the shortest of {said}, or None if there are none.",),
        ),
        "sum": (f"sum({inside})", "int", (f"Return the sum of {said}.", f"Calculate the sum of {said}.")),
    }[aggregate]
    names = {
        "list": ("list_words", "get_words"),
        "count": ("count_words", "how_many_words"),
        "join": ("join_words", "make_sentence"),
        "sorted": ("sort_words", "sorted_words"),
        "longest": ("longest_word", "find_longest"),
        "shortest": ("shortest_word", "find_shortest"),
        "sum": ("total_length", "sum_lengths"),
    }[aggregate]
    return Draft(
        ("text" if is_text else "list", aggregate, key, k, mapping),
        names,
        ((source, "str" if is_text else "List[str]"),),
        result,
        sentences,
        returning(expression),
    )


def text_check(rng: random.Random) -> Draft:
    """One condition on a text, or two joined by and / or."""
    text = rng.choice(("text", "string"))
    first, joint, second = draw_pick(rng, TEXT_CHECKS, list(TEXT_CHECKS)), "", ("", 0)
    code, phrase = (part.format(x=text, k=first[1]) for part in TEXT_CHECKS[first[0]][:2])
    if rng.random() < 0.7:
        joint = rng.choice(("and", "or"))
        left_out = CLASSES if first[0] in CLASSES else (first[0],)
        others = [key for key in TEXT_CHECKS if key not in left_out]
        second = draw_pick(rng, TEXT_CHECKS, others)
        other, said = (part.format(x=text, k=second[1]) for part in TEXT_CHECKS[second[0]][:2])
        code, phrase = f"{code} {joint} {other}", f"{phrase} {joint} {said}"
    return Draft(
        (*first, joint, *second),
        ("check_text", "is_valid_text") if joint else ("check_text", f"check_{first[0]}"),
        ((text, "str"),),
        "bool",
        (f"Check whether {text} {phrase}.", f"Return True if {text} {phrase}, otherwise False."),
        returning(code),
    )


FAMILIES = {
    "string steps": string_steps,
    "string argument": string_argument,
    "characters": characters,
    "words": words,
    "text check": text_check,
}
