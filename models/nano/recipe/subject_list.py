"""The subjects of the sample questions, with their facts where they have some."""

from functools import cache
from random import Random

from computed_choice import COMPUTED_SUBJECTS
from facts import Subject, subjects


@cache
def all_subjects() -> tuple[Subject, ...]:
    known = {(subject.subject_set, subject.name) for subject in subjects()}
    computed = tuple(Subject(*key, ()) for key in COMPUTED_SUBJECTS if key not in known)
    return subjects() + computed


def choose_subject(rng: Random, with_facts: bool) -> Subject:
    return rng.choice(subjects() if with_facts else all_subjects())
