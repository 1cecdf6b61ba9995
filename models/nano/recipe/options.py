"""Four options with the right one at a given place."""

import random
from collections.abc import Callable, Iterable, Sequence

# Parameters, question and options; the options are None where the draw does not make a question.
Drawn = tuple[tuple, str, tuple[str, ...] | None]
Family = Callable[[random.Random, int], Drawn]


def ordered(
    rng: random.Random,
    place: int,
    right: int,
    slips: Iterable[int] = (),
    step: int = 1,
    low: int = 1,
    show: Callable[[int], str] = str,
) -> tuple[str, ...] | None:
    """Numbers in increasing order: slips first, then steps away from the right one. None if `low` leaves no room."""
    slips = set(slips)
    below = [slip for slip in slips if low <= slip < right]
    above = [slip for slip in slips if slip > right]
    lesser = _side(rng, place, sorted(below), right, -step, low)
    greater = _side(rng, 3 - place, sorted(above), right, step, low)
    if lesser is None or greater is None:
        return None
    return tuple(map(show, sorted([*lesser, right, *greater])))


def _side(rng: random.Random, count: int, slips: list[int], right: int, step: int, low: int) -> list[int] | None:
    chosen = rng.sample(slips, min(count, len(slips)))
    value = right
    while len(chosen) < count:
        value += step
        if value < low:
            return None
        if value not in chosen:
            chosen.append(value)
    return chosen


def placed(rng: random.Random, place: int, right: str, wrong: Sequence[str]) -> tuple[str, ...] | None:
    """Options in no order, three of the wrong ones drawn at random."""
    pool = [option for option in dict.fromkeys(wrong) if option != right]
    if len(pool) < 3:
        return None
    chosen = rng.sample(pool, 3)
    chosen.insert(place, right)
    return tuple(chosen)


def decimal(value: int, scale: int) -> str:
    """`value / scale` without trailing zeros; `scale` is a power of ten."""
    whole, rest = divmod(value, scale)
    return f"{whole}.{str(scale + rest)[1:].rstrip('0')}" if rest else str(whole)
