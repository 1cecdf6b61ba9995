"""Multiple-choice questions: about facts, about a text in the question itself, and computed ones."""

import re
from random import Random

from computed_choice import COMPUTED_SUBJECTS, computed_choice
from facts import Fact, Subject
from items import Choice
from readings import reading_choice
from samples import option_sets, shares_wording


def fact_choice(rng: Random, subject: Subject) -> Choice:
    """One wording of one fact with four options; never the options of a sample question."""
    fact = rng.choice(subject.facts)
    question = rng.choice(fact.questions)
    while True:
        options = [fact.answer, *wrong_answers(rng, fact, subject)]
        if len(set(options)) == 4 and frozenset(options) not in option_sets():
            break
    order(rng, options)
    return Choice("fact", (), question, tuple(options), options.index(fact.answer))


def wrong_answers(rng: Random, fact: Fact, subject: Subject) -> list[str]:
    """Mostly the fact's own; now and then the answer to another question, so that an option by itself tells nothing."""
    wrong = rng.sample(fact.wrong, 3)
    if rng.random() < 0.2:
        other = rng.choice(subject.facts)
        if other.answer not in fact.wrong:
            wrong[0] = other.answer
    return wrong


def order(rng: Random, options: list[str]) -> None:
    """Numbers of one unit in increasing order, as the samples have them; anything else by chance."""
    rng.shuffle(options)
    numbers = [re.fullmatch(r"([\d.,]+)(\D*)", option) for option in options]
    if all(numbers) and len({number[2] for number in numbers}) == 1:
        options.sort(key=lambda option: float(re.match(r"[\d.,]+", option)[0].replace(",", "").rstrip(".") or 0))


def subject_choice(rng: Random, subject: Subject) -> Choice:
    """A question of a subject as its sample file mixes them."""
    computed = COMPUTED_SUBJECTS.get((subject.subject_set, subject.name), ())
    if computed and (not subject.facts or rng.random() < len(computed) / (len(computed) + len(subject.facts))):
        return new_computed_choice(rng, subject)
    return fact_choice(rng, subject)


def new_computed_choice(rng: Random, subject: Subject) -> Choice:
    """A computed question in other words or with other numbers than any sample."""
    while True:
        choice = computed_choice(rng, subject.subject_set, subject.name)
        if not shares_wording(choice.question) and frozenset(choice.options) not in option_sets():
            return choice


__all__ = ["fact_choice", "reading_choice", "subject_choice"]
