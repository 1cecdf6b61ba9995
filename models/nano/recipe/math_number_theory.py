"""Number theory: divisors, multiples, remainders and digits."""

import math
import random

from math_family import Family, Written, chain, divide, minus, pick, say, times

BOTH = ("en", "zh")


def _gcd(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b = p
    question = pick(
        rng,
        lang,
        [f"What is the greatest common divisor of ${a}$ and ${b}$?", rf"Find $\gcd({a},{b})$."],
        [f"{a}和{b}的最大公因数是多少？", f"求{a}与{b}的最大公因数。"],
    )
    steps = []
    big, small = max(a, b), min(a, b)
    while small:
        steps.append(chain(lang, rf"{big} = {big // small} \times {small} + {big % small}"))
        big, small = small, big % small
    return question, steps, str(big)


def _euclid_length(a: int, b: int) -> int:
    big, small, count = max(a, b), min(a, b), 0
    while small:
        big, small, count = small, big % small, count + 1
    return count


def _draw_gcd(rng: random.Random) -> tuple | None:
    g = rng.randint(2, 12)
    a, b = g * rng.randint(1, 9), g * rng.randint(1, 9)
    return (a, b) if a != b and max(a, b) < 73 and _euclid_length(a, b) < 4 else None


def _lcm(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b = p
    question = pick(
        rng,
        lang,
        [f"What is the least common multiple of ${a}$ and ${b}$?", rf"Find $\text{{lcm}}({a},{b})$."],
        [f"{a}和{b}的最小公倍数是多少？", f"求{a}与{b}的最小公倍数。"],
    )
    big, small, common = max(a, b), min(a, b), math.lcm(a, b)
    multiples = ", ".join(str(big * k) for k in range(1, common // big + 1))
    steps = [
        say(lang, f"Multiples of ${big}$: ${multiples}$.", f"${big}$的倍数：${multiples}$。"),
        say(
            lang,
            f"${small}$ divides ${common}$: ${divide(common, small)}$.",
            f"${small}$能整除${common}$：${divide(common, small)}$。",
        ),
    ]
    return question, steps, str(common)


def _draw_lcm(rng: random.Random) -> tuple | None:
    a, b = rng.randint(2, 24), rng.randint(2, 24)
    return (a, b) if a != b and math.lcm(a, b) < 100 and math.lcm(a, b) // max(a, b) < 7 else None


def _remainder(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b = p
    question = pick(
        rng,
        lang,
        [f"What is the remainder when ${a}$ is divided by ${b}$?", f"Find the remainder of ${a}$ divided by ${b}$."],
        [f"{a}除以{b}的余数是多少？", f"求{a}除以{b}所得的余数。"],
    )
    quotient = a // b
    steps = [chain(lang, times(b, quotient)), chain(lang, minus(a, b * quotient))]
    return question, steps, str(a % b)


def _draw_remainder(rng: random.Random) -> tuple | None:
    b = rng.randint(3, 9)
    a = b * rng.randint(2, 12) + rng.randint(0, b - 1)
    return (a, b) if a < 100 else None


def _units_digit(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b = p
    question = pick(
        rng,
        lang,
        [rf"What is the units digit of ${a} \times {b}$?", rf"Find the last digit of the product ${a} \times {b}$."],
    )
    x, y = a % 10, b % 10
    return question, [rf"Last digits: ${x} \times {y} = {x * y}$."], str(x * y % 10)


def _divisors(rng: random.Random, p: tuple, lang: str) -> Written:
    first, second, m, n = p
    text = rf"{first}^{m} \times {second}^{n}"
    question = pick(
        rng,
        lang,
        [f"How many positive divisors does ${text}$ have?", f"Find the number of positive divisors of ${text}$."],
    )
    steps = [f"${m} + 1 = {m + 1}$ and ${n} + 1 = {n + 1}$.", f"${times(m + 1, n + 1)}$."]
    return question, steps, str((m + 1) * (n + 1))


def _draw_divisors(rng: random.Random) -> tuple:
    first, second = sorted(rng.sample([2, 3, 5, 7], 2))
    return first, second, rng.randint(2, 8), rng.randint(2, 8)


FAMILIES = [
    Family("gcd", "Number Theory", 2, _draw_gcd, _gcd, BOTH),
    Family("lcm", "Number Theory", 2, _draw_lcm, _lcm, BOTH),
    Family("remainder", "Number Theory", 1, _draw_remainder, _remainder, BOTH),
    Family("units digit", "Number Theory", 2, lambda r: (r.randint(12, 99), r.randint(12, 99)), _units_digit),
    Family("divisors", "Number Theory", 4, _draw_divisors, _divisors),
]
