"""Draws mathematics problems with worked solutions, in English and Chinese."""

import random

import math_algebra
import math_counting_geometry
import math_money_problems
import math_number_theory
import math_prealgebra
import math_word_problems
from items import Problem, is_reserved
from math_family import Family

FAMILIES: list[Family] = [
    *math_prealgebra.FAMILIES,
    *math_algebra.FAMILIES,
    *math_number_theory.FAMILIES,
    *math_counting_geometry.FAMILIES,
    *math_word_problems.FAMILIES,
    *math_money_problems.FAMILIES,
]


def families_in(language: str) -> list[Family]:
    return [family for family in FAMILIES if language in family.languages]


def draw_parameters(rng: random.Random, family: Family, reserved: bool) -> tuple:
    while True:
        parameters = family.draw(rng)
        if parameters is not None and is_reserved(family.name, parameters) == reserved:
            return parameters


def write_problem(rng: random.Random, family: Family, parameters: tuple, language: str) -> Problem:
    question, steps, answer = family.write(rng, parameters, language)
    last = rf"The answer is $\boxed{{{answer}}}$." if language == "en" else rf"答案是$\boxed{{{answer}}}$。"
    return Problem(family.name, parameters, language, question, "\n".join([*steps, last]), answer)


def worked_problem(rng: random.Random, language: str) -> Problem:
    """A problem for the corpus, never with reserved parameters."""
    family = rng.choice(families_in(language))
    return write_problem(rng, family, draw_parameters(rng, family, reserved=False), language)


def reserved_problem(rng: random.Random, language: str, family: Family | None = None) -> Problem:
    """A problem for the samples, always with reserved parameters."""
    family = family or rng.choice(families_in(language))
    return write_problem(rng, family, draw_parameters(rng, family, reserved=True), language)
