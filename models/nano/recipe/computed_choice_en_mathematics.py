"""Elementary mathematics in English: fractions, shapes, ratios, divisors and equations, and the arithmetic."""

import random
from fractions import Fraction
from math import gcd, lcm

from computed_choice_en_arithmetic import ARITHMETIC
from options import Drawn, Family, decimal, ordered, placed

R = random.Random
_FRACTIONS = sorted({Fraction(n, d) for d in (2, 3, 4, 5, 6, 8, 10) for n in range(1, d)})
_DECIMALS = [f for f in _FRACTIONS if 1000 % f.denominator == 0]
_PRIMES = [7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83]
_COMPOSITES = [9, 15, 21, 25, 27, 33, 35, 39, 45, 49, 51, 55, 57, 63, 65, 69, 75, 77, 81, 85, 87, 91, 93, 95, 99]


def fraction_of_decimal(rng: R, place: int) -> Drawn:
    right = rng.choice(_DECIMALS)
    n, d = right.numerator, right.denominator
    shown = decimal(1000 * n // d, 1000)
    text = rng.choice([f"Which fraction is equal to {shown}?", f"{shown} written as a fraction is"])
    wrong = [f"{d}/{n}", f"{d - n}/{d + n}", f"{n}/{d + n}", *map(str, rng.sample(_FRACTIONS, 3))]
    wrong = [w for w in wrong if Fraction(w) != right]
    return (n, d), text, placed(rng, place, f"{n}/{d}", wrong)


def perimeter(rng: R, place: int) -> Drawn:
    w = rng.randint(2, 9)
    length = w + rng.randint(1, 8)
    right = 2 * (w + length)
    text = rng.choice([
        f"A rectangle is {length} cm long and {w} cm wide. What is its perimeter?",
        f"The sides of a rectangle are {length} cm and {w} cm. What is the perimeter?",
    ])
    slips = [w + length, 2 * length + w, 2 * w + length, w * length]
    return (length, w), text, ordered(rng, place, right, slips, 2, 1, "{} cm".format)


def ratio_split(rng: R, place: int) -> Drawn:
    a, b = rng.sample(range(1, 6), 2)
    if gcd(a, b) > 1:
        return (), "", None
    k = rng.randint(2, 8)
    total, right = k * (a + b), k * b
    thing, one, two = rng.choice([("marbles", "red", "yellow"), ("balls", "green", "white"), ("beads", "black", "red")])
    text = rng.choice([
        f"A box holds {total} {thing}, {one} or {two}. The ratio of {one} to {two} is {a} to {b}. How many are {two}?",
        f"Of {total} {thing}, some are {one} and the rest {two}, in the ratio {a} to {b}. How many {thing} are {two}?",
    ])
    return (total, a, b), text, ordered(rng, place, right, [k * a, total // 2, total // b, right + k], 2)


def common_multiple(rng: R, place: int) -> Drawn:
    a = rng.randint(2, 10)
    b = rng.randint(a + 1, 12)
    right = lcm(a, b)
    text = rng.choice([
        f"What is the least common multiple of {a} and {b}?",
        f"What is the smallest positive number in the times tables of {a} and {b}?",
        f"Which is the smallest number that is a multiple of both {a} and {b}?",
    ])
    slips = [gcd(a, b), a + b, a * b, 2 * right, right // 2, right - a, right + b]
    return (a, b), text, ordered(rng, place, right, slips, a) if right <= 72 else None


def common_divisor(rng: R, place: int) -> Drawn:
    g, (m, n) = rng.randint(2, 12), rng.choice([(1, 2), (2, 3), (1, 3), (3, 4), (2, 5), (3, 5), (1, 4)])
    a, b = g * m, g * n
    text = rng.choice([
        f"What is the greatest common divisor of {a} and {b}?",
        f"What is the largest number that divides {a} and {b} without a remainder?",
    ])
    divisors = [d for d in range(1, g) if g % d == 0]
    return (a, b), text, ordered(rng, place, g, [*divisors, 2 * g, a, b, a * n], 2)


def draw_probability(rng: R, place: int) -> Drawn:
    a, b = rng.randint(2, 9), rng.randint(2, 9)
    one, two = rng.sample(["red", "green", "blue", "white", "black"], 2)
    text = rng.choice([
        f"A bag contains {a} {one} balls and {b} {two} balls. You take one without looking. "
        f"What is the probability of a {one} one?",
        f"There are {a} {one} and {b} {two} cards in a box. What is the probability of drawing a {one} card?",
    ])
    s, right = a + b, Fraction(a, a + b)
    wrong = [f"{b}/{s}", f"{min(a, b)}/{max(a, b)}", f"1/{max(2, a)}", f"1/{s}", f"1/{b + 1}", f"{a}/{s + 1}"]
    wrong = [w for w in wrong if Fraction(w) != right]
    return (a, b), text, placed(rng, place, f"{a}/{s}", wrong) if gcd(a, b) == 1 and a != b else None


def triangle_area(rng: R, place: int) -> Drawn:
    base, height = rng.randint(2, 12), rng.randint(2, 10)
    right = base * height // 2
    text = rng.choice([
        f"A triangle has a base of {base} cm and a height of {height} cm. What is its area?",
        f"What is the area of a triangle with base {base} cm and height {height} cm?",
    ])
    slips = [base * height, base + height, 2 * (base + height), right // 2, right + base, right - 2, right + 2]
    options = ordered(rng, place, right, slips, 3, 1, "{} square centimeters".format)
    return (base, height), text, options if base * height % 2 == 0 else None


def fraction_sum(rng: R, place: int) -> Drawn:
    q, s = rng.choice([(2, 4), (4, 8), (3, 6), (2, 6), (5, 10), (2, 8), (2, 10), (5, 5), (8, 8), (3, 3), (2, 3)])
    p, r = rng.randint(1, q - 1), rng.randint(1, s - 1)
    if rng.random() < 0.5:
        p, q, r, s = r, s, p, q
    right = Fraction(p, q) + Fraction(r, s)
    text = rng.choice([
        f"What is {p}/{q} + {r}/{s}?",
        f"{p}/{q} + {r}/{s} =",
        f"What is the sum of {p}/{q} and {r}/{s}?",
    ])
    wrong = [f"{p + r}/{q + s}", f"{p * r}/{q * s}", f"{p + r}/{q * s}", f"{p + r}/{max(q, s)}", "1/2", "3/4", "5/8"]
    wrong = [w for w in wrong if Fraction(w) != right]
    return (p, q, r, s), text, placed(rng, place, str(right), wrong) if gcd(p, q) == gcd(r, s) == 1 else None


def prime(rng: R, place: int) -> Drawn:
    right = rng.choice(_PRIMES)
    text = rng.choice(["Which of these numbers is prime?", "Which of these is a prime number?", "A prime number is"])
    pool = [c for c in _COMPOSITES if abs(c - right) < 45]
    below, above = [c for c in pool if c < right], [c for c in pool if c > right]
    if len(below) < place or len(above) < 3 - place:
        return (), "", None
    wrong = rng.sample(below, place) + rng.sample(above, 3 - place)
    options = tuple(map(str, sorted([*wrong, right])))
    return tuple(map(int, options)), text, options


def equation(rng: R, place: int) -> Drawn:
    a, x, b = rng.randint(2, 6), rng.randint(2, 9), rng.randint(1, 9)
    sign = rng.choice([1, -1])
    c = a * x + sign * b
    left = f"{a}x {'+' if sign > 0 else '−'} {b}"
    text = rng.choice([f"If {left} = {c}, what is x?", f"What is x if {left} = {c}?", f"Solve {left} = {c}. x ="])
    return (a, sign * b, c), text, ordered(rng, place, x, [c // a, a * x, c - a, x + 1, x - 1]) if c > 0 else None


def pattern(rng: R, place: int) -> Drawn:
    kind, first, add = rng.choice(["double", "add", "double_add", "triple"]), rng.randint(1, 5), rng.randint(2, 9)
    rule = {"double": (2, 0), "add": (1, add), "double_add": (2, 1), "triple": (3, 0)}[kind]
    terms = [first]
    for _ in range(4):
        terms.append(terms[-1] * rule[0] + rule[1])
    shown, right = ", ".join(map(str, terms[:4])), terms[4]
    words = {
        "double": "each number is twice the one before",
        "add": f"each number is {add} more than the one before",
        "double_add": "each number is twice the one before, plus one",
        "triple": "each number is three times the one before",
    }[kind]
    text = rng.choice([
        f"In the pattern {shown}, ... {words}. What comes next?",
        f"The list {shown}, ... follows a rule: {words}. The next number is",
    ])
    slips = [terms[3] + 1, right - 1, right + 1, 2 * terms[3], 2 * terms[3] + 1]
    return (kind, *terms[:4]), text, ordered(rng, place, right, slips)


def width(rng: R, place: int) -> Drawn:
    w = rng.randint(2, 9)
    length = w + rng.randint(1, 8)
    p = 2 * (w + length)
    what = rng.choice(["garden", "room", "field", "yard"])
    text = rng.choice([
        f"The perimeter of a rectangular {what} is {p} m and its length is {length} m. What is its width?",
        f"A rectangular {what} has a perimeter of {p} m. It is {length} m long. How wide is it?",
    ])
    slips = [p - length, p - 2 * length, p // 2, w + 1, w - 1]
    return (p, length), text, ordered(rng, place, w, slips, 1, 1, "{} m".format)


def distance(rng: R, place: int) -> Drawn:
    speed, t1, t2 = rng.randint(2, 9) * 10, rng.randint(2, 4), rng.randint(2, 6)
    d, right = speed * t1, speed * t2
    what = rng.choice(["car", "bus", "train", "truck"])
    text = rng.choice([
        f"At a constant speed a {what} covers {d} km in {t1} hours. How far does it go in {t2} hours?",
        f"A {what} goes {d} km in {t1} hours. How many kilometers does it go in {t2} hours at this speed?",
    ])
    slips = [right - speed, right + speed, d, d + 10 * t2, right + 20]
    return (d, t1, t2), text, ordered(rng, place, right, slips, 20, 1, "{} km".format) if t1 != t2 else None


MATHEMATICS: list[Family] = [
    fraction_of_decimal, perimeter, ratio_split, common_multiple, common_divisor, draw_probability, triangle_area,
    fraction_sum, prime, equation, pattern, width, distance, *ARITHMETIC,
]
