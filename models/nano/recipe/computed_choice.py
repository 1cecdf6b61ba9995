"""Computed multiple-choice questions by subject, none with the numbers of a sample question."""

import random

from computed_choice_en_computing import COMPUTER_SCIENCE
from computed_choice_en_mathematics import MATHEMATICS
from computed_choice_en_science import ASTRONOMY, GEOGRAPHY, NUTRITION
from computed_choice_zh_mathematics import ZH_MATHEMATICS
from computed_choice_zh_physics import ZH_PHYSICS
from computed_choice_zh_science import ZH_ASTRONOMY, ZH_BIOLOGY, ZH_GEOGRAPHY, ZH_SPORTS
from items import Choice
from numerals import is_taken
from options import Family

COMPUTED_SUBJECTS: dict[tuple[str, str], list[Family]] = {
    ("mmlu", "elementary_mathematics"): MATHEMATICS,
    ("mmlu", "high_school_computer_science"): COMPUTER_SCIENCE,
    ("mmlu", "high_school_geography"): GEOGRAPHY,
    ("mmlu", "astronomy"): ASTRONOMY,
    ("mmlu", "nutrition"): NUTRITION,
    ("ceval", "high_school_physics"): ZH_PHYSICS,
    ("ceval", "middle_school_geography"): ZH_GEOGRAPHY,
    ("ceval", "middle_school_biology"): ZH_BIOLOGY,
    ("ceval", "sports_science"): ZH_SPORTS,
    ("cmmlu", "elementary_mathematics"): ZH_MATHEMATICS,
    ("cmmlu", "astronomy"): ZH_ASTRONOMY,
}

# Sample questions that a family can also ask with one numeral more or fewer in the wording.
_SAMPLED = {
    ("pattern", ("double_add", 2, 5, 11, 23)),
    ("bags", (50, 5, 2, 50)),
    ("bit_values", (6,)),
    ("boolean", (True, False, "A and (not B)")),
    ("natural_increase", (30, 10)),
    ("energy_sum", (10, 20, 5)),
    ("serving", (400, 25)),
    ("velocity", (2, 3)),
    ("cross", ("双眼皮", 1, 1, "单眼皮")),
    ("series", (10,)),
    ("number_pattern", ("square", 5)),
}


def computed_choice(rng: random.Random, subject_set: str, subject: str) -> Choice:
    """A question of the subject, drawn again until its numbers are new and its options can be built."""
    families = COMPUTED_SUBJECTS[subject_set, subject]
    # The place comes first, so that the right letter is uniform however often a draw is refused.
    place = rng.randrange(4)
    while True:
        family = rng.choice(families)
        parameters, question, options = family(rng, place)
        if options is None or (family.__name__, parameters) in _SAMPLED:
            continue
        if not is_taken(question, options):
            return Choice(f"{subject_set}_{subject}_{family.__name__}", parameters, question, options, place)
