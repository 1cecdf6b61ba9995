"""A family of worked problems, and the arithmetic steps that all families write in the same way."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

Draw = Callable[[random.Random], tuple | None]
Written = tuple[str, list[str], str]
Write = Callable[[random.Random, tuple, str], Written]


@dataclass(frozen=True)
class Family:
    """`draw` gives parameters, or None to be asked again; `write` gives question, steps and answer in a language."""

    name: str
    subject: str
    level: int
    draw: Draw
    write: Write
    languages: tuple[str, ...] = ("en",)
    is_word_problem: bool = False


def pick(rng: random.Random, lang: str, en: list[str], zh: list[str] | None = None) -> str:
    """One of the wordings, at the same place in both languages, so that a seed gives the same problem in both."""
    place = rng.randrange(len(en))
    return en[place] if lang == "en" else (zh or en)[place]


def say(lang: str, en: str, zh: str) -> str:
    return en if lang == "en" else zh


def plus(a: int, b: int) -> str:
    """A chain such as 37 + 58 = 37 + 50 + 8 = 87 + 8 = 95."""
    if b < 10 or b % 10 == 0 or a % 10 == 0 or a < 10:
        return f"{a} + {b} = {a + b}"
    tens, ones = b // 10 * 10, b % 10
    return f"{a} + {b} = {a} + {tens} + {ones} = {a + tens} + {ones} = {a + b}"


def minus(a: int, b: int) -> str:
    """A chain such as 83 - 47 = 83 - 40 - 7 = 43 - 7 = 36."""
    if b < 10 or b % 10 == 0:
        return f"{a} - {b} = {a - b}"
    tens, ones = b // 10 * 10, b % 10
    return f"{a} - {b} = {a} - {tens} - {ones} = {a - tens} - {ones} = {a - b}"


def times(a: int, b: int) -> str:
    """A chain such as 23 x 4 = 20 x 4 + 3 x 4 = 80 + 12 = 92."""
    if (a < 10 or a % 10 == 0) and (b < 10 or b % 10 == 0):
        return rf"{a} \times {b} = {a * b}"
    if a >= 10:
        tens, ones = a // 10 * 10, a % 10
        return rf"{a} \times {b} = {tens} \times {b} + {ones} \times {b} = {tens * b} + {ones * b} = {a * b}"
    tens, ones = b // 10 * 10, b % 10
    return rf"{a} \times {b} = {a} \times {tens} + {a} \times {ones} = {a * tens} + {a * ones} = {a * b}"


def divide(a: int, b: int) -> str:
    """A chain such as 92 / 4 = 80 / 4 + 12 / 4 = 20 + 3 = 23."""
    quotient = a // b
    tens, ones = quotient // 10 * 10, quotient % 10
    if tens == 0 or ones == 0:
        return rf"{a} \div {b} = {quotient}"
    return rf"{a} \div {b} = {tens * b} \div {b} + {ones * b} \div {b} = {tens} + {ones} = {quotient}"


def lowest_terms(a: int, b: int, lang: str) -> tuple[list[str], str]:
    """The step that reduces a/b, and the reduced fraction in LaTeX."""
    common = math.gcd(a, b)
    reduced = rf"\frac{{{a // common}}}{{{b // common}}}"
    if common == 1:
        return [
            say(lang, rf"$\frac{{{a}}}{{{b}}}$ is in lowest terms.", rf"$\frac{{{a}}}{{{b}}}$是最简分数。")
        ], reduced
    step = say(
        lang,
        rf"Divide by ${common}$: ${a} \div {common} = {a // common}$, ${b} \div {common} = {b // common}$, "
        rf"so $\frac{{{a}}}{{{b}}} = {reduced}$.",
        rf"约去${common}$：${a} \div {common} = {a // common}$，${b} \div {common} = {b // common}$，"
        rf"所以$\frac{{{a}}}{{{b}}} = {reduced}$。",
    )
    return [step], reduced


def chain(lang: str, text: str, label: str = "") -> str:
    """A step that is one chain of equations, after a label."""
    if lang == "en":
        return f"{label}: ${text}$." if label else f"${text}$."
    return f"{label}：${text}$。" if label else f"${text}$。"


def power(base: str, exponent: int) -> str:
    return f"{base}^{exponent}" if 0 <= exponent < 10 else f"{base}^{{{exponent}}}"


def quadratic(linear: int, constant: int) -> str:
    """x^2+7x-12, written as in a textbook."""
    middle = {0: "", 1: "+x", -1: "-x"}.get(linear, f"{linear:+d}x")
    return f"x^2{middle}{constant:+d}"
