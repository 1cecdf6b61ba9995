"""A function before it is rendered: what it says, what it is called, and its body."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Draft:
    """`sentences` are the phrasings of one meaning; `parameters` say the meaning alone, without names or phrasing."""

    parameters: tuple
    names: tuple[str, ...]
    arguments: tuple[tuple[str, str], ...]  # (name, annotation)
    result: str
    sentences: tuple[str, ...]
    body: str


def returning(expression: str) -> str:
    """The body that returns one expression."""
    return f"    return {expression}\n"


def capital(sentence: str) -> str:
    """The sentence with its first letter in upper case, as str.capitalize would lower the rest."""
    return sentence[0].upper() + sentence[1:]
