"""The numbers written in a question, and which of them the sample questions already use."""

import re

from samples import choice_samples

_NUMERAL = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|[0-9A-F]*\d[0-9A-F]*(?:\.\d+)?")


def numerals(text: str) -> tuple[str, ...]:
    """All numbers in the text, sorted as strings; "1,000" reads 1000, "2.00" reads 2 and "1F" is one number."""
    return tuple(sorted(_plain(found.replace(",", "")) for found in _NUMERAL.findall(text)))


def _plain(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


_TAKEN_NUMERALS = {numerals(sample.question) for sample in choice_samples()} - {()}
_TAKEN_OPTIONS = {tuple(sorted(sample.options)) for sample in choice_samples() if not numerals(sample.question)}


def is_taken(question: str, options: tuple[str, ...]) -> bool:
    """Whether a sample question has the same numbers, or, without numbers, the same options."""
    found = numerals(question)
    return found in _TAKEN_NUMERALS if found else tuple(sorted(options)) in _TAKEN_OPTIONS
